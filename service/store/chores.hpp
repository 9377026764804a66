// A thread with a loop for a coroutine of the store's own, where the engine has no loop. Made and ended by
// the store.
#pragma once
#include "runtime/task.hpp"
#include "runtime/task_group.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <thread>

namespace gateway::store {

class chores {
public:
    /// Starts `work` on the thread.
    explicit chores(task<void> work);
    /// Ends its waits; a job that another thread has from it is waited for, since its frame is the job's.
    ~chores();
    chores(const chores&) = delete;
    chores& operator=(const chores&) = delete;

private:
    boost::asio::io_context loop_{1};
    boost::asio::executor_work_guard<executor_type> stay_{loop_.get_executor()};
    task_group group_{loop_.get_executor()};
    std::thread thread_;
};

} // namespace gateway::store
