// Threads for blocking work (SQLite, files, key derivation), with a bounded queue that refuses when full, so
// that a slow disk never stops a loop (docs/code-rules.md §21). Made by main, shared by all workers;
// destroyed before their loops, after finishing what it has accepted.
#pragma once
#include "base/result.hpp"
#include "runtime/task.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace gateway {

class blocking_pool {
public:
    /// One piece of work. It lives in the frame of the coroutine that waits for it, and holds a place in the
    /// queue.
    class job {
    public:
        job(blocking_pool& pool, executor_type home);
        job(const job&) = delete;
        job& operator=(const job&) = delete;
        /// False: the queue is full; do not run the job.
        bool accepted() const { return accepted_; }

        virtual ~job();

    private:
        friend class blocking_pool;
        /// Asio's handler for the waiting coroutine. (Not any_completion_handler: in Boost 1.81 it copies
        /// itself in an endless recursion when it is captured.)
        struct continuation {
            virtual ~continuation() = default;
            virtual void resume() = 0; // on the home loop
        };
        virtual void run() noexcept = 0; // on a thread of the pool

        blocking_pool& pool_;
        bool accepted_;
        job* next_ = nullptr;
        boost::asio::executor_work_guard<executor_type>
            stay_; // keeps the loop running until the work is done
        std::unique_ptr<continuation> resume_;
    };

    /// At most `threads` jobs run and `queue_max` wait.
    blocking_pool(unsigned threads, std::size_t queue_max);
    ~blocking_pool();
    blocking_pool(const blocking_pool&) = delete;
    blocking_pool& operator=(const blocking_pool&) = delete;

    /// Runs an accepted job and resumes the coroutine on its own loop. A cancellation does not end it.
    task<void> run(job& what);

    /// Runs work without a waiting coroutine, which must not fail, e.g. releasing something; any thread.
    /// False: the queue is full, and `work` was dropped without being run.
    bool leave(std::function<void()> work);

    /// Jobs that run or wait. Any thread.
    std::size_t accepted() const;

private:
    struct state;
    bool accept();
    void release();
    void enqueue(job& what);
    void serve();
    std::unique_ptr<state> state_;
};

namespace detail {
template <class R>
struct as_result {
    using type = result<R>;
};
template <class T>
struct as_result<result<T>> {
    using type = result<T>;
};

template <class F>
class blocking_job final : public blocking_pool::job {
public:
    using value = std::invoke_result_t<F&>;
    using outcome = typename as_result<value>::type;

    blocking_job(blocking_pool& pool, executor_type home, F work) : job(pool, home), work_(std::move(work)) {}
    outcome take() {
        if (thrown_) std::rethrow_exception(thrown_);
        return std::move(*out_);
    }

private:
    void run() noexcept override {
        try {
            if constexpr (std::is_void_v<value>) {
                work_();
                out_.emplace();
            } else {
                out_.emplace(work_());
            }
        } catch (...) {
            thrown_ = std::current_exception();
        }
    }
    F work_;
    std::optional<outcome> out_;
    std::exception_ptr thrown_;
};
} // namespace detail

/// Runs `work` on the pool and comes back to the caller's loop with what it returned (a result<T> stays one,
/// a T becomes one); what it threw is thrown here. Fails with overloaded when the queue is full. Cannot be
/// interrupted: the coroutine stays until `work` has ended, so `work` may refer to its frame. Name the lambda
/// before the co_await (gcc 12).
template <class F>
task<typename detail::blocking_job<F>::outcome> run_blocking(blocking_pool& pool, F work) {
    const executor_type home = co_await boost::asio::this_coro::executor;
    detail::blocking_job<F> job(pool, home, std::move(work));
    if (!job.accepted())
        co_return failure{errc::overloaded, "too much work waits for the disk; try again soon"};
    co_await pool.run(job);
    co_return job.take();
}

} // namespace gateway
