#include "store/files.hpp"

#include "base/fair_share.hpp"
#include "store/queries.hpp"

#include <tuple>
#include <utility>

namespace gateway::store {

#define FILE_COLUMNS "file_id, caller, mimetype, size_bytes, sha256, created_at, expires_at"

auto columns_of(row_of<file_record> auto& of) {
    return columns(of.id, of.caller, of.mimetype, of.size_bytes, of.sha256, of.created_at, of.expires_at);
}

auto columns_of(row_of<file_counts> auto& of) {
    return columns(of.files, of.blocks);
}

auto columns_of(row_of<file_usage> auto& of) {
    return std::tuple_cat(columns_of(of.all), columns_of(of.own));
}

namespace {

/// The table has a row for each caller who keeps files.
statement select_usage(const caller_name& caller) {
    return statement(
        "SELECT CAST(coalesce(sum(files), 0) AS BIGINT), CAST(coalesce(sum(blocks), 0) AS BIGINT), "
        "CAST(coalesce(sum(CASE WHEN caller = $1 THEN files END), 0) AS BIGINT), "
        "CAST(coalesce(sum(CASE WHEN caller = $1 THEN blocks END), 0) AS BIGINT) FROM caller_usage",
        caller);
}

task<file_usage> only_usage(transaction& at, statement ask) {
    const auto found = co_await first_of<file_usage>(at, std::move(ask));
    co_return found.value_or(file_usage{});
}

bool has_room(const file_usage& now, std::uint64_t blocks, const file_bound& most) {
    const share_state files{most.most.files, now.all.files, now.own.files};
    const share_state room{most.most.blocks, now.all.blocks, now.own.blocks};
    return may_take(files, 1, most.several_callers) && may_take(room, blocks, most.several_callers);
}

task<std::optional<file_usage>> put_within(transaction& at, const file_record& record,
                                           const file_bound& most) {
    auto used = co_await only_usage(at, select_usage(record.caller));
    const auto blocks = blocks_of(record.size_bytes);
    if (!has_room(used, blocks, most)) co_return std::nullopt;
    // The column `path` is not read: the place of a file is computed from its id.
    statement put("INSERT INTO files (" FILE_COLUMNS ", path) VALUES ($1, $2, $3, $4, $5, $6, $7, '')",
                  columns_of(record));
    co_await execute(at, std::move(put));
    statement count(
        "INSERT INTO caller_usage (caller, files, blocks) VALUES ($1, 1, $2) ON CONFLICT (caller) DO UPDATE "
        "SET files = caller_usage.files + 1, blocks = caller_usage.blocks + excluded.blocks",
        record.caller, blocks);
    co_await execute(at, std::move(count));
    for (auto* const of : {&used.all, &used.own}) {
        of->files += 1;
        of->blocks += blocks;
    }
    co_return used;
}

task<bool> forget_counted(transaction& at, const file_id& id) {
    statement find("SELECT " FILE_COLUMNS " FROM files WHERE file_id = $1", id);
    const auto record = co_await first_of<file_record>(at, std::move(find));
    if (!record) co_return false;
    co_await execute(at, statement("DELETE FROM files WHERE file_id = $1", id));
    statement count("UPDATE caller_usage SET files = files - 1, blocks = blocks - $1 WHERE caller = $2",
                    blocks_of(record->size_bytes), record->caller);
    co_await execute(at, std::move(count));
    co_await execute(at,
                     statement("DELETE FROM caller_usage WHERE caller = $1 AND files <= 0", record->caller));
    co_return true;
}

} // namespace

task<result<std::optional<file_usage>>> files::put(file_record record, file_bound most, deadline until) {
    return run(engine_, unit::of_files(), until, &put_within, std::move(record), most);
}

task<result<std::optional<file_record>>> files::find(file_id id, deadline until) {
    statement ask("SELECT " FILE_COLUMNS " FROM files WHERE file_id = $1", id);
    return run(engine_, unit::reads(), until, &first_of<file_record>, std::move(ask));
}

task<result<bool>> files::forget(file_id id, deadline until) {
    return run(engine_, unit::of_files(), until, &forget_counted, std::move(id));
}

task<result<std::vector<file_record>>> files::expired(wall_time now, std::uint32_t limit, deadline until) {
    statement ask("SELECT " FILE_COLUMNS
                  " FROM files WHERE expires_at <= $1 ORDER BY expires_at, file_id LIMIT $2",
                  now, limit);
    return run(engine_, unit::reads(), until, &all_of<file_record>, std::move(ask));
}

task<result<file_usage>> files::usage(caller_name caller, deadline until) {
    return run(engine_, unit::reads(), until, &only_usage, select_usage(caller));
}

} // namespace gateway::store
