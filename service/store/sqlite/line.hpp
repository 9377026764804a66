// The line of jobs before the one thread of a SQLite store. Whoever comes to the thread first does all that
// waits: one transaction for the batch, a savepoint for each job. Any worker may add; one thread runs.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/blocking.hpp"
#include "runtime/task.hpp"
#include "store/sqlite/database.hpp"
#include "store/store.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace gateway::store {

/// The third changes rows as well, and is durable with the next job that writes: what comes before a write in
/// the log is there when that is.
enum class effect { reads, writes, writes_with_the_next };

class sqlite_line {
public:
    /// Lives in the frame of the coroutine that waits for it.
    class job {
    public:
        job(effect what, deadline until) : effect_(what), until_(until) {}
        job(const job&) = delete;
        job& operator=(const job&) = delete;
        virtual ~job() = default;

    private:
        friend class sqlite_line;
        virtual void run(sqlite_database& at) = 0;

        effect effect_;
        deadline until_;
        bool done_ = false;
        std::optional<failure> failed_;
    };

    sqlite_line(std::unique_ptr<sqlite_database> at, std::size_t waiting_max);

    /// Empty when the job was done and is durable, else why it was not.
    task<std::optional<failure>> perform(job& what);
    /// As of the last batch; any thread.
    health how_it_is() const;

private:
    class turn;
    static constexpr std::size_t batch_max = 128;

    void add(job& what);
    std::vector<job*> take_batch();
    void serve(const job& until_done);
    void run_batch(const std::vector<job*>& batch);
    void run_one(job& what, bool inside_transaction);
    void tell_health();

    std::unique_ptr<sqlite_database> at_;
    mutable std::mutex mutex_;
    std::vector<job*> waiting_; // oldest first
    health health_;             // under the mutex as well
    blocking_pool thread_;      // last: ends before what it works on
};

namespace detail {
template <class F>
class sqlite_job final : public sqlite_line::job {
public:
    using value = std::invoke_result_t<F&, sqlite_database&>;

    sqlite_job(effect what, deadline until, F& work) : job(what, until), work_(work) {}
    value take() { return std::move(*out_); }

private:
    void run(sqlite_database& at) override { out_.emplace(work_(at)); }
    F& work_;
    std::optional<value> out_;
};
} // namespace detail

/// Runs `work(database)` on the store's thread. vault_unavailable, deadline_exceeded.
template <class F>
task<result<std::invoke_result_t<F&, sqlite_database&>>> on_line(sqlite_line& line, effect what,
                                                                 deadline until, F work) {
    detail::sqlite_job<F> mine(what, until, work);
    auto failed = co_await line.perform(mine);
    if (failed) co_return std::move(*failed);
    co_return mine.take();
}

} // namespace gateway::store
