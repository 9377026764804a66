#include "store/ledger.hpp"

#include "store/engine.hpp"
#include "store/idempotency_keys.hpp"
#include "store/late_writes.hpp"

#include <algorithm>
#include <utility>

namespace gateway::store {
namespace {

using found_post = std::optional<post_record>;

/// `attempt` is last so that an UPDATE can use it; the columns that TikTok's statuses set are together. A
/// macro, so that it can be concatenated with SQL literals.
#define POST_COLUMNS                                                                                    \
    "user_id, caller, publish_id, action, kind, state, status, fail_reason, settings, file_id, draft, " \
    "published_as, post_ids, size_bytes, sha256, idempotency_key, created_at, updated_at, attempt"

post_state post_state_named(std::string_view name) {
    for (const auto state : {post_state::begun, post_state::settled})
        if (name == name_of(state)) return state;
    return post_state::outcome_unknown; // an unknown name gives the safest value
}

post_record read_post(rows& found) {
    post_record out;
    out.user = user_id::trusted(found.next_text());
    out.caller = caller_name::trusted(found.next_text());
    out.id = publish_id::trusted(found.next_text());
    out.action = found.next_text();
    out.kind = found.next_text();
    out.state = post_state_named(found.next_text());
    out.status = found.next_text();
    out.fail_reason = found.next_text();
    out.settings = found.next_text();
    out.file = found.next_text();
    out.draft = publish_id::trusted(found.next_text());
    out.published_as = publish_id::trusted(found.next_text());
    out.post_ids = found.next_text();
    out.size_bytes = found.next_count();
    out.sha256 = found.next_text();
    out.idempotency_key = found.next_text();
    out.created_at = found.next_time();
    out.updated_at = found.next_time();
    out.attempt = found.next_text();
    return out;
}

/// $1 to $19.
void bind_post(statement& into, const post_record& record) {
    into.text(record.user.text())
        .text(record.caller.text())
        .text(record.id.text())
        .text(record.action)
        .text(record.kind)
        .text(name_of(record.state))
        .text(record.status)
        .text(record.fail_reason)
        .text(record.settings)
        .text(record.file)
        .text(record.draft.text())
        .text(record.published_as.text())
        .text(record.post_ids)
        .number(record.size_bytes)
        .text(record.sha256)
        .text(record.idempotency_key)
        .time(record.created_at)
        .time(record.updated_at)
        .text(record.attempt);
}

task<std::vector<post_record>> read_posts(transaction& at, const statement& ask) {
    auto found = co_await at.run(ask);
    std::vector<post_record> out;
    while (found.next())
        out.push_back(read_post(found));
    co_return out;
}

task<found_post> first_post(transaction& at, const statement& ask) {
    auto found = co_await at.run(ask);
    found_post out;
    if (found.next()) out = read_post(found);
    co_return out;
}

/// The key's row is locked to the end of the statement, so that a concurrent takeover waits or has come
/// first.
task<bool> begin_post(transaction& at, const post_record& record) {
    statement begin{
        "WITH held AS (SELECT 1 FROM idempotency_keys WHERE caller = $2 AND key = $16 AND finished = 0 "
        "AND owner = $20 FOR UPDATE) INSERT INTO posts (" POST_COLUMNS
        ", owner) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
        "$16, $17, $18, $19, $20 WHERE $16 = '' OR EXISTS (SELECT 1 FROM held)"};
    bind_post(begin, record);
    begin.text(at.owner());
    const auto begun = co_await at.run(begin);
    co_return begun.changed() > 0;
}

/// A settled row has TikTok's newer status or the end of our part, so a later step of ours never changes it.
/// A step without the post made of a draft keeps that column, and a late write never replaces another one.
task<bool> update_post(transaction& at, const post_record& record, bool late) {
    statement change{
        "UPDATE posts SET user_id = $1, caller = $2, publish_id = $3, action = $4, kind = $5, "
        "state = CASE state WHEN 'settled' THEN state ELSE $6 END, "
        "status = CASE state WHEN 'settled' THEN status ELSE $7 END, "
        "fail_reason = CASE state WHEN 'settled' THEN fail_reason ELSE $8 END, "
        "settings = $9, file_id = $10, draft = $11, "
        "published_as = CASE WHEN $12 = '' OR ($21 = 1 AND published_as <> '') THEN published_as ELSE $12 "
        "END, "
        "post_ids = CASE state WHEN 'settled' THEN post_ids ELSE $13 END, "
        "size_bytes = $14, sha256 = $15, idempotency_key = $16, created_at = $17, "
        "updated_at = $18 WHERE attempt = $19 AND ($6 <> 'begun' OR (state = 'begun' AND owner = $20))"};
    bind_post(change, record);
    change.text(at.owner()).number(std::int64_t{late});
    const auto changed = co_await at.run(change);
    co_return changed.changed() > 0;
}

/// The webhook's note is inserted first, so that of two replicas with the same webhook the second one waits
/// here.
task<update_result> apply_update(transaction& at, const status_update& told) {
    if (!told.event_hash.empty()) {
        statement note{
            "INSERT INTO webhook_notes (event_hash, noted_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"};
        note.blob(told.event_hash).time(told.told_at);
        const auto noted = co_await at.run(note);
        if (noted.changed() == 0) co_return update_result::duplicate;
    }
    statement change{
        "UPDATE posts SET state = 'settled', status = $1, fail_reason = $2, post_ids = $3, "
        "updated_at = $4 WHERE attempt = $5 AND status = $6 AND post_ids = $7"};
    change.text(told.status)
        .text(told.fail_reason)
        .text(told.post_ids)
        .time(told.told_at)
        .text(told.attempt)
        .text(told.seen_status)
        .text(told.seen_post_ids);
    const auto changed = co_await at.run(change);
    if (changed.changed() > 0) co_return update_result::applied;
    statement unnote{"DELETE FROM webhook_notes WHERE event_hash = $1"};
    unnote.blob(told.event_hash);
    co_await at.run(unnote);
    co_return update_result::conflict;
}

task<found_post> find_post(transaction& at, const user_id& user, const publish_id& id) {
    statement ask{"SELECT " POST_COLUMNS
                  " FROM posts WHERE publish_id = $1 AND user_id = $2 ORDER BY attempt DESC LIMIT 1"};
    ask.text(id.text()).text(user.text());
    co_return co_await first_post(at, ask);
}

task<found_post> find_post_by_id(transaction& at, const publish_id& id) {
    statement ask{"SELECT " POST_COLUMNS " FROM posts WHERE publish_id = $1 ORDER BY attempt DESC LIMIT 1"};
    ask.text(id.text());
    co_return co_await first_post(at, ask);
}

task<found_post> find_post_named(transaction& at, const std::string& attempt) {
    statement ask{"SELECT " POST_COLUMNS " FROM posts WHERE attempt = $1"};
    ask.text(attempt);
    co_return co_await first_post(at, ask);
}

task<std::vector<post_record>> posts_since(transaction& at, wall_time since) {
    statement ask{"SELECT " POST_COLUMNS " FROM posts WHERE attempt >= $1 ORDER BY attempt"};
    ask.text(ulid_floor(since)); // attempts are ULIDs, so the primary key is in the order of time
    co_return co_await read_posts(at, ask);
}

task<page_of<post_record>> list_posts(transaction& at, const user_id& user, const std::string& cursor,
                                      std::uint32_t limit) {
    // Newest first; the cursor is the last attempt of the page before, and `~` sorts after every ULID.
    statement ask{"SELECT " POST_COLUMNS
                  " FROM posts WHERE user_id = $1 AND attempt < $2 ORDER BY attempt DESC LIMIT $3"};
    ask.text(user.text()).text(cursor.empty() ? "~" : cursor).number(std::uint64_t{limit} + 1);
    page_of<post_record> out;
    out.rows = co_await read_posts(at, ask);
    if (out.rows.size() > limit) {
        out.rows.pop_back();
        out.next = out.rows.empty() ? cursor : out.rows.back().attempt;
    }
    co_return out;
}

task<std::vector<post_record>> abandoned_posts(transaction& at, const std::string& claimant,
                                               milliseconds claim_ttl, std::uint32_t limit) {
    statement take{
        "UPDATE posts SET owner = $1 WHERE attempt IN (SELECT attempt FROM posts p "
        "WHERE state = 'begun' AND NOT EXISTS (SELECT 1 FROM store_instances i WHERE i.owner = p.owner "
        "AND i.alive_until > now_ms()) ORDER BY attempt LIMIT $2 FOR UPDATE SKIP LOCKED) "
        "RETURNING " POST_COLUMNS};
    take.text(claimant).number(std::uint64_t{limit});
    auto taken = co_await read_posts(at, take);
    if (!taken.empty()) co_await register_claimant(at, claimant, claim_ttl);
    std::sort(taken.begin(), taken.end(), // RETURNING has no order
              [](const post_record& a, const post_record& b) { return a.attempt < b.attempt; });
    co_return taken;
}

/// The insert waits for a concurrent one that is not committed; the conflicting row may be deleted before it
/// is read, and then tries again.
task<std::string> claim_draft_for(transaction& at, const user_id& user, const publish_id& draft,
                                  const std::string& attempt) {
    while (!at.failed()) {
        statement claim{
            "INSERT INTO draft_claims (user_id, draft, attempt) VALUES ($1, $2, $3) "
            "ON CONFLICT DO NOTHING"};
        claim.text(user.text()).text(draft.text()).text(attempt);
        const auto claimed = co_await at.run(claim);
        if (claimed.changed() > 0) break;
        statement ask{"SELECT attempt FROM draft_claims WHERE user_id = $1 AND draft = $2"};
        ask.text(user.text()).text(draft.text());
        auto first = co_await at.run(ask);
        if (first.next()) co_return first.next_text();
    }
    co_return attempt;
}

task<void> release_draft_of(transaction& at, const user_id& user, const publish_id& draft,
                            const std::string& attempt) {
    statement release{"DELETE FROM draft_claims WHERE user_id = $1 AND draft = $2 AND attempt = $3"};
    release.text(user.text()).text(draft.text()).text(attempt);
    co_await at.run(release);
}

} // namespace

std::string_view name_of(post_state state) {
    switch (state) {
        case post_state::begun:
            return "begun";
        case post_state::settled:
            return "settled";
        case post_state::outcome_unknown:
            return "outcome_unknown";
    }
    return "outcome_unknown";
}

task<found_post> find_post_of(transaction& at, const idempotency_record& key) {
    statement ask{"SELECT " POST_COLUMNS
                  " FROM posts WHERE caller = $1 AND idempotency_key = $2 "
                  "AND idempotency_key <> '' AND created_at >= $3 ORDER BY attempt DESC LIMIT 1"};
    ask.text(key.caller.text()).text(key.key).time(key.created_at);
    co_return co_await first_post(at, ask);
}

task<void> register_claimant(transaction& at, const std::string& claimant, milliseconds claim_ttl) {
    statement enter{"INSERT INTO store_instances (owner, alive_until) VALUES ($1, now_ms() + $2)"};
    enter.text(claimant).length(claim_ttl);
    co_await at.run(enter);
}

ledger::ledger(engine& on, late_writes& late)
    : engine_(on), late_(late), caches_(!on.replicas() && on.visible_within() == milliseconds{0}) {}

task<result<bool>> ledger::begin(post_record record, deadline until) {
    const post_cache::changing changing(cache_, record.user);
    co_return co_await run(engine_, unit::writes(), until, &begin_post, std::move(record));
}

task<result<bool>> ledger::write(const post_record& record, bool late, durable when, deadline until) {
    const post_cache::changing changing(cache_, record.user);
    const auto how = when == durable::now ? unit::writes() : unit::writes_with_the_next();
    co_return co_await run(engine_, how, until, &update_post, record, late);
}

task<result<bool>> ledger::write_late(const post_record& record, deadline until) {
    return write(record, true, durable::now, until);
}

task<result<bool>> ledger::update(post_record record, deadline until, durable when) {
    const bool is_end = record.state != post_state::begun;
    auto changed = co_await write(record, false, when, until);
    if (!is_end || (changed && *changed)) co_return changed;
    // The row does not exist, but its insert may still become visible.
    if (!changed || engine_.visible_within() > milliseconds{0})
        late_.update_post(std::move(record), steady_now());
    if (changed) changed = true;
    co_return changed;
}

task<result<update_result>> ledger::apply_status(status_update told, deadline until) {
    const post_cache::changing changing(cache_, told.user);
    co_return co_await run(engine_, unit::atomic_writes(), until, &apply_update, std::move(told));
}

std::optional<shared_post> ledger::find_cached(const user_id& user, const publish_id& id) const {
    if (!caches_ || engine_.state().now == condition::failed) return std::nullopt;
    return cache_.find(user, id);
}

task<result<shared_post>> ledger::find(const user_id& user, const publish_id& id, deadline until) {
    if (auto known = find_cached(user, id)) co_return std::move(*known);
    const auto noted = cache_.now(user);
    auto found = co_await run(engine_, unit::reads(), until, &find_post, user, id);
    if (!found) co_return found.error();
    auto row = shared(std::move(*found));
    if (caches_) cache_.put(user, id, row, noted);
    co_return row;
}

task<result<page_of<post_record>>> ledger::list(user_id user, std::string cursor, std::uint32_t limit,
                                                deadline until) {
    return run(engine_, unit::reads(), until, &list_posts, std::move(user), std::move(cursor), limit);
}

task<result<found_post>> ledger::find_by_id(publish_id id, deadline until) {
    return run(engine_, unit::reads(), until, &find_post_by_id, std::move(id));
}

task<result<found_post>> ledger::find_attempt(std::string attempt, deadline until) {
    return run(engine_, unit::reads(), until, &find_post_named, std::move(attempt));
}

task<result<std::vector<post_record>>> ledger::since(wall_time since, deadline until) {
    return run(engine_, unit::reads(), until, &posts_since, since);
}

task<result<std::vector<post_record>>> ledger::abandoned(std::uint32_t limit, deadline until) {
    return run(engine_, unit::of_settlement(), until, &abandoned_posts, new_ulid(wall_now()),
               engine_.limits().silent_max, limit);
}

task<result<std::string>> ledger::claim_draft(user_id user, publish_id draft, std::string attempt,
                                              deadline until) {
    return run(engine_, unit::writes(), until, &claim_draft_for, std::move(user), std::move(draft),
               std::move(attempt));
}

task<result<void>> ledger::release_draft(user_id user, publish_id draft, std::string attempt,
                                         deadline until) {
    return run(engine_, unit::writes(), until, &release_draft_of, std::move(user), std::move(draft),
               std::move(attempt));
}

} // namespace gateway::store
