// The interface of a durable engine: it runs units of work. There are two engines (SQLite for one process,
// PostgreSQL for any number of replicas) and one for the deterministic tests. The SQL of the units, in the
// store's roles, is the same for all. Thread-safe: each call suspends the coroutine, never the thread.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "limits/replicas_seen.hpp"
#include "runtime/task.hpp"
#include "runtime/thread_handoff.hpp"
#include "store/changes.hpp"
#include "store/statement.hpp"

#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace gateway::store {

/// `disk_full`: a write found no space; reads continue, no refresh begins, and beat() detects when there is
/// space again. `failed`: an I/O error or a damaged file; nothing is read or written any more, and only a new
/// start can find out the disk's state.
enum class condition { ok, disk_full, failed };

struct health {
    condition now = condition::ok;
    std::string reason; // for `failed`, for the log; contains no data
};

struct store_limits {
    std::size_t waiting_max = 4096; // jobs in the queue; more are refused at once (job_queue.hpp)
    milliseconds job_max{
        10'000}; // the longest time of one job, also with a later deadline; for PostgreSQL also in the server
    milliseconds silent_max{60'000}; // after this time without a heartbeat a replica counts as dead
    // The others are for PostgreSQL.
    unsigned connections = 8;
    milliseconds connect_within{5'000};
    milliseconds outage_patience{1'000}; // how long a job waits for a connection if there is none
};

/// For a server that does not answer when the store is opened: `open_later` gives a store that is not open
/// yet (engine::is_open) and opens as soon as the server is there.
enum class if_away : std::uint8_t { fail, open_later };

/// Names of units that belong to no user and no window: 'tkgw' and a number.
inline constexpr std::int64_t schema_lock = 0x746b6777'00000001;
inline constexpr std::int64_t settlement_lock = schema_lock + 1;
inline constexpr std::int64_t files_lock = schema_lock + 2;
inline constexpr std::int64_t webhooks_lock = schema_lock + 3;

/// The number of an owner's life: each of its connections to the server holds a lock of it.
std::int64_t life_lock(const std::string& owner);

/// How a piece of work becomes durable, and with which others it must not run concurrently. Trivial, so that
/// it may be made in a co_await expression.
struct unit {
    enum class kind : std::uint8_t { reads, writes, writes_with_the_next };

    /// Each statement by itself; with SQLite always atomic.
    static unit reads() { return {}; }
    static unit writes() { return {kind::writes, false, {}, {}}; }
    /// Durable with the next unit that writes, so that both need only one wait for the disk.
    static unit writes_with_the_next() { return {kind::writes_with_the_next, false, {}, {}}; }
    /// All or nothing.
    static unit atomic_writes() { return {kind::writes, true, {}, {}}; }
    /// Atomic, and units of the same name never run concurrently, on any replica.
    static unit of(const user_id& user);
    static unit of(const window_name& window);
    /// For what changes who holds a TikTok account: the question who is the last one has one answer.
    static unit of(const open_id& account);
    static unit of(const user_id& user, const open_id& account);
    /// For settling the work of crashed processes: each must see what others have claimed.
    static unit of_settlement() { return unit{kind::writes, true, settlement_lock, {}}.as_upkeep(); }
    /// For changes of the files and their sums, which all of them read.
    static unit of_files() { return {kind::writes, true, files_lock, {}}; }
    /// For the deliveries of webhooks, whose order each of them must see.
    static unit of_webhooks() { return unit{kind::writes, true, webhooks_lock, {}}.as_upkeep(); }
    /// Replicas that start at the same time run it one after the other.
    static unit of_schema() { return {kind::writes, true, schema_lock, {}}; }

    /// The same as upkeep: it takes turns with the calls, so it must be short, and long work must be many
    /// units.
    unit as_upkeep() const {
        unit out = *this;
        out.is_upkeep = true;
        return out;
    }

    kind what = kind::reads;
    bool atomic = false;
    std::optional<std::int64_t> lock;        // the number of the name, the same on every replica
    std::optional<std::int64_t> second_lock; // above the first, so that two units never wait for each other
    bool is_upkeep = false;
};

/// A running unit, on the store's thread. The first error is kept and makes every later step do nothing, so
/// that an operation needs no checks between its statements.
class transaction {
public:
    transaction() = default;
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;
    virtual ~transaction() = default;

    /// `what` must be a named object in the caller's frame, not made in the co_await expression (gcc 12).
    virtual task<rows> run(const statement& what) = 0;
    /// Notifies the other replicas once the unit is durable. Requires an atomic unit.
    virtual void notify(change what) = 0;
    /// For work that must not begin on a full disk: if `false`, the unit fails as if it had written (V01).
    virtual bool require_room() { return true; }
    /// A returned value has the wrong type: the unit fails.
    virtual void refuse(std::string why) = 0;
    virtual bool failed() const = 0;
    /// The id of this opening of the store, the owner of its rows.
    virtual const std::string& owner() const = 0;
    /// Whether the process of that owner has died, as far as the server can tell: none of its connections is
    /// left. One that is only paused is not gone, and one that has lost the server for a moment is.
    virtual task<bool> owner_is_gone(std::string /*owner*/) { co_return false; }
};

class engine {
public:
    class work;
    class job;

    explicit engine(store_limits limits) : limits_(limits) {}
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;
    virtual ~engine() = default;

    /// Runs the unit. Empty if it is done and durable, else the failure: vault_unavailable,
    /// deadline_exceeded.
    virtual task<std::optional<failure>> perform(job& what) = 0;
    /// A read and a write without effect, for readiness. On a full disk a write that needs space; with
    /// replicas also this one's heartbeat.
    virtual task<result<void>> beat(deadline until) = 0;

    /// The state after the last calls; any thread, no wait. Always ok for an engine whose server manages the
    /// disk.
    virtual health state() const { return {}; }
    /// False until the schema is as this program needs it, where the store was away when it was opened; every
    /// call fails with vault_unavailable until then. Any thread, no wait.
    virtual bool is_open() const { return true; }
    /// Why it does not answer, for the operator, as far as known. Any thread, no wait.
    virtual std::string trouble() const { return {}; }
    /// Empty if the store has one process. Any thread, no wait.
    virtual std::optional<limits::replicas_seen> replicas() const { return std::nullopt; }
    /// For this time after its caller has given up, a statement sent to the server can still become durable;
    /// zero: the outcome is known at once.
    virtual milliseconds visible_within() const { return milliseconds{0}; }
    /// Reports changes by other processes from now until stop_listening() has returned. Any thread. Reports
    /// nothing if the store has one process.
    virtual void listen(change_listener& /*who*/) {}
    virtual void stop_listening(change_listener& /*who*/) {}

    /// Runs a background coroutine on the store's thread, until stop(). Any thread.
    virtual void spawn(task<void> background) = 0;
    /// Cancels running units and spawned coroutines, and returns when all have ended; later units are
    /// refused. Any thread except the store's. An engine's destructor does it, too, but the owner of a
    /// spawned coroutine must call it first.
    virtual void stop() = 0;

    const store_limits& limits() const { return limits_; }
    /// Exceptions that ended a job or a part of the engine; any thread.
    std::uint64_t faults() const { return faults_.load(std::memory_order_relaxed); }
    void note_fault() { faults_.fetch_add(1, std::memory_order_relaxed); }

private:
    const store_limits limits_;
    std::atomic<std::uint64_t> faults_{0};
};

/// The work of a unit with its arguments and its result. Shared by the caller and the engine, because the
/// server can still do it after the caller has given up.
class engine::work {
public:
    work() = default;
    work(const work&) = delete;
    work& operator=(const work&) = delete;
    virtual ~work() = default;

    /// On the store's thread. May run more than once; earlier runs were rolled back.
    virtual task<void> run(transaction& at) = 0;
    /// An engine has started it, so it may be done, whatever perform() gave.
    bool was_begun() const { return begun_; }
    void note_begun() { begun_ = true; }

private:
    bool begun_ = false;
};

/// Lives in the frame of the coroutine that waits for it.
class engine::job {
public:
    job(executor_type home, unit unit_of_work, deadline end, std::shared_ptr<work> todo)
        : how(unit_of_work), until(end), what(std::move(todo)), back_(home) {}
    job(const job&) = delete;
    job& operator=(const job&) = delete;

    task<void> run(transaction& at) {
        what->note_begun();
        return what->run(at);
    }

    const unit how;
    const deadline until;
    const std::shared_ptr<work> what;

private:
    friend class job_queue;
    thread_handoff back_;
    std::optional<failure> failed_;
};

namespace detail {

template <class Call>
class operation final : public engine::work {
public:
    using value_type = typename std::invoke_result_t<Call, transaction&>::value_type;

    explicit operation(Call call) : call_(std::move(call)) {}
    task<void> run(transaction& at) override {
        if constexpr (std::is_void_v<value_type>) {
            co_await call_(at);
            out_.emplace();
        } else {
            value_type out = co_await call_(at);
            out_.emplace(std::move(out));
        }
    }
    result<value_type> take() { return std::move(*out_); }

private:
    const Call call_;
    std::optional<result<value_type>> out_;
};

} // namespace detail

/// `operation(transaction, arguments...)` gives a task. Both are stored in the work, so an operation may be a
/// coroutine with captures.
template <class Operation, class... Arguments>
auto make_work(Operation operation, Arguments&&... arguments) {
    auto call = [operation = std::move(operation), ... arguments = std::forward<Arguments>(arguments)](
                    transaction& at) { return operation(at, arguments...); };
    return std::make_shared<detail::operation<decltype(call)>>(std::move(call));
}

template <class Work>
task<result<typename Work::value_type>> run_work(engine& on, unit how, deadline until,
                                                 std::shared_ptr<Work> what) {
    const executor_type home = co_await boost::asio::this_coro::executor;
    engine::job mine(home, how, until, what);
    auto failed = co_await on.perform(mine);
    if (failed) co_return std::move(*failed);
    co_return what->take();
}

/// Runs `operation(transaction, arguments...)` as one unit. Repeats it if the server rolled it back in favour
/// of another, so an operation must keep no state outside its frame. Its result after an error is ignored.
/// vault_unavailable, deadline_exceeded.
template <class Operation, class... Arguments>
auto run(engine& on, unit how, deadline until, Operation operation, Arguments&&... arguments) {
    return run_work(on, how, until, make_work(std::move(operation), std::forward<Arguments>(arguments)...));
}

} // namespace gateway::store
