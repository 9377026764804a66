// Threads for blocking work (files), with a bounded queue that callers share and that refuses when full, so
// that a slow disk never stops a loop (docs/code-rules.md §21). Each sharer has a line of its own; the lines
// are served in turn, one piece of work each, and while there are several callers one line has at most half
// of the threads, so nobody waits for all that another has given to the disk. Made by the service, shared by
// all workers; destroyed before their loops, after finishing what it has accepted.
#pragma once
#include "base/fair_share.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "runtime/thread_handoff.hpp"

#include <boost/asio/thread_pool.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace gateway {

class blocking_pool {
public:
    /// At most `threads` pieces of work run and `queue_max` wait. `callers` share them; null: one.
    blocking_pool(unsigned threads, std::size_t queue_max, const caller_count* callers = nullptr);
    ~blocking_pool();
    blocking_pool(const blocking_pool&) = delete;
    blocking_pool& operator=(const blocking_pool&) = delete;

    /// Work for a call of `by`; any thread. It must not throw. `ended` is called once the work no longer
    /// counts. False: the bound is reached, and neither is called. Throws std::bad_alloc, and neither is
    /// called.
    bool leave(std::function<void()> work, std::function<void()> ended = {}, sharer by = sharer::gateway);

    /// What runs or waits; any thread.
    std::size_t accepted() const;

private:
    struct job {
        std::function<void()> work, ended;
    };
    struct line {
        sharer by;
        std::deque<job> waiting; // oldest first
        unsigned running = 0;
    };
    using lines = std::list<line>; // whose elements do not move

    void run();
    // Under the mutex.
    lines::iterator line_of(sharer by);
    lines::iterator next();
    void leave_if_idle(lines::iterator which);

    const unsigned thread_count_;
    const caller_count& callers_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // Under the mutex:
    fair_share accepted_;
    lines lines_; // those with work, the next one first
    bool ending_ = false;

    boost::asio::thread_pool threads_;
};

namespace detail {
template <class R>
struct as_result : std::type_identity<result<R>> {};
template <class T>
struct as_result<result<T>> : std::type_identity<result<T>> {};
} // namespace detail

/// Runs `work` on the pool and comes back to the caller's loop with what it returned (a result<T> stays one,
/// a T becomes one); what it threw is thrown here. Fails with overloaded when the queue, or the share of
/// `by`, is full. Cannot be interrupted: the coroutine stays until `work` has ended, so `work` may refer to
/// its frame. Name the lambda before the co_await (gcc 12).
template <class F>
task<typename detail::as_result<std::invoke_result_t<F&>>::type> run_blocking(blocking_pool& pool, F work,
                                                                              sharer by = sharer::gateway) {
    std::optional<typename detail::as_result<std::invoke_result_t<F&>>::type> out;
    std::exception_ptr thrown;
    const executor_type home = co_await boost::asio::this_coro::executor;
    thread_handoff back(home);
    auto job = [&] {
        try {
            if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
                work();
                out.emplace();
            } else {
                out.emplace(work());
            }
        } catch (...) {
            thrown = std::current_exception();
        }
    };
    auto start = [&] {
        const auto resume = [&back] { back.resume(); };
        if (pool.leave(job, resume, by)) return;
        out.emplace(failure{errc::overloaded, "too much work waits for the disk; try again soon"});
        resume();
    };
    co_await back.wait(start);
    if (thrown) std::rethrow_exception(thrown);
    co_return std::move(*out);
}

} // namespace gateway
