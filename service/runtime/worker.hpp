// One thread with its loop, deadlines and coroutines. Everything that serves a call (sessions, pool, buffers)
// belongs to exactly one worker and is used only from its thread (docs/code-rules.md §18). Made by the
// service.
#pragma once
#include "base/clock.hpp"
#include "runtime/deadline_sweep.hpp"
#include "runtime/task_group.hpp"
#include "runtime/waiter.hpp"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>

namespace gateway {

class worker {
public:
    /// Called on the worker's thread, four times a second, with the delay of a timer (P08).
    using lag_observer = std::function<void(std::chrono::nanoseconds)>;

    explicit worker(unsigned index = 0, milliseconds sweep_tick = deadline_sweep::default_tick);
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    unsigned index() const { return index_; }
    boost::asio::io_context& loop() { return loop_; }
    executor_type executor() { return loop_.get_executor(); }
    deadline_sweep& sweep() { return sweep_; }
    task_group& group() { return group_; }
    const task_group& group() const { return group_; }

    /// Runs until stop(), then cancels what still runs and waits up to `cut_deadline` for it to end. Call
    /// once, on the thread that becomes the worker. An exception that leaves a coroutine or a handler ends
    /// that one, is noted, and the others go on (P07).
    void run();
    /// Any thread. Does not drain: to drain, let the group become empty first.
    void stop();

    /// Before run() only.
    void observe_lag(lag_observer observer) { observer_ = std::move(observer); }
    void observe_faults(task_group::fault_observer observer) { on_fault_ = std::move(observer); }
    /// Counts an exception that ended something. On the worker's thread.
    void note_fault(const std::exception_ptr& fault) noexcept;
    /// Any thread.
    std::uint64_t faults() const { return faults_.load(std::memory_order_relaxed); }
    /// The last measured lag; any thread.
    std::chrono::nanoseconds lag() const { return lag_.load(std::memory_order_relaxed); }

    static constexpr milliseconds cut_deadline{2'000};

private:
    void measure_lag();
    void run_loop();
    void cut();

    unsigned index_;
    // Only one thread uses its sockets; others only post.
    boost::asio::io_context loop_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
    deadline_sweep sweep_;   // frames that are destroyed with the loop may still unlink from it
    steady_timer lag_timer_; // measures how late the loop runs a timer
    task_group group_;
    lag_observer observer_;
    task_group::fault_observer on_fault_;
    std::atomic<std::uint64_t> faults_{0};
    std::atomic<std::chrono::nanoseconds> lag_{};
    std::atomic<bool> stopping_{false};
};

} // namespace gateway
