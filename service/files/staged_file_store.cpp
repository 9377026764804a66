#include "files/staged_file_store.hpp"

#include "files/disk.hpp"
#include "files/file_source.hpp"
#include "runtime/blocking.hpp"

#include <filesystem>
#include <stdexcept>
#include <utility>

namespace gateway::files {
namespace {

constexpr std::uint64_t file_bytes_max = 4ULL << 30; // TikTok's limit (docs/tiktok-wire.md §5.1, C8)
constexpr std::uint32_t sweep_batch = 100;
constexpr seconds hour{3'600};

failure no_such_file() {
    return {errc::no_such_file, "There is no such file, or it has expired."};
}

file_id new_file_id() {
    return file_id::trusted("file_" + new_ulid(wall_now()));
}

/// Gives the files that already exist: one may have no record, if the process ended between renaming and
/// recording it.
std::vector<file_id> prepare_directory(const std::string& directory) {
    namespace fs = std::filesystem;
    std::error_code bad;
    if (fs::create_directories(directory, bad)) fs::permissions(directory, fs::perms::owner_all, bad);
    if (!fs::is_directory(directory)) throw std::runtime_error("files.directory cannot be made");
    const std::string probe = directory + "/.probe" + std::string(temporary_suffix);
    remove_file(probe);
    if (!create_file(probe)) throw std::runtime_error("files.directory cannot be written to");
    std::vector<std::string> left;
    std::vector<file_id> lying;
    for (const auto& entry : fs::directory_iterator(directory)) {
        if (entry.path().string().ends_with(temporary_suffix))
            left.push_back(entry.path().string());
        else if (auto id = check_file_id(entry.path().filename().string()))
            lying.push_back(std::move(*id));
    }
    for (const std::string& path : left)
        remove_file(path);
    return lying;
}

} // namespace

staged_file_store::staged_file_store(store::files& records, blocking_pool& pool,
                                     const settings::files& settings)
    : records_(records),
      pool_(pool),
      directory_(settings.directory),
      keep_hours_(settings.keep_hours),
      room_(settings.quota_bytes),
      unproven_(prepare_directory(directory_)) {}

task<result<std::unique_ptr<file_writer>>> staged_file_store::begin(new_file what, deadline until) {
    auto place = room_.reserve(what.size_bytes);
    auto stored = co_await records_.stored_bytes(until);
    if (!stored) co_return stored.error();
    if (!room_.fits_beside(*stored))
        co_return failure(errc::overloaded, "The room for files is used up; try again later.");
    const std::string path = path_of(what.id.text()) + std::string(temporary_suffix);
    auto work = [&path] { return create_file(path); };
    auto file = co_await run_blocking(pool_, std::move(work));
    if (!file) co_return file.error();
    co_return std::make_unique<file_writer>(records_, pool_, std::move(what), std::move(place),
                                            std::move(*file));
}

task<result<std::unique_ptr<file_writer>>> staged_file_store::begin(caller_name caller,
                                                                    std::uint64_t size_bytes,
                                                                    std::uint32_t keep_hours,
                                                                    deadline until) {
    return begin(new_file{directory_, new_file_id(), std::move(caller), size_bytes, hour * keep_hours},
                 until);
}

task<result<store::file_record>> staged_file_store::stage(caller_name caller, body_source& body,
                                                          std::string mimetype, wall_time now,
                                                          deadline until) {
    if (body.size_bytes() == 0) co_return failure(errc::invalid_input, "A file must not be empty.");
    if (body.size_bytes() > file_bytes_max)
        co_return failure(errc::too_large, "A file must not be larger than 4 GiB.");
    auto file = co_await begin(std::move(caller), body.size_bytes(), keep_hours_, until);
    if (!file) co_return file.error();
    std::vector<char> space(write_bytes);
    for (;;) {
        auto count = co_await body.read_some(space, until);
        if (!count) co_return count.error();
        if (*count == 0) break;
        auto written = co_await (*file)->write(std::string_view(space.data(), *count), until);
        if (!written) co_return written.error();
    }
    co_return co_await (*file)->finish(std::move(mimetype), now, until);
}

task<result<void>> staged_file_store::remove_from_disk(std::string name) {
    auto work = [path = path_of(name)] { remove_file(path); };
    co_return co_await run_blocking(pool_, std::move(work));
}

task<result<store::file_record>> staged_file_store::find(caller_name caller, file_id id, wall_time now,
                                                         deadline until) {
    auto found = co_await records_.find(std::move(id), until);
    if (!found) co_return found.error();
    if (!*found || (*found)->caller != caller || (*found)->expires_at <= now) co_return no_such_file();
    co_return std::move(**found);
}

task<result<std::unique_ptr<body_source>>> staged_file_store::open(caller_name caller, file_id id,
                                                                   wall_time now, deadline until) {
    auto record = co_await find(std::move(caller), std::move(id), now, until);
    if (!record) co_return record.error();
    const std::string path = path_of(record->path);
    auto work = [&path] { return open_file(path); };
    auto file = co_await run_blocking(pool_, std::move(work));
    if (!file) co_return file.error();
    co_return std::make_unique<file_source>(pool_, std::move(*file), record->size_bytes);
}

task<result<void>> staged_file_store::remove(caller_name caller, file_id id, wall_time now, deadline until) {
    auto record = co_await find(std::move(caller), id, now, until);
    if (!record) co_return record.error();
    auto forgotten = co_await records_.forget(std::move(id), until);
    if (!forgotten) co_return forgotten.error();
    co_return co_await remove_from_disk(record->path);
}

/// Checks only files that existed before this process, so files that are being written are not affected.
task<result<void>> staged_file_store::remove_unrecorded(deadline until) {
    while (!unproven_.empty()) {
        auto recorded = co_await records_.find(unproven_.back(), until);
        if (!recorded) co_return recorded.error();
        if (!*recorded) {
            auto gone = co_await remove_from_disk(unproven_.back().text());
            if (!gone) co_return gone.error();
        }
        unproven_.pop_back();
    }
    co_return result<void>{};
}

task<result<std::size_t>> staged_file_store::sweep(wall_time now, deadline until) {
    auto proven = co_await remove_unrecorded(until);
    if (!proven) co_return proven.error();
    std::size_t removed = 0;
    for (;;) {
        auto expired = co_await records_.expired(now, sweep_batch, until);
        if (!expired) co_return expired.error();
        for (const store::file_record& record : *expired) {
            auto gone = co_await remove_from_disk(record.path);
            if (!gone) co_return gone.error();
            auto forgotten = co_await records_.forget(record.id, until);
            if (!forgotten) co_return forgotten.error();
            ++removed;
        }
        if (expired->size() < sweep_batch) co_return removed;
    }
}

} // namespace gateway::files
