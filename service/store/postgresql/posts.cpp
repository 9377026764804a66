#include "store/columns.hpp"
#include "store/postgresql/operations.hpp"

#include <algorithm>

namespace gateway::store::postgresql {
namespace {

task<maybe_post> first_post(connection& at, const statement& ask) {
    auto found = co_await at.run(ask);
    maybe_post out;
    if (found.next()) out = read_post(found);
    co_return out;
}

} // namespace

/// The key is held to the end of the statement: whoever is about to take it over waits, or was first.
task<bool> begin_post(connection& at, const post_record& record, const std::string& owner) {
    statement begin{
        "WITH held AS (SELECT 1 FROM idempotency_keys WHERE caller = $2 AND key = $16 AND finished = 0 "
        "AND owner = $20 FOR UPDATE) INSERT INTO posts (" POST_COLUMNS
        ", owner) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
        "$16, $17, $18, $19, $20 WHERE $16 = '' OR EXISTS (SELECT 1 FROM held)"};
    bind_post(begin, record);
    begin.text(owner);
    const auto begun = co_await at.run(begin);
    co_return begun.changed() > 0;
}

task<bool> update_post(connection& at, const post_record& record, const std::string& owner) {
    // What a settled row says is TikTok's newer word, or the end of our own part: no later step of ours
    // changes it, however the row looked when that step began.
    statement change{
        "UPDATE posts SET user_id = $1, caller = $2, publish_id = $3, action = $4, kind = $5, "
        "state = CASE state WHEN 'settled' THEN state ELSE $6 END, "
        "status = CASE state WHEN 'settled' THEN status ELSE $7 END, "
        "fail_reason = CASE state WHEN 'settled' THEN fail_reason ELSE $8 END, "
        "settings = $9, file_id = $10, draft = $11, published_as = $12, "
        "post_ids = CASE state WHEN 'settled' THEN post_ids ELSE $13 END, "
        "size_bytes = $14, sha256 = $15, idempotency_key = $16, created_at = $17, "
        "updated_at = $18 WHERE attempt = $19 AND ($6 <> 'begun' OR (state = 'begun' AND owner = $20))"};
    bind_post(change, record);
    change.text(owner);
    const auto changed = co_await at.run(change);
    co_return changed.changed() > 0;
}

/// The note comes first: of two replicas that are told the same at once the second waits here for the first.
task<told_end> tell_post_status(connection& at, const told_status& told) {
    if (!told.event_hash.empty()) {
        statement note{
            "INSERT INTO webhook_notes (event_hash, noted_at) VALUES ($1, $2) "
            "ON CONFLICT DO NOTHING"};
        note.blob(told.event_hash).time(told.told_at);
        const auto noted = co_await at.run(note);
        if (noted.changed() == 0) co_return told_end::told_before;
    }
    statement change{
        "UPDATE posts SET state = $1, status = $2, fail_reason = $3, post_ids = $4, "
        "updated_at = $5 WHERE attempt = $6 AND status = $7 AND post_ids = $8"};
    change.text(name_of(post_state::settled))
        .text(told.status)
        .text(told.fail_reason)
        .text(told.post_ids)
        .time(told.told_at)
        .text(told.attempt)
        .text(told.seen_status)
        .text(told.seen_post_ids);
    const auto changed = co_await at.run(change);
    if (changed.changed() > 0) co_return told_end::written;
    statement unnote{"DELETE FROM webhook_notes WHERE event_hash = $1"};
    unnote.blob(told.event_hash);
    co_await at.run(unnote);
    co_return told_end::row_moved_on;
}

task<maybe_post> find_post(connection& at, const user_id& user, const publish_id& id) {
    statement ask{"SELECT " POST_COLUMNS
                  " FROM posts WHERE publish_id = $1 AND user_id = $2 ORDER BY attempt DESC LIMIT 1"};
    ask.text(id.text()).text(user.text());
    co_return co_await first_post(at, ask);
}

task<maybe_post> find_post_by_id(connection& at, const publish_id& id) {
    statement ask{"SELECT " POST_COLUMNS " FROM posts WHERE publish_id = $1 ORDER BY attempt DESC LIMIT 1"};
    ask.text(id.text());
    co_return co_await first_post(at, ask);
}

task<maybe_post> find_attempt(connection& at, const std::string& attempt) {
    statement ask{"SELECT " POST_COLUMNS " FROM posts WHERE attempt = $1"};
    ask.text(attempt);
    co_return co_await first_post(at, ask);
}

task<maybe_post> find_post_of(connection& at, const idempotency_record& key) {
    statement ask{"SELECT " POST_COLUMNS
                  " FROM posts WHERE caller = $1 AND idempotency_key = $2 "
                  "AND idempotency_key <> '' AND created_at >= $3 ORDER BY attempt DESC LIMIT 1"};
    ask.text(key.caller.text()).text(key.key).time(key.created_at);
    co_return co_await first_post(at, ask);
}

task<std::vector<post_record>> posts_since(connection& at, wall_time since) {
    statement ask{"SELECT " POST_COLUMNS " FROM posts WHERE attempt >= $1 ORDER BY attempt"};
    ask.text(ulid_floor(since)); // attempts are ULIDs: the primary key is the order of time
    auto found = co_await at.run(ask);
    std::vector<post_record> out;
    while (found.next())
        out.push_back(read_post(found));
    co_return out;
}

task<std::vector<post_record>> abandoned_posts(connection& at, const std::string& heir, milliseconds heir_max,
                                               std::uint32_t limit) {
    statement claim{
        "WITH claimed AS (UPDATE posts SET owner = $1 WHERE attempt IN (SELECT attempt FROM posts p "
        "WHERE state = 'begun' AND NOT EXISTS (SELECT 1 FROM store_instances i WHERE i.owner = p.owner "
        "AND i.alive_until > " DATABASE_NOW
        ") ORDER BY attempt LIMIT $2 FOR UPDATE SKIP LOCKED) "
        "RETURNING " POST_COLUMNS
        "), named AS (INSERT INTO store_instances (owner, alive_until) "
        "SELECT $1, " DATABASE_NOW
        " + $3 WHERE EXISTS (SELECT 1 FROM claimed)) "
        "SELECT * FROM claimed ORDER BY attempt"};
    claim.text(heir).number(std::uint64_t{limit}).number(std::int64_t{heir_max.count()});
    auto found = co_await at.run(claim);
    std::vector<post_record> out;
    while (found.next())
        out.push_back(read_post(found));
    co_return out;
}

task<page_of_posts> list_posts(connection& at, const user_id& user, const std::string& cursor,
                               std::uint32_t limit) {
    // Newest first; a cursor is the last attempt shown, and `~` sorts after every ULID.
    statement ask{"SELECT " POST_COLUMNS
                  " FROM posts WHERE user_id = $1 AND attempt < $2 ORDER BY attempt DESC LIMIT $3"};
    ask.text(user.text()).text(cursor.empty() ? "~" : cursor).number(std::uint64_t{limit} + 1);
    auto found = co_await at.run(ask);
    page_of_posts out;
    while (found.next())
        out.rows.push_back(read_post(found));
    if (out.rows.size() > limit) {
        out.rows.pop_back();
        out.next = out.rows.empty() ? cursor : out.rows.back().attempt;
    }
    co_return out;
}

/// The insert waits for another's that is not committed yet; the row it lost against may be gone again when
/// it is read, and then there is a next round.
task<std::string> claim_draft(connection& at, const user_id& user, const publish_id& draft,
                              const std::string& attempt) {
    while (!at.failed()) {
        statement claim{
            "INSERT INTO draft_claims (user_id, draft, attempt) VALUES ($1, $2, $3) "
            "ON CONFLICT DO NOTHING"};
        claim.text(user.text()).text(draft.text()).text(attempt);
        const auto claimed = co_await at.run(claim);
        if (claimed.changed() > 0) co_return attempt;
        statement ask{"SELECT attempt FROM draft_claims WHERE user_id = $1 AND draft = $2"};
        ask.text(user.text()).text(draft.text());
        auto first = co_await at.run(ask);
        if (first.next()) co_return first.next_text();
    }
    co_return attempt;
}

task<done> release_draft(connection& at, const user_id& user, const publish_id& draft,
                         const std::string& attempt) {
    statement release{"DELETE FROM draft_claims WHERE user_id = $1 AND draft = $2 AND attempt = $3"};
    release.text(user.text()).text(draft.text()).text(attempt);
    co_await at.run(release);
    co_return done{};
}

} // namespace gateway::store::postgresql
