#include "files/file_writer.hpp"

#include "files/file_source.hpp"
#include "runtime/blocking.hpp"

#include <algorithm>
#include <utility>

namespace gateway::files {

file_writer::file_writer(store::files& records, blocking_pool& pool, new_file what, byte_budget::permit room,
                         descriptor file)
    : records_(records), pool_(pool), what_(std::move(what)), room_(std::move(room)), file_(std::move(file)) {
    left_behind_ = temporary_path();
}

// A destructor cannot wait. It removes the name at once, which is cheap while the file is open. The bytes, up
// to 4 GiB, are freed when the pool closes the last descriptor; only if the pool's queue is full does this
// thread close it.
file_writer::~file_writer() {
    if (left_behind_.empty()) return;
    remove_file(left_behind_);
    pool_.leave([last = std::make_shared<descriptor>(std::move(file_))]() mutable { last.reset(); });
}

task<result<void>> file_writer::flush() {
    auto work = [this] {
        digest_.update(gathered_);
        return append(file_, gathered_);
    };
    auto done = co_await run_blocking(pool_, std::move(work));
    gathered_.clear();
    co_return done;
}

task<result<void>> file_writer::write(std::string_view piece, deadline until) {
    if (until.passed(steady_now()))
        co_return failure(errc::deadline_exceeded, "The deadline passed while the file was written.");
    if (piece.size() > what_.size_bytes - written_)
        co_return failure(errc::malformed_request, "The body is longer than announced.");
    written_ += piece.size();
    while (!piece.empty()) {
        if (gathered_.capacity() < write_bytes)
            gathered_.reserve(
                static_cast<std::size_t>(std::min<std::uint64_t>(what_.size_bytes, write_bytes)));
        const std::size_t part = std::min(piece.size(), write_bytes - gathered_.size());
        gathered_.append(piece.substr(0, part));
        piece.remove_prefix(part);
        if (gathered_.size() < write_bytes) continue;
        auto done = co_await flush();
        if (!done) co_return done.error();
    }
    co_return result<void>{};
}

task<result<std::unique_ptr<body_source>>> file_writer::read_back(deadline until) {
    if (until.passed(steady_now()))
        co_return failure(errc::deadline_exceeded, "The deadline passed while the file was written.");
    auto done = co_await flush();
    if (!done) co_return done.error();
    what_.size_bytes = written_;
    room_.shrink_to(written_);
    auto file = same_file(file_);
    if (!file) co_return file.error();
    co_return std::make_unique<file_source>(pool_, std::move(*file), written_);
}

task<result<store::file_record>> file_writer::finish(std::string mimetype, wall_time now, deadline until) {
    if (written_ != what_.size_bytes)
        co_return failure(errc::malformed_request, "The body ended after " + std::to_string(written_) + " of "
                                                       + std::to_string(what_.size_bytes) + " bytes.");
    auto done = co_await flush();
    if (!done) co_return done.error();
    auto work = [this] { return sync_and_rename(file_, temporary_path(), final_path(), what_.directory); };
    done = co_await run_blocking(pool_, std::move(work));
    if (!done) co_return done.error();
    left_behind_ = final_path();

    store::file_record record;
    record.id = what_.id;
    record.caller = what_.caller;
    record.path = what_.id.text();
    record.mimetype = std::move(mimetype);
    record.size_bytes = written_;
    record.sha256 = to_hex(digest_.finish());
    record.created_at = now;
    record.expires_at = now + what_.lifetime;
    auto recorded = co_await records_.put(record, until);
    if (!recorded) co_return recorded.error();
    left_behind_.clear();
    co_return record;
}

} // namespace gateway::files
