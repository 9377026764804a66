#include "telemetry/log_queue.hpp"

#include <algorithm>
#include <cerrno>
#include <new>
#include <poll.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace gateway::telemetry {

namespace {

constexpr milliseconds gather_time{
    10}; // lines are collected this long per write: 100 writes a second are enough
constexpr milliseconds stop_patience{1'000};
constexpr std::size_t pipe_piece = 4096; // PIPE_BUF: after POLLOUT a write of this size does not block
constexpr std::size_t file_piece = 1 << 20;

std::uint64_t lines_in(std::string_view text) {
    return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

bool is_regular_file(int descriptor) {
    struct stat facts {};
    return fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode);
}

} // namespace

std::string_view name_of(level l) {
    constexpr std::string_view names[] = {"debug", "info", "warn", "error"};
    return names[static_cast<std::size_t>(l)];
}

level level_of(std::string_view name) {
    for (const auto one : {level::debug, level::warn, level::error})
        if (name == name_of(one)) return one;
    return level::info;
}

void log_queue::write_out(std::string_view text) {
    while (!text.empty()) {
        pollfd ready{descriptor_, POLLOUT, 0};
        const int found = poll(&ready, 1, 100);
        if (found == 0) { // the descriptor takes no bytes: wait, unless the queue ends
            const std::lock_guard lock(mutex_);
            if (!stopping_ || steady_now() < give_up_) continue;
            break;
        }
        const auto wrote = ::write(descriptor_, text.data(), std::min(text.size(), piece_));
        if (wrote < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (wrote < 0) break;
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    dropped_.fetch_add(lines_in(text), std::memory_order_relaxed);
}

void log_queue::serve() {
    std::string batch;
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        if (!stopping_) wake_.wait_for(lock, gather_time, [this] { return stopping_; });
        batch.clear();
        batch.swap(waiting_);
        share_.clear();
        writing_ = true;
        lock.unlock();
        write_out(batch);
        lock.lock();
        writing_ = false;
        written_.notify_all();
    }
}

log_queue::log_queue(int descriptor, const caller_count* callers, std::size_t bytes_max)
    : descriptor_(descriptor),
      piece_(is_regular_file(descriptor) ? file_piece : pipe_piece),
      share_(bytes_max, callers_or_one(callers)),
      writer_([this] { serve(); }) {}

log_queue::~log_queue() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        give_up_ = steady_now() + stop_patience;
    }
    wake_.notify_all();
    writer_.join();
}

void log_queue::push(std::string_view line, sharer by) {
    bool first = false;
    try {
        const std::lock_guard lock(mutex_);
        if (!share_.take(by, line.size() + 1)) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        first = waiting_.empty();
        waiting_.reserve(waiting_.size() + line.size() + 1); // may throw, before anything is added
        waiting_.append(line);
        waiting_ += '\n';
    } catch (const std::bad_alloc&) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
    }
    if (first) wake_.notify_one();
}

void log_queue::flush(milliseconds wait) {
    std::unique_lock lock(mutex_);
    written_.wait_for(lock, wait, [this] { return waiting_.empty() && !writing_; });
}

} // namespace gateway::telemetry
