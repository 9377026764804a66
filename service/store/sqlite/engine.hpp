// The engine for one SQLite file, with its own thread: units that wait at the same time share one transaction
// and one fsync, each in a savepoint, so that a failing unit does not affect others. A unit never waits, so
// its coroutine runs to its end at once.
//
// While another process has locked the file (a backup), units that read go on, past those that write, which
// stay in the queue until their deadlines and are tried again shortly; after some seconds they fail at once,
// until the lock is gone.
#pragma once
#include "base/clock.hpp"
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
#include <vector>

namespace gateway::store {

class sqlite_engine final : public engine {
public:
    sqlite_engine(std::unique_ptr<sqlite_database> at, store_limits limits);
    ~sqlite_engine() override { stop(); }

    task<std::optional<failure>> perform(job& what) override { return jobs_.perform(what); }
    task<result<void>> beat(deadline until) override;
    health state() const override;
    std::string trouble() const override;
    void spawn(task<void> background) override;
    void stop() override;

private:
    struct batch {
        std::vector<job_queue::owned_job> jobs;
        std::vector<std::optional<failure>> outcomes;
    };
    void run_thread();
    void wake();
    void wake_again();
    task<void> drain();
    void refuse_late();
    task<void> try_again();
    task<void> run_batch();
    void take_batch(batch& into);
    bool begin_transaction(batch& now);
    void give_back_from(batch& now, std::size_t place);
    void fill_with_reads(batch& now);
    void end_batch(batch& now, bool writes);
    void give_up_batch();
    task<std::optional<failure>> run_one(job& what, bool inside_transaction);
    std::optional<failure> end_one(bool inside_transaction, bool guarded);
    void note_health();

    std::unique_ptr<sqlite_database> at_; // on the store's thread only
    mutable std::mutex mutex_;            // for the next member
    health health_;                       // the state after the last batch
    std::atomic<bool> is_locked_{false};  // another process kept it from writing at the last try
    boost::asio::io_context loop_{1};
    boost::asio::executor_work_guard<executor_type> stay_{loop_.get_executor()};
    task_group background_{loop_.get_executor(), [this](const std::exception_ptr&) { note_fault(); }};
    std::optional<steady_time> locked_since_; // this and the next three: on the store's thread only
    steady_time locked_last_;                 // when the lock was met last
    bool tries_again_ = false;                // a try_again() waits
    steady_time late_ones_refused_;           // when
    std::atomic<bool> woken_{false};          // a drain() is posted
    job_queue jobs_;
    std::thread thread_;
};

/// Opens or creates the file. The failure's message is for the operator: a second process, a file of another
/// program, a newer schema.
result<std::unique_ptr<sqlite_engine>> open_sqlite_engine(const std::string& path, store_limits limits,
                                                          sqlite_database::wall_clock clock = wall_now);

} // namespace gateway::store
