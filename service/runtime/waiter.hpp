// Waiting for a turn. The waiter's own timer is its place in the line and the timer's expiry is its deadline;
// whether it was woken is told by state, never by an error code, so timer, wake and cancellation cannot race
// (P16). One thread. A coroutine that is cancelled while it waits leaves the line by itself.
#pragma once
#include "base/clock.hpp"
#include "runtime/task.hpp"

#include <boost/asio/basic_waitable_timer.hpp>

#include <chrono>
#include <cstddef>

namespace gateway {

using steady_timer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, executor_type>;

/// A place to wait once. Lives in the waiting coroutine's frame.
class waiter {
public:
    waiter(executor_type home, deadline until) : timer_(home), until_(until) {}
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    /// True: woken. False: the deadline passed. Throws when the coroutine is cancelled.
    task<bool> wait();
    /// Before or during wait(); the owner's thread.
    void wake();
    bool woken() const { return woken_; }
    executor_type executor() { return timer_.get_executor(); }

private:
    steady_timer timer_;
    deadline until_;
    bool woken_ = false;
};

/// Waits until `until`; throws when the coroutine is cancelled.
task<void> pause_until(deadline until);

} // namespace gateway
