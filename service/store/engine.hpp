// The port to what is durable: how units of work run. Two real engines stand behind it (SQLite for one
// process, PostgreSQL for any number of replicas) and one of the deterministic tests. What the units do, the
// SQL of the store's roles, is written once for all. Thread-safe: each call suspends the coroutine, never the
// thread.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "limits/share.hpp"
#include "runtime/task.hpp"
#include "runtime/thread_handoff.hpp"
#include "store/changes.hpp"
#include "store/statement.hpp"

#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace gateway::store {

/// `disk_full`: a write found no room; reads go on, no refresh begins, and beat() finds out when there is
/// room again. `failed`: an I/O error or a damaged file; nothing is read or written any more, and only a new
/// start can find out what the disk holds.
enum class condition { ok, disk_full, failed };

struct health {
    condition now = condition::ok;
    std::string reason; // of `failed`, for the log; no data in it
};

struct store_limits {
    std::size_t waiting_max = 4096; // jobs in the queue; more is refused at once
    milliseconds job_max{
        10'000}; // of one job, whatever its deadline; with PostgreSQL also on the server's side
    milliseconds silent_max{60'000}; // a replica unheard of for so long is gone
    // The rest is for PostgreSQL.
    unsigned connections = 8;
    milliseconds connect_within{5'000};
    milliseconds outage_patience{1'000}; // without any connection, a job waits so long for one
};

/// Names of units that are no user's and no window's: 'tkgw' and a number.
inline constexpr std::int64_t schema_lock = 0x746b6777'00000001;
inline constexpr std::int64_t settlement_lock = schema_lock + 1;

/// How a piece of work becomes durable, and which others it must not meet. Trivial, so that it may be made in
/// a co_await expression.
struct unit {
    enum class kind : std::uint8_t { reads, writes, writes_with_the_next };

    /// Each statement by itself; on SQLite always all or nothing.
    static unit reads() { return {}; }
    static unit writes() { return {kind::writes, false, {}}; }
    /// Durable with the next unit that writes: one wait for the disk is enough for both.
    static unit writes_with_the_next() { return {kind::writes_with_the_next, false, {}}; }
    /// All or nothing.
    static unit atomic_writes() { return {kind::writes, true, {}}; }
    /// All or nothing, and no two of the same name at once, on any replica.
    static unit of(const user_id& user);
    static unit of(const window_name& window);
    /// Who takes over what a dead process left must see who has taken before.
    static unit of_settlement() { return {kind::writes, true, settlement_lock}; }
    /// Replicas that start together come one by one.
    static unit of_schema() { return {kind::writes, true, schema_lock}; }

    kind what = kind::reads;
    bool atomic = false;
    std::optional<std::int64_t> lock; // a number for the name, the same on every replica
};

/// One unit at work, on the store's thread. The first error is kept and makes every later step do nothing, so
/// that an operation reads like its SQL and is judged once, at its end.
class transaction {
public:
    transaction() = default;
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;
    virtual ~transaction() = default;

    /// `what` is named in the caller's frame, never made in the co_await expression (gcc 12).
    virtual task<rows> run(const statement& what) = 0;
    /// The other replicas hear of it once the unit is durable. Wants an atomic unit.
    virtual void notify(change what) = 0;
    /// For what must not begin on a full disk: `false`, and the unit fails as if it had written (V01).
    virtual bool require_room() { return true; }
    /// A value that came back is not what it has to be: the unit fails.
    virtual void refuse(std::string why) = 0;
    virtual bool failed() const = 0;
    /// Names this opening of the store: whose a row is.
    virtual const std::string& owner() const = 0;
};

class engine {
public:
    class work;
    class job;

    explicit engine(store_limits limits) : limits_(limits) {}
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;
    virtual ~engine() = default;

    /// Runs the unit. Empty when it is done and durable, else why it is not: vault_unavailable,
    /// deadline_exceeded.
    virtual task<std::optional<failure>> perform(job& what) = 0;
    /// A read and a write that touch nothing: readiness. On a full disk a write that needs room; with
    /// replicas also that this one lives.
    virtual task<result<void>> beat(deadline until) = 0;

    /// As its last calls found it; any thread, no wait. An engine whose server looks after its own disk is
    /// always well.
    virtual health state() const { return {}; }
    /// Empty: this process is alone with the store. Any thread, no wait.
    virtual std::optional<limits::replicas_seen> replicas() const { return std::nullopt; }
    /// What was sent to the server can still become durable for so long after its caller has given up; zero:
    /// the outcome is known at once.
    virtual milliseconds visible_within() const { return milliseconds{0}; }
    /// What other processes on this store do, from now until stop_listening() has returned. Any thread. Never
    /// called where the store has one process.
    virtual void listen(change_listener& /*who*/) {}
    virtual void stop_listening(change_listener& /*who*/) {}

    /// A coroutine of a role's own, on the store's thread, until stop(). Any thread.
    virtual void spawn(task<void> background) = 0;
    /// Cancels what runs and what was spawned, and returns when all has ended; every later unit is refused.
    /// Any thread but the store's. An engine's destructor does it too: what spawned is to call it first.
    virtual void stop() = 0;

    const store_limits& limits() const { return limits_; }

private:
    const store_limits limits_;
};

/// What a unit does, with its arguments and what came of it. Shared by the caller and the engine: what was
/// sent over a network can be done after its caller has given up.
class engine::work {
public:
    work() = default;
    work(const work&) = delete;
    work& operator=(const work&) = delete;
    virtual ~work() = default;

    /// On the store's thread. Perhaps more than once: what it did before was taken back then.
    virtual task<void> run(transaction& at) = 0;
    /// An engine has begun with it: it may be done, whatever perform() gave.
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

template <class Value, class Call>
class operation final : public engine::work {
public:
    using value_type = Value;

    explicit operation(Call call) : call_(std::move(call)) {}
    task<void> run(transaction& at) override {
        if constexpr (std::is_void_v<Value>) {
            co_await call_(at);
        } else {
            Value out = co_await call_(at);
            out_.emplace(std::move(out));
        }
    }
    result<Value> take() {
        if constexpr (std::is_void_v<Value>)
            return {};
        else
            return std::move(*out_);
    }

private:
    const Call call_;
    std::optional<std::conditional_t<std::is_void_v<Value>, std::monostate, Value>> out_;
};

} // namespace detail

/// `operation(transaction, arguments...)`, which is a coroutine: its arguments lie in the work.
template <class Value, class... Parameters, class... Arguments>
auto make_work(task<Value> (*operation)(transaction&, Parameters...), Arguments... arguments) {
    auto call = [operation, ... arguments = std::move(arguments)](transaction& at) {
        return operation(at, arguments...);
    };
    return std::make_shared<detail::operation<Value, decltype(call)>>(std::move(call));
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

/// Runs `operation(transaction, arguments...)` as one unit; again, where the server took it back in favour of
/// another, so an operation keeps no state outside its frame. What it returns after an error means nothing.
/// vault_unavailable, deadline_exceeded.
template <class Value, class... Parameters, class... Arguments>
task<result<Value>> run(engine& on, unit how, deadline until,
                        task<Value> (*operation)(transaction&, Parameters...), Arguments... arguments) {
    return run_work(on, how, until, make_work(operation, std::move(arguments)...));
}

} // namespace gateway::store
