// The thread of a PostgreSQL store and its connections. Each connection has a slot whose coroutine connects,
// runs jobs, and reconnects when the connection is broken, so it recovers from an outage by itself. While
// there is no connection, jobs are refused early instead of waiting for their deadlines.
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

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace gateway::store {

class postgresql_pool {
public:
    /// `owner`: the owner of written rows; outlives the pool.
    postgresql_pool(postgresql_address address, std::string schema, store_limits limits,
                    const std::string& owner);
    ~postgresql_pool() { stop(); }
    postgresql_pool(const postgresql_pool&) = delete;
    postgresql_pool& operator=(const postgresql_pool&) = delete;

    job_queue& jobs() { return jobs_; }
    /// Runs a background coroutine on the pool's thread until the pool ends.
    void spawn(task<void> background);
    /// Ends running jobs (vault_unavailable) and waits for the thread; later jobs are refused.
    void stop();
    /// Opens a connection for a background coroutine. `false`: at.error() has the reason.
    task<bool> connect(postgresql_connection& at);
    worker& home() { return home_; }
    const std::string& owner() const { return owner_; }
    /// Whether it is one of the pool's connections. On the store's thread.
    bool is_own(int backend) const { return backends_.contains(backend); }
    /// Why there is no connection, for the operator; empty if there is one.
    std::string trouble() const;
    /// The server has refused no connection; it may not have answered yet.
    bool refused_nothing() const {
        const auto why = trouble();
        return why.empty() || why == no_answer_yet;
    }
    const std::string& schema() const { return schema_; }
    /// The last connection was not used because others may create in the schema (neighbours.hpp).
    bool is_open_to_others() const { return is_open_to_others_.load(); }

private:
    class backend_entry;
    class idle_entry;
    static constexpr std::string_view no_answer_yet = "no connection in time";

    void run_thread();
    task<void> keep(std::function<task<void>()> start);
    void wake_one();
    task<void> run_slot(unsigned number);
    task<void> serve(postgresql_connection& at);
    task<void> run_job(postgresql_connection& at, job_queue::owned_job what);
    task<void> run_once(postgresql_connection& at, engine::job& what);
    task<void> keep_time();
    void set_trouble(std::string why);
    void note_trouble(std::string why);

    const postgresql_address address_;
    const std::string schema_;
    const store_limits limits_;
    const std::string& owner_;
    worker home_;
    job_queue jobs_;
    blocking_pool names_;
    std::vector<postgresql_connection*> idle_; // this and the next member: on the store's thread only
    std::multiset<int> backends_; // of the connections; after a failover of the server two may be equal
    steady_time alone_since_ = steady_now(); // when the last connection was lost
    std::atomic<bool> is_open_to_others_{false};
    mutable std::mutex mutex_;
    std::string trouble_;
    std::thread thread_;
};

} // namespace gateway::store
