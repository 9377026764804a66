// The engine for one SQLite file, with its own thread: units that wait at the same time share one transaction
// and one fsync, each in a savepoint, so that a failing unit does not affect others. A unit never waits, so
// its coroutine runs to its end at once.
#pragma once
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "runtime/task_group.hpp"
#include "store/engine.hpp"
#include "store/job_queue.hpp"
#include "store/sqlite/database.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace gateway::store {

class sqlite_engine final : public engine {
public:
    sqlite_engine(std::unique_ptr<sqlite_database> at, store_limits limits);
    ~sqlite_engine() override { stop(); }

    task<std::optional<failure>> perform(job& what) override { return jobs_.perform(what); }
    task<result<void>> beat(deadline until) override;
    health state() const override;
    void spawn(task<void> background) override;
    void stop() override;

private:
    void run_thread();
    void wake();
    task<void> drain();
    task<std::optional<failure>> run_one(job& what, bool inside_transaction);
    void note_health();
    [[noreturn]] static void end_process(const std::exception_ptr& fault);

    std::unique_ptr<sqlite_database> at_; // this and the next member: on the store's thread only
    mutable std::mutex mutex_;
    health health_; // under the mutex; the state after the last batch
    boost::asio::io_context loop_{1};
    boost::asio::executor_work_guard<executor_type> stay_{loop_.get_executor()};
    task_group background_{loop_.get_executor(), end_process};
    std::atomic<bool> woken_{false}; // a drain() is posted
    job_queue jobs_;
    std::thread thread_;
};

/// Opens or creates the file. The failure's message is for the operator: a second process, a file of another
/// program, a newer schema.
result<std::unique_ptr<sqlite_engine>> open_sqlite_engine(const std::string& path, store_limits limits,
                                                          sqlite_database::wall_clock clock = wall_now);

} // namespace gateway::store
