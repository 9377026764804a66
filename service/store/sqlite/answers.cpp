#include "store/sqlite/operations.hpp"

namespace gateway::store::sqlite {
namespace {

#define FILE_COLUMNS "file_id, caller, path, mimetype, size_bytes, sha256, created_at, expires_at"

file_record read_file(query& found) {
    file_record out;
    out.id = file_id::trusted(found.next_text());
    out.caller = caller_name::trusted(found.next_text());
    out.path = found.next_text();
    out.mimetype = found.next_text();
    out.size_bytes = found.next_count();
    out.sha256 = found.next_text();
    out.created_at = found.next_time();
    out.expires_at = found.next_time();
    return out;
}

std::optional<idempotency_record> find_key(sqlite_database& at, const caller_name& caller,
                                           const std::string& key, wall_time now) {
    query found{at,
                "SELECT fingerprint, finished, status, answer, request_id, created_at, expires_at "
                "FROM idempotency_keys WHERE caller = ? AND key = ? AND expires_at > ?"};
    if (!found.text(caller.text()).text(key).time(now).row()) return std::nullopt;
    idempotency_record out;
    out.caller = caller;
    out.key = key;
    out.fingerprint = found.next_text();
    out.finished = found.next_number() != 0;
    out.status = static_cast<int>(found.next_number());
    out.answer = found.next_text();
    out.request_id = found.next_text();
    out.created_at = found.next_time();
    out.expires_at = found.next_time();
    return out;
}

} // namespace

std::optional<idempotency_record> claim_key(sqlite_database& at, const idempotency_record& record,
                                            wall_time now) {
    if (auto first = find_key(at, record.caller, record.key, now)) return first;
    query{at,
          "INSERT OR REPLACE INTO idempotency_keys (caller, key, fingerprint, finished, status, answer, "
          "request_id, created_at, expires_at, owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"}
        .text(record.caller.text())
        .text(record.key)
        .blob(record.fingerprint)
        .number(std::int64_t{record.finished})
        .number(std::int64_t{record.status})
        .blob(record.answer)
        .text(record.request_id)
        .time(record.created_at)
        .time(record.expires_at)
        .text(at.instance())
        .run();
    return std::nullopt;
}

std::vector<abandoned_key> abandoned_keys(sqlite_database& at, std::uint32_t limit) {
    std::vector<abandoned_key> out;
    {
        query found{
            at,
            "SELECT caller, key, fingerprint, request_id, created_at, expires_at FROM idempotency_keys "
            "WHERE finished = 0 AND owner <> ? ORDER BY created_at, caller, key LIMIT ?"};
        found.text(at.instance()).number(std::uint64_t{limit});
        while (found.row()) {
            idempotency_record key;
            key.caller = caller_name::trusted(found.next_text());
            key.key = found.next_text();
            key.fingerprint = found.next_text();
            key.request_id = found.next_text();
            key.created_at = found.next_time();
            key.expires_at = found.next_time();
            out.push_back({std::move(key), std::nullopt});
        }
    }
    for (auto& one : out)
        one.post = find_post_of(at, one.key);
    return out;
}

void finish_key(sqlite_database& at, const idempotency_record& record) {
    query{at,
          "UPDATE idempotency_keys SET finished = 1, status = ?, answer = ?, expires_at = ? "
          "WHERE caller = ? AND key = ? AND finished = 0"}
        .number(std::int64_t{record.status})
        .blob(record.answer)
        .time(record.expires_at)
        .text(record.caller.text())
        .text(record.key)
        .run();
}

void forget_key(sqlite_database& at, const caller_name& caller, const std::string& key) {
    query{at, "DELETE FROM idempotency_keys WHERE caller = ? AND key = ? AND finished = 0"}
        .text(caller.text())
        .text(key)
        .run();
}

void put_file(sqlite_database& at, const file_record& record) {
    query{at, "INSERT OR REPLACE INTO files (" FILE_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)"}
        .text(record.id.text())
        .text(record.caller.text())
        .text(record.path)
        .text(record.mimetype)
        .number(record.size_bytes)
        .text(record.sha256)
        .time(record.created_at)
        .time(record.expires_at)
        .run();
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
