#include "files/file_source.hpp"

#include "runtime/blocking.hpp"

#include <utility>

namespace gateway::files {

file_source::file_source(blocking_pool& pool, descriptor file, std::uint64_t size_bytes)
    : pool_(pool), file_(std::move(file)), size_bytes_(size_bytes) {}

task<result<std::size_t>> file_source::read_some(std::span<char> space, deadline until) {
    if (until.passed(steady_now()))
        co_return failure(errc::deadline_exceeded, "The deadline passed while the file was read.");
    auto work = [this, space] { return read_at(file_, offset_, space); };
    auto count = co_await run_blocking(pool_, std::move(work));
    if (count) offset_ += *count;
    co_return count;
}

} // namespace gateway::files
