// A coroutine that waits until a thread that is not its own lets it go on: how work done elsewhere comes back
// to the loop of whoever asked. Lives in the frame of the waiting coroutine.
#pragma once
#include "runtime/task.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <functional>
#include <memory>

namespace gateway {

class crossing {
public:
    explicit crossing(executor_type home);
    crossing(const crossing&) = delete;
    crossing& operator=(const crossing&) = delete;
    ~crossing();

    /// Calls `start` once the coroutine can be resumed; from then on resume() must come exactly once. Not
    /// ended by a cancellation, so that what is worked on elsewhere may lie in the coroutine's frame.
    task<void> wait(std::function<void()> start);
    /// Any thread. The crossing and its frame may be gone when this returns.
    void resume();

private:
    /// Asio's handler for the waiting coroutine. (any_completion_handler of Boost 1.81 copies itself for ever
    /// when it is captured.)
    struct continuation {
        virtual ~continuation() = default;
        virtual void go_on() = 0; // on the home loop
    };

    boost::asio::executor_work_guard<executor_type> stay_; // the loop does not end before the work
    std::unique_ptr<continuation> waiting_;
};

} // namespace gateway
