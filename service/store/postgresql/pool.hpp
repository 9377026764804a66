// The one thread of a PostgreSQL store and its connections. Each connection has a slot whose coroutine
// connects, takes the next job, and connects anew when a job or the server has spoilt it; so an outage heals
// by itself. While there is no connection at all, jobs are refused soon instead of being held to their
// deadlines.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/blocking.hpp"
#include "runtime/task.hpp"
#include "runtime/worker.hpp"
#include "store/engine.hpp"
#include "store/job_queue.hpp"
#include "store/postgresql/address.hpp"
#include "store/postgresql/connection.hpp"

#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace gateway::store {

class postgresql_pool {
public:
    /// `owner`: of the rows that are written; outlives the pool.
    postgresql_pool(postgresql_address address, store_limits limits, const std::string& owner);
    ~postgresql_pool() { stop(); }
    postgresql_pool(const postgresql_pool&) = delete;
    postgresql_pool& operator=(const postgresql_pool&) = delete;

    job_queue& jobs() { return jobs_; }
    /// A coroutine of the store's own, on its thread, until the pool ends.
    void spawn(task<void> background);
    /// Ends what runs (vault_unavailable) and waits for the thread; every later job is refused.
    void stop();
    /// A connection for such a chore, beside those that do the jobs. `false`: at.error() says why.
    task<bool> connect(postgresql_connection& at);
    worker& home() { return home_; }
    const std::string& owner() const { return owner_; }
    /// Whether that is one of the connections that do the jobs. The store's thread.
    bool is_own(int backend) const { return backends_.contains(backend); }
    /// Why there is no connection, for the operator; empty while there is one.
    std::string trouble() const;

private:
    void run_thread();
    void wake_one();
    task<void> run_slot(unsigned number);
    task<void> serve(postgresql_connection& at);
    task<void> run_job(postgresql_connection& at, engine::job& what);
    task<void> run_once(postgresql_connection& at, engine::job& what);
    task<void> keep_time();
    void note_connected();
    void note_lost();
    void note_trouble(std::string why);

    const postgresql_address address_;
    const store_limits limits_;
    const std::string& owner_;
    worker home_;
    job_queue jobs_;
    blocking_pool names_;
    std::vector<postgresql_connection*> idle_; // this and the next: the store's thread only
    std::set<int> backends_;
    unsigned connected_ = 0;
    steady_time alone_since_ = steady_now(); // when the last connection went
    mutable std::mutex mutex_;
    std::string trouble_;
    std::thread thread_;
};

} // namespace gateway::store
