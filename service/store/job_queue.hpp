// The queue of jobs for the store's thread: bounded, shared out between those who wait, refuses jobs whose
// deadline has passed, and resumes the waiting coroutine on its own loop. Any thread may add; the store's
// thread takes. Owned by an engine.
//
// Each sharer (base/sharer.hpp) has a line of its own, and so has upkeep; the lines are served in turn, one
// job each, so that nobody waits for all jobs of another. A caller's places are bounded as those of every
// bound that callers share (base/fair_share.hpp). No failed allocation may leave the lines half changed, so
// the reserve serves it.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/engine.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace gateway::store {

class job_queue {
public:
    /// Resumes the job's caller. The job may no longer exist afterwards.
    struct resume_caller {
        void operator()(engine::job* ended) const;
    };
    /// A job for its caller, who is resumed when this is destroyed, also if the coroutine that runs the job
    /// is. It has failed as unavailable(), unless set_outcome() was called.
    using owned_job = std::unique_ptr<engine::job, resume_caller>;

    /// `added` is called after each new job, on the thread that adds it; it posts to the store's loop.
    job_queue(std::size_t waiting_max, std::function<void()> added);

    /// Waits for the job. Empty if it is done and durable, else the failure.
    task<std::optional<failure>> perform(engine::job& what);

    /// The next jobs, at most `count_max`, of each line in turn.
    std::vector<owned_job> take(std::size_t count_max);
    /// The same for jobs that only read, past those that write.
    std::vector<owned_job> take_reads(std::size_t count_max);
    /// Jobs that were taken and not begun, in the order of take(): they are the next ones again.
    void give_back(std::vector<owned_job> jobs);
    bool empty() const;
    /// Refuses jobs whose deadlines have passed.
    void refuse_late(steady_time now);
    /// Refuses all waiting and new jobs until reopen().
    void close();
    void reopen();
    /// Like close(), permanently.
    void end();

    /// `failed`: empty if the job is done.
    static void set_outcome(engine::job& of, std::optional<failure> failed);
    static failure unavailable();
    static failure too_late();

private:
    using line = std::deque<owned_job>; // oldest first

    using line_name = std::optional<sharer>; // empty: upkeep

    void add(engine::job& what);
    line& line_of(const engine::job& what);
    void forget_empty_places(std::size_t taken);

    const std::size_t waiting_max_;
    const std::function<void()> added_;
    mutable std::mutex mutex_;
    std::map<line_name, line> lines_; // also empty ones
    std::deque<line*> turns_;         // the lines that are not empty, the next one first
    std::size_t waiting_ = 0;         // in all lines
    bool open_ = true;
    bool ended_ = false;
};

} // namespace gateway::store
