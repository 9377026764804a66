// Threads for blocking work (SQLite, files, key derivation), with a bounded queue that refuses when full, so
// that a slow disk never stops a loop (docs/code-rules.md §21). Made by the service, shared by all workers;
// destroyed before their loops, after finishing what it has accepted.
#pragma once
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "runtime/thread_handoff.hpp"

#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace gateway {

class blocking_pool {
public:
    /// At most `threads` pieces of work run and `queue_max` wait.
    blocking_pool(unsigned threads, std::size_t queue_max)
        : accepted_max_(threads + queue_max), threads_(threads) {}
    ~blocking_pool();
    blocking_pool(const blocking_pool&) = delete;
    blocking_pool& operator=(const blocking_pool&) = delete;

    /// Work that must not fail, e.g. giving something back; any thread. `ended` is called once the work no
    /// longer counts. False: the bound is reached, and neither is called.
    bool leave(std::function<void()> work, std::function<void()> ended = {});

    /// What runs or waits; any thread.
    std::size_t accepted() const { return accepted_.load(); }

private:
    const std::size_t accepted_max_;
    std::atomic<std::size_t> accepted_{0};
    boost::asio::thread_pool threads_;
};

namespace detail {
template <class R>
struct as_result : std::type_identity<result<R>> {};
template <class T>
struct as_result<result<T>> : std::type_identity<result<T>> {};
} // namespace detail

/// Runs `work` on the pool and comes back to the caller's loop with what it returned (a result<T> stays one,
/// a T becomes one); what it threw is thrown here. Fails with overloaded when the queue is full. Cannot be
/// interrupted: the coroutine stays until `work` has ended, so `work` may refer to its frame. Name the lambda
/// before the co_await (gcc 12).
template <class F>
task<typename detail::as_result<std::invoke_result_t<F&>>::type> run_blocking(blocking_pool& pool, F work) {
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
        if (pool.leave(job, resume)) return;
        out.emplace(failure{errc::overloaded, "too much work waits for the disk; try again soon"});
        resume();
    };
    co_await back.wait(start);
    if (thrown) std::rethrow_exception(thrown);
    co_return std::move(*out);
}

} // namespace gateway
