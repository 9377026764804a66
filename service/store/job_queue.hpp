// The queue of jobs for the store's thread: bounded, refuses jobs whose deadline has passed, and resumes the
// waiting coroutine on its own loop. Any thread may add; the store's thread takes. Owned by an engine.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/engine.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

namespace gateway::store {

class job_queue {
public:
    /// `added` is called after each new job, on the thread that adds it; it posts to the store's loop.
    job_queue(std::size_t waiting_max, std::function<void()> added);

    /// Waits for the job. Empty if it is done and durable, else the failure.
    task<std::optional<failure>> perform(engine::job& what);

    /// The oldest jobs, at most `count_max`. Each must be completed.
    std::vector<engine::job*> take(std::size_t count_max);
    /// The oldest job; null if there is none.
    engine::job* take();
    bool empty() const;
    /// Completes jobs whose deadlines have passed.
    void refuse_late(steady_time now);
    /// Refuses all waiting and new jobs until reopen().
    void close();
    void reopen();
    /// Like close(), permanently.
    void end();

    /// Completes a job for its caller, also if the coroutine that runs it is destroyed: as failed, unless
    /// succeed() was called. The job may no longer exist afterwards.
    class completion_guard {
    public:
        explicit completion_guard(engine::job& what);
        completion_guard(const completion_guard&) = delete;
        completion_guard& operator=(const completion_guard&) = delete;
        ~completion_guard();

        void succeed();

    private:
        engine::job& what_;
    };
    static void complete(engine::job& what, std::optional<failure> outcome);
    static failure unavailable();
    static failure too_late();

private:
    void add(engine::job& what);

    const std::size_t waiting_max_;
    const std::function<void()> added_;
    mutable std::mutex mutex_;
    std::deque<engine::job*> waiting_; // oldest first
    bool open_ = true;
    bool ended_ = false;
};

} // namespace gateway::store
