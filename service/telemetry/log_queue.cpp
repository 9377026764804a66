#include "telemetry/log_queue.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <poll.h>
#include <string>
#include <sys/stat.h>
#include <thread>
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

struct log_queue::state {
    state(int to, std::size_t max)
        : descriptor(to), bytes_max(max), piece(is_regular_file(to) ? file_piece : pipe_piece) {}

    int descriptor;
    std::size_t bytes_max;
    std::size_t piece;
    std::mutex mutex;
    std::condition_variable wake;    // wakes the writer: there are lines, or the queue ends
    std::condition_variable written; // wakes flush(): the waiting lines are written or lost
    std::string waiting;
    bool writing = false;
    bool stopping = false;
    steady_time give_up{};
    std::atomic<std::uint64_t> dropped{0};
    std::thread writer;

    void serve();
    void write_out(std::string_view text);
    bool may_go_on();
};

bool log_queue::state::may_go_on() {
    const std::lock_guard lock(mutex);
    return !stopping || steady_now() < give_up;
}

void log_queue::state::write_out(std::string_view text) {
    while (!text.empty()) {
        pollfd ready{descriptor, POLLOUT, 0};
        const int found = poll(&ready, 1, 100);
        if (found == 0) { // the descriptor takes no bytes: wait, unless the queue ends
            if (may_go_on()) continue;
            break;
        }
        const auto wrote = ::write(descriptor, text.data(), std::min(text.size(), piece));
        if (wrote < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (wrote < 0) break;
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    dropped.fetch_add(lines_in(text), std::memory_order_relaxed);
}

void log_queue::state::serve() {
    std::string batch;
    std::unique_lock lock(mutex);
    while (true) {
        wake.wait(lock, [this] { return stopping || !waiting.empty(); });
        if (waiting.empty()) return;
        if (!stopping) wake.wait_for(lock, gather_time, [this] { return stopping; });
        batch.clear();
        batch.swap(waiting);
        writing = true;
        lock.unlock();
        write_out(batch);
        lock.lock();
        writing = false;
        written.notify_all();
    }
}

log_queue::log_queue(int descriptor, std::size_t bytes_max)
    : state_(std::make_unique<state>(descriptor, bytes_max)) {
    state_->writer = std::thread([all = state_.get()] { all->serve(); });
}

log_queue::~log_queue() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
        state_->give_up = steady_now() + stop_patience;
    }
    state_->wake.notify_all();
    state_->writer.join();
}

void log_queue::push(std::string_view line) {
    bool first = false;
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->waiting.size() + line.size() + 1 > state_->bytes_max) {
            state_->dropped.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        first = state_->waiting.empty();
        state_->waiting.append(line);
        state_->waiting += '\n';
    }
    if (first) state_->wake.notify_one();
}

void log_queue::flush(milliseconds wait) {
    std::unique_lock lock(state_->mutex);
    state_->written.wait_for(lock, wait, [this] { return state_->waiting.empty() && !state_->writing; });
}

std::uint64_t log_queue::dropped_lines() const {
    return state_->dropped.load(std::memory_order_relaxed);
}

} // namespace gateway::telemetry
