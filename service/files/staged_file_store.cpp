#include "files/staged_file_store.hpp"

#include "base/start_fault.hpp"
#include "files/disk.hpp"
#include "files/file_source.hpp"
#include "runtime/blocking.hpp"
#include "runtime/shared_memory.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace gateway::files {

failure no_such_file() {
    return {errc::no_such_file,
            "There is no such file, or it has expired; POST /v1/files stages its bytes again."};
}

namespace {

constexpr std::uint64_t file_bytes_max = 4ULL << 30; // TikTok's limit (docs/tiktok-wire.md §5.1, C8)
constexpr std::uint32_t sweep_batch = 100;
constexpr seconds hour{3'600};

file_id new_file_id() {
    return file_id::trusted("file_" + new_ulid(wall_now()));
}

/// The id of a file by its name in the folder, without `suffix`; empty if it is none of ours.
std::optional<file_id> id_in(std::string_view name, std::string_view suffix) {
    if (!name.ends_with(suffix)) return std::nullopt;
    name.remove_suffix(suffix.size());
    auto id = check_file_id(name);
    return id ? std::optional(std::move(*id)) : std::nullopt;
}

/// Removes the temporary files whose writers have ended (K10).
void remove_abandoned_in(const folder& place) {
    for (const std::string& name : place.names())
        if (id_in(name, temporary_suffix) && place.claim_abandoned(name)) place.remove(name);
}

/// Gives the files that already exist: one may have no record, if its process ended between renaming and
/// recording it.
std::vector<file_id> prepare_folder(const folder& place) {
    const std::string probe = new_file_id().text() + std::string(temporary_suffix);
    if (const auto made = place.create(probe); !made)
        throw start_fault("files.directory", "no file can be made in it: " + made.error().message(), true);
    place.remove(probe);
    remove_abandoned_in(place);
    std::vector<file_id> existing;
    for (const std::string& name : place.names())
        if (auto id = id_in(name, "")) existing.push_back(std::move(*id));
    return existing;
}

} // namespace

staged_file_store::staged_file_store(store::files& records, blocking_pool& pool, limits::shared_bytes& memory,
                                     const settings::files& settings, const caller_count& callers,
                                     damage_log::reporter report)
    : records_(records),
      pool_(pool),
      memory_(memory),
      place_(settings.directory),
      damages_(std::move(report)),
      keep_hours_(settings.keep_hours),
      room_({settings.count_max, store::blocks_of(settings.quota_bytes)}, callers),
      unproven_(prepare_folder(place_)) {}

task<result<std::unique_ptr<file_writer>>> staged_file_store::begin(new_file what, deadline until) {
    auto caller = what.caller;
    const auto stored = co_await records_.usage(std::move(caller), until);
    if (!stored) co_return stored.error();
    const auto by = sharer_of(what.caller.text());
    auto room = room_.begin(by, what.size_bytes, *stored);
    if (!room) co_return no_room_for_files();
    auto memory = memory_.take(by, buffer_bytes_of(what.size_bytes), steady_now());
    if (!memory) co_return no_memory_left();
    const std::string name = what.id.text() + std::string(temporary_suffix);
    auto work = [this, &name] { return place_.create(name); };
    auto file = co_await run_blocking(pool_, std::move(work), by);
    if (!file) co_return file.error();
    co_return std::make_unique<file_writer>(records_, pool_, place_, damages_, std::move(what),
                                            std::move(*room), std::move(*memory), std::move(*file));
}

task<result<std::unique_ptr<file_writer>>> staged_file_store::begin(caller_name caller,
                                                                    std::uint64_t size_bytes,
                                                                    std::uint32_t keep_hours,
                                                                    deadline until) {
    return begin(new_file{new_file_id(), std::move(caller), size_bytes, hour * keep_hours}, until);
}

task<result<store::file_record>> staged_file_store::stage(caller_name caller, body_source& body,
                                                          std::string mimetype, wall_time now,
                                                          deadline until) {
    if (body.size_bytes() == 0) co_return failure(errc::invalid_input, "A file must not be empty.");
    if (body.size_bytes() > file_bytes_max)
        co_return failure(errc::too_large, "A file must not be larger than 4 GiB.");
    auto file = co_await begin(std::move(caller), body.size_bytes(), keep_hours_, until);
    if (!file) co_return file.error();
    auto written = co_await (*file)->write_all(body, until);
    if (!written) co_return written.error();
    co_return co_await (*file)->finish(std::move(mimetype), now, until);
}

/// The place is the id, which is checked here, because a row of the store may say anything.
task<result<void>> staged_file_store::remove_from_disk(file_id id, sharer by) {
    if (!check_file_id(id.text())) {
        static_cast<void>(damages_.note(id, "its record has an id that is none, so nothing was removed"));
        co_return result<void>{};
    }
    auto work = [this, name = id.text()] { place_.remove(name); };
    co_return co_await run_blocking(pool_, std::move(work), by);
}

task<result<store::file_record>> staged_file_store::find(caller_name caller, file_id id, wall_time now,
                                                         deadline until) {
    auto found = co_await records_.find(std::move(id), until);
    if (!found) co_return found.error();
    if (!*found || (*found)->caller != caller || (*found)->expires_at <= now) co_return no_such_file();
    co_return std::move(**found);
}

task<result<descriptor>> staged_file_store::open_on_disk(const store::file_record& record, sharer by) {
    auto work = [this, name = record.id.text()] { return place_.open(name); };
    auto file = co_await run_blocking(pool_, std::move(work), by);
    if (!file) co_return file.error();
    const auto size = size_of(*file);
    if (!size) co_return size.error();
    if (*size != record.size_bytes)
        co_return damages_.note(record.id, "it has " + std::to_string(*size) + " bytes, and "
                                               + std::to_string(record.size_bytes) + " were stored");
    co_return std::move(file);
}

task<result<std::unique_ptr<body_source>>> staged_file_store::open(caller_name caller, file_id id,
                                                                   wall_time now, deadline until) {
    if (!check_file_id(id.text())) co_return no_such_file();
    const auto by = sharer_of(caller.text());
    auto record = co_await find(caller, id, now, until);
    if (!record) co_return record.error();
    auto file = co_await open_on_disk(*record, by);
    if (!file && file.error().code() == errc::no_such_file) {
        const auto still =
            co_await find(std::move(caller), id, now, until); // it may have been removed just now
        if (!still) co_return still.error();
        co_return damages_.note(id, "it is not on the disk");
    }
    if (!file) co_return file.error();
    stored_file what{record->id, record->size_bytes, record->sha256};
    co_return std::make_unique<file_source>(pool_, damages_, std::move(*file), std::move(what), by);
}

task<result<void>> staged_file_store::remove(caller_name caller, file_id id, wall_time now, deadline until) {
    const auto by = sharer_of(caller.text());
    auto record = co_await find(std::move(caller), id, now, until);
    if (!record) co_return record.error();
    auto forgotten = co_await records_.forget(id, until);
    if (!forgotten) co_return forgotten.error();
    co_return co_await remove_from_disk(std::move(id), by);
}

task<result<void>> staged_file_store::remove_abandoned() {
    auto work = [this] { remove_abandoned_in(place_); };
    co_return co_await run_blocking(pool_, std::move(work), sharer::gateway);
}

/// Checks only files that existed before this process. Another replica may be about to record one: then the
/// file is still locked, and the next sweep looks again. The record is looked up after the lock was taken,
/// because the writer gives the lock up only once the record is there.
task<result<void>> staged_file_store::remove_unrecorded(deadline until) {
    std::vector<file_id> later;
    for (; !unproven_.empty(); unproven_.pop_back()) {
        const auto& id = unproven_.back();
        auto work = [this, name = id.text()] { return place_.claim_abandoned(name); };
        const auto claimed = co_await run_blocking(pool_, std::move(work), sharer::gateway);
        if (!claimed && claimed.error().code() == errc::no_such_file) continue;
        auto recorded = co_await records_.find(id, until);
        if (!recorded) co_return recorded.error();
        if (*recorded) continue;
        if (!claimed) {
            later.push_back(id);
            continue;
        }
        auto gone = co_await remove_from_disk(id, sharer::gateway);
        if (!gone) co_return gone.error();
    }
    unproven_ = std::move(later);
    co_return result<void>{};
}

task<result<std::size_t>> staged_file_store::sweep(wall_time now, deadline until) {
    auto cleared = co_await remove_abandoned();
    if (!cleared) co_return cleared.error();
    auto proven = co_await remove_unrecorded(until);
    if (!proven) co_return proven.error();
    std::size_t removed = 0;
    for (;;) {
        auto expired = co_await records_.expired(now, sweep_batch, until);
        if (!expired) co_return expired.error();
        for (const store::file_record& record : *expired) {
            auto gone = co_await remove_from_disk(record.id, sharer::gateway);
            if (!gone) co_return gone.error();
            auto forgotten = co_await records_.forget(record.id, until);
            if (!forgotten) co_return forgotten.error();
            ++removed;
        }
        if (expired->size() < sweep_batch) co_return removed;
    }
}

} // namespace gateway::files
