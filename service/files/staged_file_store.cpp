#include "files/staged_file_store.hpp"

#include "base/byte_budget.hpp"
#include "files/disk.hpp"
#include "files/file_source.hpp"
#include "files/file_writer.hpp"
#include "runtime/blocking.hpp"

#include <filesystem>
#include <stdexcept>
#include <utility>
#include <vector>

namespace gateway::files {
namespace {

constexpr std::uint64_t file_bytes_max = 4ULL << 30; // TikTok's limit (docs/tiktok-wire.md §5.1, C8)
constexpr std::uint32_t sweep_batch = 100;
constexpr seconds hour{3'600};

failure no_such_file() {
    return {errc::no_such_file, "There is no such file, or it has expired."};
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

struct staged_file_store::state {
    state(store::files& r, blocking_pool& p, const settings::files& from)
        : records(r),
          pool(p),
          directory(from.directory),
          lifetime(hour * from.keep_hours),
          room(from.quota_bytes) {}

    task<result<std::unique_ptr<writer>>> begin(new_file what, deadline until);
    task<result<void>> remove_unrecorded(deadline until);
    std::string path_of(const store::file_record& record) const { return directory + "/" + record.path; }

    store::files& records;
    blocking_pool& pool;
    std::string directory;
    seconds lifetime;
    byte_budget room;              // for uploads in progress; the store counts what is stored
    std::vector<file_id> unproven; // existed at the start; used by sweep() only
};

staged_file_store::staged_file_store(store::files& records, blocking_pool& pool,
                                     const settings::files& settings)
    : state_(std::make_unique<state>(records, pool, settings)) {
    state_->unproven = prepare_directory(state_->directory);
}
staged_file_store::~staged_file_store() = default;

task<result<std::unique_ptr<writer>>> staged_file_store::state::begin(new_file what, deadline until) {
    auto place = room.reserve(what.size_bytes);
    auto stored = co_await records.stored_bytes(until);
    if (!stored) co_return stored.error();
    if (!room.fits_beside(*stored))
        co_return failure(errc::overloaded, "The room for files is used up; try again later.");
    what.directory = directory;
    const std::string path = directory + "/" + what.id.text() + std::string(temporary_suffix);
    auto work = [&path] { return create_file(path); };
    auto file = co_await run_blocking(pool, std::move(work));
    if (!file) co_return file.error();
    co_return std::make_unique<file_writer>(records, pool, std::move(what), std::move(place),
                                            std::move(*file));
}

task<result<std::unique_ptr<writer>>> staged_file_store::begin(caller_name caller, std::uint64_t size_bytes,
                                                               std::uint32_t keep_hours, deadline until) {
    new_file what;
    what.id = file_id::trusted("file_" + new_ulid(wall_now()));
    what.caller = std::move(caller);
    what.size_bytes = size_bytes;
    what.lifetime = hour * keep_hours;
    return state_->begin(std::move(what), until);
}

task<result<store::file_record>> staged_file_store::stage(caller_name caller, body_source& body,
                                                          std::string mimetype, wall_time now,
                                                          deadline until) {
    if (body.size_bytes() == 0) co_return failure(errc::invalid_input, "A file must not be empty.");
    if (body.size_bytes() > file_bytes_max)
        co_return failure(errc::too_large, "A file must not be larger than 4 GiB.");
    new_file what;
    what.id = file_id::trusted("file_" + new_ulid(now));
    what.caller = std::move(caller);
    what.size_bytes = body.size_bytes();
    what.lifetime = state_->lifetime;
    auto file = co_await state_->begin(std::move(what), until);
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

task<result<store::file_record>> staged_file_store::find(caller_name caller, file_id id, wall_time now,
                                                         deadline until) {
    auto found = co_await state_->records.find(std::move(id), until);
    if (!found) co_return found.error();
    if (!*found || (*found)->caller != caller || (*found)->expires_at <= now) co_return no_such_file();
    co_return std::move(**found);
}

task<result<std::unique_ptr<body_source>>> staged_file_store::open(caller_name caller, file_id id,
                                                                   wall_time now, deadline until) {
    auto record = co_await find(std::move(caller), std::move(id), now, until);
    if (!record) co_return record.error();
    const std::string path = state_->path_of(*record);
    auto work = [&path] { return open_file(path); };
    auto file = co_await run_blocking(state_->pool, std::move(work));
    if (!file) co_return file.error();
    co_return std::make_unique<file_source>(state_->pool, std::move(*file), record->size_bytes);
}

task<result<void>> staged_file_store::remove(caller_name caller, file_id id, wall_time now, deadline until) {
    auto record = co_await find(std::move(caller), id, now, until);
    if (!record) co_return record.error();
    auto forgotten = co_await state_->records.forget(std::move(id), until);
    if (!forgotten) co_return forgotten.error();
    const std::string path = state_->path_of(*record);
    auto work = [&path] { remove_file(path); };
    co_return co_await run_blocking(state_->pool, std::move(work));
}

/// Checks only files that existed before this process, so files that are being written are not affected.
task<result<void>> staged_file_store::state::remove_unrecorded(deadline until) {
    while (!unproven.empty()) {
        auto recorded = co_await records.find(unproven.back(), until);
        if (!recorded) co_return recorded.error();
        if (!*recorded) {
            const std::string path = directory + "/" + unproven.back().text();
            auto work = [&path] { remove_file(path); };
            auto gone = co_await run_blocking(pool, std::move(work));
            if (!gone) co_return gone.error();
        }
        unproven.pop_back();
    }
    co_return result<void>{};
}

task<result<std::size_t>> staged_file_store::sweep(wall_time now, deadline until) {
    auto proven = co_await state_->remove_unrecorded(until);
    if (!proven) co_return proven.error();
    std::size_t removed = 0;
    for (;;) {
        auto expired = co_await state_->records.expired(now, sweep_batch, until);
        if (!expired) co_return expired.error();
        for (const store::file_record& record : *expired) {
            const std::string path = state_->path_of(record);
            auto work = [&path] { remove_file(path); };
            auto gone = co_await run_blocking(state_->pool, std::move(work));
            if (!gone) co_return gone.error();
            auto forgotten = co_await state_->records.forget(record.id, until);
            if (!forgotten) co_return forgotten.error();
            ++removed;
        }
        if (expired->size() < sweep_batch) co_return removed;
    }
}

} // namespace gateway::files
