// Lets a coroutine wait for another thread: resume(), called there, continues the coroutine on its own loop.
// Lives in the frame of the waiting coroutine.
#pragma once
#include "runtime/task.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <functional>
#include <memory>

namespace gateway {

class thread_handoff {
public:
    explicit thread_handoff(executor_type home);
    thread_handoff(const thread_handoff&) = delete;
    thread_handoff& operator=(const thread_handoff&) = delete;
    ~thread_handoff();

    /// Calls `start` once the coroutine can be resumed; from then on resume() must be called exactly once. A
    /// cancellation does not end it, so the other thread may use the coroutine's frame.
    task<void> wait(std::function<void()> start);
    /// Any thread. The object and its frame may be destroyed when this returns.
    void resume();

private:
    /// Asio's handler for the waiting coroutine. (Not any_completion_handler: in Boost 1.81 it copies itself
    /// in an endless recursion when it is captured.)
    struct continuation {
        virtual ~continuation() = default;
        virtual void go_on() = 0; // on the home loop
    };

    boost::asio::executor_work_guard<executor_type> stay_; // keeps the loop running until the work is done
    std::unique_ptr<continuation> waiting_;
};

} // namespace gateway
