#include "store/columns.hpp"
#include "store/sqlite/operations.hpp"

namespace gateway::store::sqlite {
namespace {

maybe_post first_post(query& found) {
    if (!found.row()) return std::nullopt;
    return read_post(found);
}

} // namespace

bool begin_post(sqlite_database& at, const post_record& record) {
    if (!record.idempotency_key.empty()) {
        query held{
            at, "SELECT 1 FROM idempotency_keys WHERE caller = ? AND key = ? AND finished = 0 AND owner = ?"};
        if (!held.text(record.caller.text()).text(record.idempotency_key).text(at.instance()).row())
            return false;
    }
    query begun{at, "INSERT INTO posts (" POST_COLUMNS
                    ", owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    bind_post(begun, record).text(at.instance()).run();
    return true;
}

bool update_post(sqlite_database& at, const post_record& record) {
    // What a settled row says is TikTok's newer word, or the end of our own part: no later step of ours
    // changes it, however the row looked when that step began.
    query changed{at,
                  "UPDATE posts SET user_id = ?, caller = ?, publish_id = ?, action = ?, kind = ?, "
                  "state = CASE state WHEN 'settled' THEN state ELSE ? END, "
                  "status = CASE state WHEN 'settled' THEN status ELSE ? END, "
                  "fail_reason = CASE state WHEN 'settled' THEN fail_reason ELSE ? END, "
                  "settings = ?, file_id = ?, draft = ?, published_as = ?, "
                  "post_ids = CASE state WHEN 'settled' THEN post_ids ELSE ? END, "
                  "size_bytes = ?, sha256 = ?, idempotency_key = ?, created_at = ?, updated_at = ? "
                  "WHERE attempt = ? AND (? <> 'begun' OR (state = 'begun' AND owner = ?))"};
    bind_post(changed, record).text(name_of(record.state)).text(at.instance());
    return changed.run() > 0 || record.state != post_state::begun;
}

told_end tell_post_status(sqlite_database& at, const told_status& told) {
    if (!told.event_hash.empty()) {
        query earlier{at, "SELECT 1 FROM webhook_notes WHERE event_hash = ?"};
        if (earlier.blob(told.event_hash).row()) return told_end::told_before;
    }
    query changed{at,
                  "UPDATE posts SET state = ?, status = ?, fail_reason = ?, post_ids = ?, updated_at = ? "
                  "WHERE attempt = ? AND status = ? AND post_ids = ?"};
    changed.text(name_of(post_state::settled))
        .text(told.status)
        .text(told.fail_reason)
        .text(told.post_ids)
        .time(told.told_at)
        .text(told.attempt)
        .text(told.seen_status)
        .text(told.seen_post_ids);
    if (changed.run() == 0) return told_end::row_moved_on;
    if (!told.event_hash.empty())
        query{at, "INSERT INTO webhook_notes (event_hash, noted_at) VALUES (?, ?)"}
            .blob(told.event_hash)
            .time(told.told_at)
            .run();
    return told_end::written;
}

maybe_post find_post(sqlite_database& at, const user_id& user, const publish_id& id) {
    query found{at, "SELECT " POST_COLUMNS
                    " FROM posts WHERE publish_id = ? AND user_id = ? ORDER BY attempt DESC LIMIT 1"};
    found.text(id.text()).text(user.text());
    return first_post(found);
}

maybe_post find_post_by_id(sqlite_database& at, const publish_id& id) {
    query found{at, "SELECT " POST_COLUMNS " FROM posts WHERE publish_id = ? ORDER BY attempt DESC LIMIT 1"};
    found.text(id.text());
    return first_post(found);
}

maybe_post find_attempt(sqlite_database& at, const std::string& attempt) {
    query found{at, "SELECT " POST_COLUMNS " FROM posts WHERE attempt = ?"};
    found.text(attempt);
    return first_post(found);
}

maybe_post find_post_of(sqlite_database& at, const idempotency_record& key) {
    query found{at, "SELECT " POST_COLUMNS
                    " FROM posts WHERE caller = ? AND idempotency_key = ? AND created_at >= ? "
                    "ORDER BY attempt DESC LIMIT 1"};
    found.text(key.caller.text()).text(key.key).time(key.created_at);
    return first_post(found);
}

std::vector<post_record> posts_since(sqlite_database& at, wall_time since) {
    query found{at, "SELECT " POST_COLUMNS " FROM posts WHERE attempt >= ? ORDER BY attempt"};
    found.text(ulid_floor(since)); // attempts are ULIDs: the primary key is the order of time
    std::vector<post_record> out;
    while (found.row())
        out.push_back(read_post(found));
    return out;
}

std::vector<post_record> abandoned_posts(sqlite_database& at, std::uint32_t limit) {
    query found{at, "SELECT " POST_COLUMNS
                    " FROM posts WHERE state = 'begun' AND owner <> ? ORDER BY attempt LIMIT ?"};
    found.text(at.instance()).number(std::uint64_t{limit});
    std::vector<post_record> out;
    while (found.row())
        out.push_back(read_post(found));
    return out;
}

page_of<post_record> list_posts(sqlite_database& at, const user_id& user, const std::string& cursor,
                                std::uint32_t limit) {
    // Newest first; a cursor is the last attempt shown, and `~` sorts after every ULID.
    query found{at, "SELECT " POST_COLUMNS
                    " FROM posts WHERE user_id = ? AND attempt < ? ORDER BY attempt DESC LIMIT ?"};
    found.text(user.text()).text(cursor.empty() ? "~" : cursor).number(std::uint64_t{limit} + 1);
    page_of<post_record> out;
    while (found.row())
        out.rows.push_back(read_post(found));
    if (out.rows.size() > limit) {
        out.rows.pop_back();
        out.next = out.rows.empty() ? cursor : out.rows.back().attempt;
    }
    return out;
}

std::string claim_draft(sqlite_database& at, const user_id& user, const publish_id& draft,
                        const std::string& attempt) {
    query{at, "INSERT OR IGNORE INTO draft_claims (user_id, draft, attempt) VALUES (?, ?, ?)"}
        .text(user.text())
        .text(draft.text())
        .text(attempt)
        .run();
    query first{at, "SELECT attempt FROM draft_claims WHERE user_id = ? AND draft = ?"};
    return first.text(user.text()).text(draft.text()).row() ? first.next_text() : attempt;
}

void release_draft(sqlite_database& at, const user_id& user, const publish_id& draft,
                   const std::string& attempt) {
    query{at, "DELETE FROM draft_claims WHERE user_id = ? AND draft = ? AND attempt = ?"}
        .text(user.text())
        .text(draft.text())
        .text(attempt)
        .run();
}

} // namespace gateway::store::sqlite
