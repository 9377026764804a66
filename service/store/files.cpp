#include "store/files.hpp"

#include "store/queries.hpp"

namespace gateway::store {

#define FILE_COLUMNS "file_id, caller, path, mimetype, size_bytes, sha256, created_at, expires_at"

auto columns_of(row_of<file_record> auto& of) {
    return columns(of.id, of.caller, of.path, of.mimetype, of.size_bytes, of.sha256, of.created_at,
                   of.expires_at);
}

task<result<void>> files::put(file_record record, deadline until) {
    statement put("INSERT INTO files (" FILE_COLUMNS
                  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
                  "ON CONFLICT (file_id) DO UPDATE SET caller = $2, path = $3, mimetype = $4, "
                  "size_bytes = $5, sha256 = $6, created_at = $7, expires_at = $8",
                  columns_of(record));
    return run(engine_, unit::writes(), until, &execute, std::move(put));
}

task<result<std::optional<file_record>>> files::find(file_id id, deadline until) {
    statement ask("SELECT " FILE_COLUMNS " FROM files WHERE file_id = $1", id);
    return run(engine_, unit::reads(), until, &first_of<file_record>, std::move(ask));
}

task<result<bool>> files::forget(file_id id, deadline until) {
    statement forget("DELETE FROM files WHERE file_id = $1", id);
    return run(engine_, unit::writes(), until, &changes_rows, std::move(forget));
}

task<result<std::vector<file_record>>> files::expired(wall_time now, std::uint32_t limit, deadline until) {
    statement ask("SELECT " FILE_COLUMNS
                  " FROM files WHERE expires_at <= $1 ORDER BY expires_at, file_id LIMIT $2",
                  now, limit);
    return run(engine_, unit::reads(), until, &all_of<file_record>, std::move(ask));
}

task<result<std::uint64_t>> files::stored_bytes(deadline until) {
    statement ask("SELECT CAST(coalesce(sum(size_bytes), 0) AS BIGINT) FROM files");
    return run(engine_, unit::reads(), until, &number_of, std::move(ask));
}

} // namespace gateway::store
