#include "store/ledger.hpp"

#include "store/gone_owners.hpp"
#include "store/idempotency_keys.hpp"
#include "store/late_writes.hpp"
#include "store/queries.hpp"

#include <algorithm>

namespace gateway::store {

/// `attempt` is last so that an UPDATE can use it; the columns that TikTok's statuses set are together. A
/// macro, so that it can be concatenated with SQL literals.
#define POST_COLUMNS                                                                                    \
    "user_id, caller, publish_id, action, kind, state, status, fail_reason, settings, file_id, draft, " \
    "published_as, post_ids, size_bytes, sha256, idempotency_key, created_at, updated_at, "             \
    "ended_at, next_look_at, attempt"

auto columns_of(row_of<post_record> auto& of) {
    return columns(of.user, of.caller, of.id, of.action, of.kind, of.state, of.status, of.fail_reason,
                   of.settings, of.file, of.draft, of.published_as, of.post_ids, of.size_bytes, of.sha256,
                   of.idempotency_key, of.created_at, of.updated_at, of.ended_at, of.next_look_at,
                   of.attempt);
}

using found_post = std::optional<post_record>;

namespace {

/// Whether others may wait for this step of ours.
bool is_told(const post_record& record) {
    return record.state == post_state::outcome_unknown || record.ended_at != wall_time{};
}

} // namespace

task<found_post> find_post_of(transaction& at, const idempotency_record& key) {
    statement ask("SELECT " POST_COLUMNS
                  " FROM posts WHERE caller = $1 AND idempotency_key = $2 "
                  "AND idempotency_key <> '' AND created_at >= $3 ORDER BY attempt DESC LIMIT 1",
                  key.caller, key.key, key.created_at);
    return first_of<post_record>(at, std::move(ask));
}

task<void> register_claimant(transaction& at, const std::string& claimant, milliseconds claim_ttl) {
    statement enter("INSERT INTO store_instances (owner, alive_until) VALUES ($1, now_ms() + $2)", claimant,
                    claim_ttl);
    return execute(at, std::move(enter));
}

ledger::ledger(engine& on, late_writes& late) : role(on), late_(late), caches_(!on.replicas()) {}

/// The key's row is locked to the end of the statement, so that a concurrent takeover waits or has come
/// first.
task<result<bool>> ledger::begin(post_record record, deadline until) {
    const post_cache::changing changing(cache_, record.user);
    auto insert = [record = std::move(record)](transaction& at) {
        statement begin(
            "WITH held AS (SELECT 1 FROM idempotency_keys WHERE caller = $2 AND key = $16 AND finished = 0 "
            "AND owner = $22 FOR UPDATE) INSERT INTO posts (" POST_COLUMNS
            ", owner, account) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
            "$16, $17, $18, $19, $20, $21, $22, "
            "coalesce((SELECT open_id FROM connections WHERE user_id = $1), '') WHERE $16 = '' OR EXISTS "
            "(SELECT 1 FROM held)",
            columns_of(record), at.owner());
        return changes_rows(at, std::move(begin));
    };
    co_return co_await run(engine_, unit::writes(), until, std::move(insert));
}

namespace {

/// A settled row has TikTok's newer status or the end of our part, so a later step of ours never changes it.
/// A step without the post made of a draft keeps that column, and a late write never replaces another one.
task<bool> write_step(transaction& at, const post_record& record, bool late) {
    statement update(
        "UPDATE posts SET user_id = $1, caller = $2, publish_id = $3, action = $4, kind = $5, "
        "state = CASE state WHEN 'settled' THEN state ELSE $6 END, "
        "status = CASE state WHEN 'settled' THEN status ELSE $7 END, "
        "fail_reason = CASE state WHEN 'settled' THEN fail_reason ELSE $8 END, "
        "settings = $9, file_id = $10, draft = $11, "
        "published_as = CASE WHEN $12 = '' OR ($23 = 1 AND published_as <> '') THEN published_as "
        "ELSE $12 END, post_ids = CASE state WHEN 'settled' THEN post_ids ELSE $13 END, "
        "size_bytes = $14, sha256 = $15, idempotency_key = $16, created_at = $17, "
        "updated_at = $18, ended_at = CASE state WHEN 'settled' THEN ended_at ELSE $19 END, "
        "next_look_at = CASE state WHEN 'settled' THEN next_look_at ELSE $20 END "
        "WHERE attempt = $21 AND ($6 <> 'begun' OR (state = 'begun' AND owner = $22))",
        columns_of(record), at.owner(), late);
    return changes_rows(at, std::move(update));
}

/// Callers may wait for an end that TikTok does not tell. Who has ended the row before has told its caller of
/// it, or TikTok's status has come first.
task<bool> write_told_step(transaction& at, const post_record& record,
                           const std::optional<outgoing_event>& event, bool late) {
    statement hold("SELECT state FROM posts WHERE attempt = $1 FOR UPDATE", record.attempt);
    const auto seen = co_await first_of<post_state>(at, std::move(hold));
    const bool written = co_await write_step(at, record, late);
    if (written && event && seen == post_state::begun) co_await add_event(at, *event);
    if (written && !record.id.empty()) at.notify(change::of(record.id));
    co_return written;
}

} // namespace

task<result<bool>> ledger::write(const post_record& record, const std::optional<outgoing_event>& event,
                                 bool late, durable when, deadline until) {
    const post_cache::changing changing(cache_, record.user);
    auto how = when == durable::now ? unit::writes() : unit::writes_with_the_next();
    if (!event && !is_told(record)) co_return co_await run(engine_, how, until, &write_step, record, late);
    how.atomic = true;
    // Not const: a constant result<bool> would be returned as the bool that says whether it is good.
    auto done = co_await run(engine_, how, until, &write_told_step, record, event, late);
    if (done && *done) changed(record.id);
    co_return done;
}

task<result<bool>> ledger::update(post_record record, deadline until, durable when,
                                  std::optional<outgoing_event> event) {
    const bool is_end = record.state != post_state::begun;
    auto changed = co_await write(record, event, false, when, until);
    if (!is_end || (changed && *changed)) co_return changed;
    // The row does not exist, but its insert may still become visible.
    if (!changed || engine_.visible_within() > milliseconds{0})
        late_.add([this, record = std::move(record),
                   event = std::move(event)](deadline by) { return write_late(record, event, by); },
                  steady_now());
    if (changed) changed = true;
    co_return changed;
}

/// Nothing was sent for it, so it does not matter what others have made of it meanwhile.
task<result<bool>> ledger::erase(const post_record& record, durable when, deadline until) {
    const post_cache::changing changing(cache_, record.user);
    statement erase("DELETE FROM posts WHERE attempt = $1 AND publish_id = ''", record.attempt);
    const auto how = when == durable::now ? unit::writes() : unit::writes_with_the_next();
    co_return co_await run(engine_, how, until, &changes_rows, std::move(erase));
}

task<void> ledger::forget(post_record record, deadline until, durable when) {
    const auto erased = co_await erase(record, when, until);
    if (erased && (*erased || engine_.visible_within() == milliseconds{0})) co_return;
    // The store is away, or the row's insert may still become visible.
    late_.add([this, record = std::move(record)](deadline by) { return erase(record, durable::now, by); },
              steady_now());
}

/// The webhook's note is inserted first, so that of two replicas with the same webhook the second one waits
/// here.
task<result<update_result>> ledger::apply_status(status_update told, deadline until) {
    const post_cache::changing changing(cache_, told.user);
    auto post = told.post;
    auto apply = [told = std::move(told)](transaction& at) -> task<update_result> {
        if (!told.event_hash.empty()) {
            statement note(
                "INSERT INTO webhook_notes (event_hash, noted_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                blob(told.event_hash), told.told_at);
            const bool is_new = co_await changes_rows(at, std::move(note));
            if (!is_new) co_return update_result::duplicate;
        }
        statement change(
            "UPDATE posts SET state = CASE WHEN $10 = 1 THEN 'outcome_unknown' ELSE 'settled' END, status = "
            "$1, fail_reason = $2, post_ids = $3, "
            "updated_at = $4, ended_at = $8, next_look_at = $9 "
            "WHERE attempt = $5 AND status = $6 AND post_ids = $7 AND ended_at = $11",
            told.status, told.fail_reason, told.post_ids, told.told_at, told.attempt, told.seen_status,
            told.seen_post_ids, told.ended_at, told.next_look_at, told.unconfirmed, told.seen_ended_at);
        const bool changed = co_await changes_rows(at, std::move(change));
        if (changed && told.event) co_await add_event(at, *told.event);
        if (changed && !told.post.empty()) at.notify(change::of(told.post));
        if (changed) co_return update_result::applied;
        statement unnote("DELETE FROM webhook_notes WHERE event_hash = $1", blob(told.event_hash));
        co_await execute(at, std::move(unnote));
        co_return update_result::conflict;
    };
    const auto done = co_await run(engine_, unit::atomic_writes(), until, std::move(apply));
    if (done && *done == update_result::applied) changed(post);
    co_return done;
}

task<result<std::vector<post_record>>> ledger::take_due(std::uint32_t limit, wall_time now, look_times times,
                                                        deadline until) {
    statement take(
        "UPDATE posts SET next_look_at = $1 + CASE WHEN ($1 - updated_at) / 4 < $3 THEN $3 "
        "WHEN ($1 - updated_at) / 4 < CASE WHEN state = 'outcome_unknown' AND ended_at > 0 THEN $7 "
        "WHEN status = 'SEND_TO_USER_INBOX' THEN $5 WHEN status = 'PUBLISH_COMPLETE' THEN $6 ELSE $4 END "
        "THEN ($1 - updated_at) / 4 "
        "WHEN state = 'outcome_unknown' AND ended_at > 0 THEN $7 "
        "WHEN status = 'SEND_TO_USER_INBOX' THEN $5 WHEN status = 'PUBLISH_COMPLETE' THEN $6 ELSE $4 END "
        "WHERE attempt IN (SELECT attempt FROM posts WHERE next_look_at > 0 AND next_look_at <= $1 "
        "ORDER BY next_look_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING " POST_COLUMNS,
        now, limit, times.shortest, times.processing_max, times.draft_max, times.published_max,
        times.unconfirmed_max);
    return run(engine_, unit::writes_with_the_next().as_upkeep(), until, &all_of<post_record>,
               std::move(take));
}

task<result<void>> ledger::put_off_look(post_record seen, wall_time next, deadline until) {
    statement put_off("UPDATE posts SET next_look_at = $1 WHERE attempt = $2 AND next_look_at = $3", next,
                      seen.attempt, seen.next_look_at);
    return run(engine_, unit::writes_with_the_next().as_upkeep(), until, &execute, std::move(put_off));
}

task<result<void>> ledger::stop_looking(post_record seen, deadline until) {
    statement stop(
        "UPDATE posts SET next_look_at = 0 WHERE attempt = $1 AND status = $2 AND post_ids = $3 "
        "AND ended_at = $4",
        seen.attempt, seen.status, seen.post_ids, seen.ended_at);
    return run(engine_, unit::writes_with_the_next().as_upkeep(), until, &execute, std::move(stop));
}

task<result<void>> ledger::announce(change what, deadline until) {
    if (!engine_.replicas()) co_return result<void>{};
    auto tell = [what = std::move(what)](transaction& at) -> task<void> {
        at.notify(what);
        co_return;
    };
    co_return co_await run(engine_, unit::atomic_writes(), until, std::move(tell));
}

task<result<std::optional<wall_time>>> ledger::oldest_open(deadline until) {
    statement ask(
        "SELECT created_at FROM posts WHERE ended_at = 0 AND publish_id <> '' AND state <> 'begun' "
        "AND status NOT IN ('SEND_TO_USER_INBOX', 'PUBLISH_COMPLETE', 'FAILED') AND created_at > $1 "
        "ORDER BY created_at LIMIT 1",
        wall_time{}); // any time: so that the index of these posts is searched
    return run(engine_, unit::reads().as_upkeep(), until, &first_of<wall_time>, std::move(ask));
}

std::optional<shared_post> ledger::find_cached(const user_id& user, const publish_id& id) const {
    if (!caches_ || engine_.state().now == condition::failed) return std::nullopt;
    return cache_.find(user, id);
}

task<result<shared_post>> ledger::find(const user_id& user, const publish_id& id, deadline until) {
    if (auto known = find_cached(user, id)) co_return std::move(*known);
    const auto noted = cache_.now(user);
    statement ask("SELECT " POST_COLUMNS
                  " FROM posts WHERE publish_id = $1 AND user_id = $2 ORDER BY attempt DESC LIMIT 1",
                  id, user);
    auto found = co_await run(engine_, unit::reads(), until, &first_of<post_record>, std::move(ask));
    if (!found) co_return found.error();
    shared_post row = *found ? std::make_shared<const post_record>(std::move(**found)) : nullptr;
    if (caches_) cache_.put(user, id, row, noted);
    co_return row;
}

namespace {

/// A post's state as posts::state_of() tells it; also the text of an index (schema.cpp), so that posts of one
/// state are found without reading the others.
#define TOLD_STATE                                                                                     \
    "CASE WHEN status = '' OR (state = 'outcome_unknown' AND (publish_id = '' OR ended_at > 0)) THEN " \
    "'unconfirmed' "                                                                                   \
    "WHEN status = 'SEND_TO_USER_INBOX' THEN 'in_inbox' WHEN status = 'PUBLISH_COMPLETE' THEN "        \
    "'published' WHEN status = 'FAILED' THEN 'failed' ELSE 'processing' END"

/// Newest first. An attempt sorts by the time at which it was begun, so that both bounds of the time are
/// bounds of the attempt; the cursor is the last one of the page before.
statement select_posts(const user_id& user, const post_filter& which, const std::string& cursor,
                       std::uint64_t limit) {
    std::string before = cursor.empty() ? "~" : cursor; // `~` sorts after every ULID
    if (which.until) before = std::min(before, first_ulid(*which.until));
    const std::string first = which.since ? first_ulid(*which.since) : std::string{};
    if (which.state.empty())
        return statement("SELECT " POST_COLUMNS
                         " FROM posts WHERE user_id = $1 AND attempt < $2 AND attempt >= $3 "
                         "AND (state <> 'settled' OR publish_id <> '') ORDER BY attempt DESC LIMIT $4",
                         user, before, first, limit);
    return statement("SELECT " POST_COLUMNS
                     " FROM posts WHERE user_id = $1 AND attempt < $2 AND attempt >= $3 "
                     "AND (state <> 'settled' OR publish_id <> '') AND (" TOLD_STATE
                     ") = $4 ORDER BY attempt DESC LIMIT $5",
                     user, before, first, which.state, limit);
}

} // namespace

task<result<page_of<post_record>>> ledger::list(user_id user, post_filter which, std::string cursor,
                                                std::uint32_t limit, deadline until) {
    return run(engine_, unit::reads(), until, [=](transaction& at) -> task<page_of<post_record>> {
        auto ask = select_posts(user, which, cursor, std::uint64_t{limit} + 1);
        page_of<post_record> out;
        out.rows = co_await all_of<post_record>(at, std::move(ask));
        if (out.rows.size() > limit) {
            out.rows.pop_back();
            out.next = out.rows.empty() ? cursor : out.rows.back().attempt;
        }
        co_return out;
    });
}

task<result<std::vector<post_record>>> ledger::recent_of_account(user_id user, wall_time since,
                                                                 std::uint32_t limit, deadline until) {
    statement ask("SELECT " POST_COLUMNS
                  " FROM posts WHERE account = (SELECT open_id FROM connections WHERE user_id = $1) "
                  "AND account <> '' AND status <> 'FAILED' AND attempt >= $2 ORDER BY attempt DESC LIMIT $3",
                  user, first_ulid(since), limit);
    return run(engine_, unit::reads(), until, &all_of<post_record>, std::move(ask));
}

task<result<std::uint64_t>> ledger::active_accounts(wall_time since, std::uint32_t limit, deadline until) {
    statement ask(
        "SELECT count(DISTINCT account) FROM (SELECT account FROM posts WHERE attempt >= $1 "
        "AND account <> '' AND status <> 'FAILED' "
        "AND kind IN ('direct_file', 'direct_url', 'direct_photo') LIMIT $2) AS direct",
        first_ulid(since), limit);
    return run(engine_, unit::reads(), until, &number_of, std::move(ask));
}

task<result<found_post>> ledger::find_by_id(publish_id id, deadline until) {
    statement ask("SELECT " POST_COLUMNS " FROM posts WHERE publish_id = $1 ORDER BY attempt DESC LIMIT 1",
                  id);
    return run(engine_, unit::reads(), until, &first_of<post_record>, std::move(ask));
}

task<result<found_post>> ledger::find_attempt(std::string attempt, deadline until) {
    statement ask("SELECT " POST_COLUMNS " FROM posts WHERE attempt = $1", attempt);
    return run(engine_, unit::reads(), until, &first_of<post_record>, std::move(ask));
}

task<result<std::vector<post_record>>> ledger::abandoned(std::uint32_t limit, deadline until) {
    const auto claimant = new_ulid(wall_now());
    const auto claim_ttl = engine_.limits().silent_max;
    return run(engine_, unit::of_settlement(), until, [=](transaction& at) -> task<std::vector<post_record>> {
        const auto gone = co_await gone_owners<std::string>(
            at,
            "SELECT owner, attempt FROM posts WHERE state = 'begun' AND owner >= $1 "
            "ORDER BY owner, attempt LIMIT 1");
        std::vector<post_record> taken;
        for (const auto& owner : gone) {
            statement take(
                "UPDATE posts SET owner = $1 WHERE attempt IN (SELECT attempt FROM posts "
                "WHERE state = 'begun' AND owner = $2 ORDER BY attempt LIMIT $3 FOR UPDATE SKIP LOCKED) "
                "RETURNING " POST_COLUMNS,
                claimant, owner, limit - taken.size());
            auto more = co_await all_of<post_record>(at, std::move(take));
            std::move(more.begin(), more.end(), std::back_inserter(taken));
            if (taken.size() == limit) break;
        }
        if (!taken.empty()) co_await register_claimant(at, claimant, claim_ttl);
        std::sort(taken.begin(), taken.end(), // RETURNING has no order
                  [](const post_record& a, const post_record& b) { return a.attempt < b.attempt; });
        co_return taken;
    });
}

namespace {

constexpr std::size_t swept_at_once = 200; // few, because calls wait meanwhile

struct swept_post {
    std::string attempt;
    user_id user;
    publish_id draft;
};

auto columns_of(row_of<swept_post> auto& of) {
    return columns(of.attempt, of.user, of.draft);
}

/// Rows that another replica is sweeping are left to it.
task<std::vector<swept_post>> sweep_portion(transaction& at, std::string before) {
    statement erase(
        "DELETE FROM posts WHERE attempt IN (SELECT attempt FROM posts WHERE attempt < $1 "
        "AND state <> 'begun' ORDER BY attempt LIMIT $2 FOR UPDATE SKIP LOCKED) "
        "RETURNING attempt, user_id, draft",
        before, swept_at_once);
    auto swept = co_await all_of<swept_post>(at, std::move(erase));
    for (const auto& post : swept) {
        if (post.draft.empty()) continue;
        statement release("DELETE FROM draft_claims WHERE user_id = $1 AND draft = $2 AND attempt = $3",
                          post.user, post.draft, post.attempt);
        co_await execute(at, std::move(release));
    }
    co_return swept;
}

} // namespace

task<result<bool>> ledger::sweep(wall_time before, deadline until) {
    auto how = unit::writes_with_the_next().as_upkeep(); // rows that come back are swept again
    how.atomic = true;
    for (std::size_t found = swept_at_once; found == swept_at_once;) {
        if (until.passed(steady_now())) co_return false;
        auto bound = first_ulid(before);
        const auto swept = co_await run(engine_, how, until, &sweep_portion, std::move(bound));
        if (!swept && swept.error().code() == errc::deadline_exceeded) co_return false;
        if (!swept) co_return swept.error();
        for (const auto& post : *swept)
            const post_cache::changing gone(cache_, post.user);
        found = swept->size();
    }
    co_return true;
}

/// The insert waits for a concurrent one that is not committed; the conflicting row may be deleted before it
/// is read, and then tries again.
task<result<std::string>> ledger::claim_draft(user_id user, publish_id draft, std::string attempt,
                                              deadline until) {
    return run(engine_, unit::writes(), until, [=](transaction& at) -> task<std::string> {
        while (!at.failed()) {
            statement claim(
                "INSERT INTO draft_claims (user_id, draft, attempt) VALUES ($1, $2, $3) "
                "ON CONFLICT DO NOTHING",
                user, draft, attempt);
            const bool claimed = co_await changes_rows(at, std::move(claim));
            if (claimed) break;
            auto first = co_await first_of<std::string>(
                at,
                statement("SELECT attempt FROM draft_claims WHERE user_id = $1 AND draft = $2", user, draft));
            if (first) co_return std::move(*first);
        }
        co_return attempt;
    });
}

task<result<std::optional<std::string>>> ledger::find_draft_claim(user_id user, publish_id draft,
                                                                  deadline until) {
    statement ask("SELECT attempt FROM draft_claims WHERE user_id = $1 AND draft = $2", user, draft);
    return run(engine_, unit::reads(), until, &first_of<std::string>, std::move(ask));
}

task<result<void>> ledger::release_draft(user_id user, publish_id draft, std::string attempt,
                                         deadline until) {
    statement release("DELETE FROM draft_claims WHERE user_id = $1 AND draft = $2 AND attempt = $3", user,
                      draft, attempt);
    return run(engine_, unit::writes(), until, &execute, std::move(release));
}

} // namespace gateway::store
