#include "files/file_writer.hpp"

#include "files/file_source.hpp"
#include "runtime/blocking.hpp"
#include "runtime/shared_memory.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace gateway::files {

failure no_room_for_files() {
    return failure(errc::overloaded,
                   "The room for files, or this key's share of it, is used up; try again later.")
        .retry_after(milliseconds{60'000});
}

file_writer::file_writer(store::files& records, blocking_pool& pool, const folder& place, damage_log& damages,
                         new_file what, file_room::place room, limits::shared_bytes::permit memory,
                         descriptor file)
    : records_(records),
      pool_(pool),
      place_(place),
      damages_(damages),
      what_(std::move(what)),
      by_(sharer_of(what_.caller.text())),
      room_(std::move(room)),
      memory_(std::move(memory)),
      file_(std::move(file)),
      buffer_bytes_(static_cast<std::size_t>(buffer_bytes_of(what_.size_bytes))) {
    left_behind_ = temporary_name();
}

// A destructor cannot wait. It removes the name at once, which is cheap while the file is open. The bytes, up
// to 4 GiB, are freed when the pool closes the last descriptor; only if the pool's queue is full does this
// thread close it.
file_writer::~file_writer() {
    if (left_behind_.empty()) return;
    place_.remove(left_behind_);
    try {
        pool_.leave([last = std::make_shared<descriptor>(std::move(file_))]() mutable { last.reset(); }, {},
                    by_);
    } catch (const std::bad_alloc&) { // this thread has closed it
    }
}

/// What is known of the store may be old, so it is asked before a file is refused in its middle.
task<result<void>> file_writer::make_room(deadline until) {
    if (room_.grow_to(written_)) co_return result<void>{};
    auto caller = what_.caller;
    const auto stored = co_await records_.usage(std::move(caller), until);
    if (!stored) co_return stored.error();
    room_.note(*stored);
    if (!room_.grow_to(written_)) co_return no_room_for_files();
    co_return result<void>{};
}

task<result<void>> file_writer::flush(deadline until) {
    auto there = co_await make_room(until);
    if (!there || gathered_ == 0) co_return there;
    auto work = [this] {
        const std::string_view bytes(buffer_.get(), gathered_);
        digest_.update(bytes);
        auto done = append(file_, bytes);
        if (done) writeback_.reached(file_, written_);
        return done;
    };
    auto done = co_await run_blocking(pool_, std::move(work), by_);
    gathered_ = 0;
    co_return done;
}

/// Never empty: a full buffer is written at once.
std::span<char> file_writer::free_space() {
    if (!buffer_) buffer_ = std::make_unique_for_overwrite<char[]>(buffer_bytes_);
    return {buffer_.get() + gathered_, buffer_bytes_ - gathered_};
}

result<void> file_writer::added(std::size_t count) {
    if (count > what_.size_bytes - written_)
        return failure(errc::malformed_request, "The body is longer than announced.");
    gathered_ += count;
    written_ += count;
    return {};
}

task<result<void>> file_writer::write(std::string_view piece, deadline until) {
    if (until.passed(steady_now()))
        co_return failure(errc::deadline_exceeded, "The deadline passed while the file was written.");
    while (!piece.empty()) {
        const auto space = free_space();
        const auto part = piece.substr(0, space.size());
        std::memcpy(space.data(), part.data(), part.size());
        piece.remove_prefix(part.size());
        const auto fits = added(part.size());
        if (!fits) co_return fits.error();
        if (gathered_ < buffer_bytes_) continue;
        auto done = co_await flush(until);
        if (!done) co_return done.error();
    }
    co_return result<void>{};
}

/// Gives how many bytes came; 0 at the end.
task<result<std::size_t>> file_writer::read_once(body_source& from, deadline until) {
    auto there = co_await hold_memory(*memory_, buffer_bytes_, until);
    if (!there) co_return there.error();
    const auto space = free_space();
    auto count = co_await from.read_some(space, until);
    memory_->came(count ? *count : 0, steady_now());
    if (!count || *count == 0) co_return count;
    const auto fits = added(*count);
    if (!fits) co_return fits.error();
    if (gathered_ < buffer_bytes_) co_return count;
    auto done = co_await flush(until);
    if (!done) co_return done.error();
    co_return count;
}

task<result<void>> file_writer::write_all(body_source& from, deadline until) {
    const giving_way while_it_comes(from, *memory_);
    for (;;) {
        const auto count = co_await read_once(from, until);
        if (!count) co_return count.error();
        if (*count == 0) co_return result<void>{};
    }
}

void file_writer::drop_buffer() {
    buffer_.reset();
    memory_.reset();
}

const std::string& file_writer::digest() {
    if (sha256_.empty()) sha256_ = to_hex(digest_.finish());
    return sha256_;
}

task<result<std::unique_ptr<body_source>>> file_writer::read_back(deadline until) {
    if (until.passed(steady_now()))
        co_return failure(errc::deadline_exceeded, "The deadline passed while the file was written.");
    auto done = co_await flush(until);
    if (!done) co_return done.error();
    drop_buffer();
    what_.size_bytes = written_;
    auto file = same_file(file_);
    if (!file) co_return file.error();
    stored_file what{what_.id, written_, digest()};
    co_return std::make_unique<file_source>(pool_, damages_, std::move(*file), std::move(what), by_);
}

task<result<store::file_record>> file_writer::finish(std::string mimetype, wall_time now, deadline until) {
    if (written_ != what_.size_bytes)
        co_return failure(errc::malformed_request, "The body ended after " + std::to_string(written_) + " of "
                                                       + std::to_string(what_.size_bytes) + " bytes.");
    auto done = co_await flush(until);
    if (!done) co_return done.error();
    drop_buffer();
    auto work = [this] { return place_.sync_and_rename(file_, temporary_name(), what_.id.text()); };
    done = co_await run_blocking(pool_, std::move(work), by_);
    if (!done) co_return done.error();
    left_behind_ = what_.id.text();

    store::file_record record;
    record.id = what_.id;
    record.caller = what_.caller;
    record.mimetype = std::move(mimetype);
    record.size_bytes = written_;
    record.sha256 = digest();
    record.created_at = now;
    record.expires_at = now + what_.lifetime;
    const auto bound = room_.bound();
    auto recorded = co_await records_.put(record, bound, until);
    if (!recorded) co_return recorded.error();
    if (!*recorded) co_return no_room_for_files();
    room_.recorded(**recorded);
    left_behind_.clear();
    co_return record;
}

} // namespace gateway::files
