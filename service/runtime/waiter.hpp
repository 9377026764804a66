// Waiting in a queue. A waiter has a timer of its own, whose expiry is its deadline. Whether it was woken is
// stored as state and never derived from an error code, so timer, wake and cancellation cannot race
// (docs/code-rules.md §16). One thread. A coroutine that is cancelled while it waits leaves the queue by
// itself.
#pragma once
#include "base/clock.hpp"
#include "runtime/task.hpp"

#include <boost/asio/basic_waitable_timer.hpp>

#include <chrono>

namespace gateway {

using steady_timer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, executor_type>;

/// One wait. Lives in the waiting coroutine's frame.
class waiter {
public:
    waiter(executor_type home, deadline until) : timer_(home), until_(until) {}
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    /// True: woken. False: the deadline passed. Throws when the coroutine is cancelled.
    task<bool> wait();
    /// Call before or during wait(), on the owner's thread.
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
