// Writes log lines: a bounded buffer and one thread that writes it to a file descriptor. Lossy by design: a
// full disk or a stuck or closed pipe (EPIPE) loses lines, which are counted, and never delays or fails a
// call (docs/promises.md G08, P08). Made by the service before everything that logs; any thread may push.
#pragma once
#include "base/clock.hpp"
#include "base/fair_share.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace gateway::telemetry {

enum class level : std::uint8_t { debug, info, warn, error };
std::string_view name_of(level l);
/// The setting `log.level`; anything else is `info`.
level level_of(std::string_view name);

class log_queue {
public:
    static constexpr std::size_t default_bytes_max = 4 << 20;

    /// Writes to `descriptor`, which it does not own. `callers` share the buffer; null: one.
    explicit log_queue(int descriptor, const caller_count* callers = nullptr,
                       std::size_t bytes_max = default_bytes_max);
    /// Writes the remaining lines, for at most one second.
    ~log_queue();
    log_queue(const log_queue&) = delete;
    log_queue& operator=(const log_queue&) = delete;

    /// Adds one line, given without its line break, that a call of `by` caused. Never waits for the
    /// descriptor, and never throws.
    void push(std::string_view line, sharer by = sharer::gateway);
    /// Waits until everything pushed so far is written or lost, or `wait` has passed.
    void flush(milliseconds wait);
    /// Lines that did not fit into the buffer or could not be written.
    std::uint64_t dropped_lines() const { return dropped_.load(std::memory_order_relaxed); }

private:
    void serve();
    void write_out(std::string_view text);

    int descriptor_;
    std::size_t piece_;
    std::mutex mutex_;
    std::condition_variable wake_;    // wakes the writer: there are lines, or the queue ends
    std::condition_variable written_; // wakes flush(): the waiting lines are written or lost
    std::string waiting_;
    fair_share share_; // of the bytes in waiting_
    bool writing_ = false, stopping_ = false;
    steady_time give_up_{};
    std::atomic<std::uint64_t> dropped_{0};
    std::thread writer_;
};

} // namespace gateway::telemetry
