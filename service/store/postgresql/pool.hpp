// The one thread of a PostgreSQL store, its connections and the line of jobs before them. Each connection has
// a place whose coroutine connects, takes the next job, and connects anew when a job or the server has spoilt
// it; so an outage heals by itself. While there is no connection at all, jobs are refused soon instead of
// being held to their deadlines. Any worker may add; the store's thread runs; the caller resumes on its own.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/blocking.hpp"
#include "runtime/crossing.hpp"
#include "runtime/task.hpp"
#include "runtime/worker.hpp"
#include "store/open_store.hpp"
#include "store/postgresql/address.hpp"
#include "store/postgresql/connection.hpp"
#include "store/records.hpp"

#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace gateway::store {

/// How a job becomes durable. `statements`: each by itself. `transaction`: all or nothing; with a lock it is
/// also alone among the transactions of all replicas that name the same.
struct unit {
    static unit statements() { return {false, std::nullopt}; }
    static unit transaction() { return {true, std::nullopt}; }
    static unit transaction_of(const user_id& user);
    static unit transaction_of(const window_name& window);
    static unit transaction_with(std::int64_t lock) { return {true, lock}; }

    bool transaction_wanted;
    std::optional<std::int64_t> lock;
};

class postgresql_pool {
public:
    /// Lives in the frame of the coroutine that waits for it.
    class job {
    public:
        job(executor_type home, unit what, deadline until) : unit_(what), until_(until), back_(home) {}
        job(const job&) = delete;
        job& operator=(const job&) = delete;
        virtual ~job() = default;

    private:
        friend class postgresql_pool;
        /// Perhaps more than once: what it did before was taken back then.
        virtual task<void> run(postgresql_connection& at) = 0;

        unit unit_;
        deadline until_;
        crossing back_;
        std::optional<failure> failed_;
    };

    postgresql_pool(postgresql_address address, store_limits limits);
    /// Ends what runs (vault_unavailable) and waits for the thread; nobody may call any more.
    ~postgresql_pool();
    postgresql_pool(const postgresql_pool&) = delete;
    postgresql_pool& operator=(const postgresql_pool&) = delete;

    /// Empty when the job was done and is durable, else why it was not.
    task<std::optional<failure>> perform(job& what);
    /// A coroutine of the store's own, on its thread, until the pool ends.
    void keep_doing(task<void> chore);
    /// A connection for such a chore, beside those that do the jobs. `false`: at.error() says why.
    task<bool> connect(postgresql_connection& at);
    worker& home() { return home_; }
    /// Whether that is one of the connections that do the jobs. The store's thread.
    bool is_own(int backend) const { return backends_.contains(backend); }
    /// Why there is no connection, for the operator; empty while there is one.
    std::string trouble() const;

private:
    class landing;

    void run_thread();
    void add(job& what);
    job* take();
    void refuse_waiting(bool all);
    void wake_one();
    bool is_down() const;
    task<void> keep_place(unsigned number);
    task<void> serve(postgresql_connection& at);
    task<void> run_job(postgresql_connection& at, job& what);
    task<void> run_once(postgresql_connection& at, job& what);
    task<void> keep_time();
    void note_connected();
    void note_lost();
    void note_trouble(std::string why);

    const postgresql_address address_;
    const store_limits limits_;
    worker home_;
    blocking_pool names_;
    std::vector<postgresql_connection*> idle_; // this and the next: the store's thread only
    std::set<int> backends_;
    unsigned connected_ = 0;
    steady_time alone_since_ = steady_now(); // when the last connection went
    mutable std::mutex mutex_;
    std::deque<job*> waiting_; // oldest first
    bool down_ = false;
    bool ending_ = false;
    std::string trouble_;
    std::thread thread_;
};

namespace detail {
template <class F>
struct awaited_by;
template <class T>
struct awaited_by<task<T>> {
    using type = T;
};

template <class F>
class postgresql_job final : public postgresql_pool::job {
public:
    using value = typename awaited_by<std::invoke_result_t<F&, postgresql_connection&>>::type;

    postgresql_job(executor_type home, unit what, deadline until, F& work)
        : job(home, what, until), work_(work) {}
    value take() { return std::move(*out_); }

private:
    task<void> run(postgresql_connection& at) override {
        value out = co_await work_(at);
        out_.emplace(std::move(out));
    }
    F& work_;
    std::optional<value> out_;
};
} // namespace detail

/// Runs `work(connection)`, which gives a task, on the store's thread. vault_unavailable, deadline_exceeded.
template <class F>
auto on_pool(postgresql_pool& pool, unit what, deadline until, F work)
    -> task<result<typename detail::postgresql_job<F>::value>> {
    const executor_type home = co_await boost::asio::this_coro::executor;
    detail::postgresql_job<F> mine(home, what, until, work);
    auto failed = co_await pool.perform(mine);
    if (failed) co_return std::move(*failed);
    co_return mine.take();
}

} // namespace gateway::store
