#include "store/columns.hpp"
#include "store/sqlite/operations.hpp"

namespace gateway::store::sqlite {
namespace {

std::optional<idempotency_record> find_key(sqlite_database& at, const caller_name& caller,
                                           const std::string& key, wall_time now) {
    query found{
        at, "SELECT " KEY_COLUMNS " FROM idempotency_keys WHERE caller = ? AND key = ? AND expires_at > ?"};
    if (!found.text(caller.text()).text(key).time(now).row()) return std::nullopt;
    return read_key(found);
}

} // namespace

std::optional<idempotency_record> claim_key(sqlite_database& at, const idempotency_record& record,
                                            wall_time now) {
    if (auto first = find_key(at, record.caller, record.key, now)) return first;
    query claim{at, "INSERT OR REPLACE INTO idempotency_keys (" KEY_COLUMNS
                    ", owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    bind_key(claim, record).text(at.instance()).run();
    return std::nullopt;
}

std::vector<abandoned_key> abandoned_keys(sqlite_database& at, std::uint32_t limit) {
    std::vector<abandoned_key> out;
    {
        query found{at, "SELECT " KEY_COLUMNS
                        ", owner FROM idempotency_keys WHERE finished = 0 AND owner <> ? "
                        "ORDER BY created_at, caller, key LIMIT ?"};
        found.text(at.instance()).number(std::uint64_t{limit});
        while (found.row()) {
            out.push_back({read_key(found), std::nullopt});
            out.back().key.owner = found.next_text();
        }
    }
    for (auto& one : out)
        one.post = find_post_of(at, one.key);
    return out;
}

bool finish_key(sqlite_database& at, const idempotency_record& record) {
    query finish{at,
                 "UPDATE idempotency_keys SET finished = 1, status = ?, answer = ?, expires_at = ? "
                 "WHERE caller = ? AND key = ? AND finished = 0 AND owner = ? AND claim = ?"};
    finish.number(std::int64_t{record.status})
        .blob(record.answer)
        .time(record.expires_at)
        .text(record.caller.text())
        .text(record.key)
        .text(record.owner.empty() ? at.instance() : record.owner)
        .text(record.claim);
    return finish.run() > 0;
}

bool forget_key(sqlite_database& at, const idempotency_record& record) {
    query forget{
        at,
        "DELETE FROM idempotency_keys WHERE caller = ? AND key = ? AND finished = 0 AND owner = ? AND "
        "claim = ?"};
    forget.text(record.caller.text())
        .text(record.key)
        .text(record.owner.empty() ? at.instance() : record.owner)
        .text(record.claim);
    return forget.run() > 0;
}

void put_file(sqlite_database& at, const file_record& record) {
    query put{at, "INSERT OR REPLACE INTO files (" FILE_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)"};
    bind_file(put, record).run();
}

std::optional<file_record> find_file(sqlite_database& at, const file_id& id) {
    query found{at, "SELECT " FILE_COLUMNS " FROM files WHERE file_id = ?"};
    if (!found.text(id.text()).row()) return std::nullopt;
    return read_file(found);
}

bool forget_file(sqlite_database& at, const file_id& id) {
    return query{at, "DELETE FROM files WHERE file_id = ?"}.text(id.text()).run() > 0;
}

std::vector<file_record> expired_files(sqlite_database& at, wall_time now, std::uint32_t limit) {
    query found{
        at, "SELECT " FILE_COLUMNS " FROM files WHERE expires_at <= ? ORDER BY expires_at, file_id LIMIT ?"};
    found.time(now).number(std::uint64_t{limit});
    std::vector<file_record> out;
    while (found.row())
        out.push_back(read_file(found));
    return out;
}

std::uint64_t stored_file_bytes(sqlite_database& at) {
    query found{at, "SELECT coalesce(sum(size_bytes), 0) FROM files"};
    return found.row() ? found.next_count() : 0;
}

} // namespace gateway::store::sqlite
