#include "store/files.hpp"

#include "store/engine.hpp"

namespace gateway::store {
namespace {

#define FILE_COLUMNS "file_id, caller, path, mimetype, size_bytes, sha256, created_at, expires_at"

file_record read_file(rows& found) {
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

task<void> put_file(transaction& at, const file_record& record) {
    statement put{"INSERT INTO files (" FILE_COLUMNS
                  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
                  "ON CONFLICT (file_id) DO UPDATE SET caller = $2, path = $3, mimetype = $4, "
                  "size_bytes = $5, sha256 = $6, created_at = $7, expires_at = $8"};
    put.text(record.id.text())
        .text(record.caller.text())
        .text(record.path)
        .text(record.mimetype)
        .number(record.size_bytes)
        .text(record.sha256)
        .time(record.created_at)
        .time(record.expires_at);
    co_await at.run(put);
}

task<std::optional<file_record>> find_file(transaction& at, const file_id& id) {
    statement ask{"SELECT " FILE_COLUMNS " FROM files WHERE file_id = $1"};
    ask.text(id.text());
    auto found = co_await at.run(ask);
    std::optional<file_record> out;
    if (found.next()) out = read_file(found);
    co_return out;
}

task<bool> forget_file(transaction& at, const file_id& id) {
    statement forget{"DELETE FROM files WHERE file_id = $1"};
    forget.text(id.text());
    const auto gone = co_await at.run(forget);
    co_return gone.changed() > 0;
}

task<std::vector<file_record>> expired_files(transaction& at, wall_time now, std::uint32_t limit) {
    statement ask{"SELECT " FILE_COLUMNS
                  " FROM files WHERE expires_at <= $1 ORDER BY expires_at, file_id LIMIT $2"};
    ask.time(now).number(std::uint64_t{limit});
    auto found = co_await at.run(ask);
    std::vector<file_record> out;
    while (found.next())
        out.push_back(read_file(found));
    co_return out;
}

task<std::uint64_t> stored_file_bytes(transaction& at) {
    statement ask{"SELECT CAST(coalesce(sum(size_bytes), 0) AS BIGINT) FROM files"};
    auto found = co_await at.run(ask);
    co_return found.next() ? found.next_count() : 0;
}

} // namespace

task<result<void>> files::put(file_record record, deadline until) {
    return run(engine_, unit::writes(), until, &put_file, std::move(record));
}

task<result<std::optional<file_record>>> files::find(file_id id, deadline until) {
    return run(engine_, unit::reads(), until, &find_file, std::move(id));
}

task<result<bool>> files::forget(file_id id, deadline until) {
    return run(engine_, unit::writes(), until, &forget_file, std::move(id));
}

task<result<std::vector<file_record>>> files::expired(wall_time now, std::uint32_t limit, deadline until) {
    return run(engine_, unit::reads(), until, &expired_files, now, limit);
}

task<result<std::uint64_t>> files::stored_bytes(deadline until) {
    return run(engine_, unit::reads(), until, &stored_file_bytes);
}

} // namespace gateway::store
