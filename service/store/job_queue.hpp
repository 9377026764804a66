// Jobs of any worker before the store's thread: a bound, refusal of what comes too late, and the way back to
// the loop of whoever waits. Any thread may add; the store's thread takes. Owned by an engine.
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
    /// `added` is called for every job that waits from then on, on the thread that adds it: it posts to the
    /// store's loop.
    job_queue(std::size_t waiting_max, std::function<void()> added);

    /// The caller waits here. Empty when the job was done and is durable, else why it was not.
    task<std::optional<failure>> perform(engine::job& what);

    /// The oldest ones, at most so many. Each must be completed.
    std::vector<engine::job*> take(std::size_t count_max);
    /// The oldest one; null: none waits.
    engine::job* take();
    bool empty() const;
    /// Completes those whose deadlines have passed.
    void refuse_late(steady_time now);
    /// Refuses all that wait and all that come, until reopen().
    void close();
    void reopen();
    /// As close(), for good.
    void end();

    /// Sends a job back to its caller, also when the coroutine that worked on it is destroyed: failed, unless
    /// succeed() was called. The job may be gone when this is.
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
