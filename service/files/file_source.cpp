#include "files/file_source.hpp"

#include "runtime/blocking.hpp"

#include <algorithm>
#include <utility>

namespace gateway::files {

file_source::file_source(blocking_pool& pool, damage_log& damages, descriptor file, stored_file what,
                         sharer by)
    : pool_(pool), damages_(damages), file_(std::move(file)), what_(std::move(what)), by_(by) {}

task<result<std::size_t>> file_source::read_some(std::span<char> space, deadline until) {
    if (until.passed(steady_now()))
        co_return failure(errc::deadline_exceeded, "The deadline passed while the file was read.");
    auto work = [this, space] { return read(space); };
    co_return co_await run_blocking(pool_, std::move(work), by_);
}

result<std::size_t> file_source::read(std::span<char> space) {
    if (failed_) return *failed_;
    auto count = read_checked(space);
    if (!count) failed_ = count.error();
    return count;
}

result<std::size_t> file_source::read_checked(std::span<char> space) {
    const auto left = what_.size_bytes - offset_;
    if (left == 0) return std::size_t{0};
    const auto count = read_at(
        file_, offset_, space.first(static_cast<std::size_t>(std::min<std::uint64_t>(left, space.size()))));
    if (!count) return count;
    if (*count == 0)
        return damages_.note(what_.id, "it ends after " + std::to_string(offset_) + " of "
                                           + std::to_string(what_.size_bytes) + " bytes");
    digest_.update(std::string_view(space.data(), *count));
    offset_ += *count;
    if (offset_ == what_.size_bytes && to_hex(digest_.finish()) != what_.sha256)
        return damages_.note(what_.id, "its bytes are not those that were stored");
    return count;
}

} // namespace gateway::files
