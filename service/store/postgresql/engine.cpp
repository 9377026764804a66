#include "store/postgresql/engine.hpp"

#include "base/digest.hpp"
#include "limits/share.hpp"
#include "runtime/keep_running.hpp"
#include "runtime/waiter.hpp"
#include "store/postgresql/change_text.hpp"
#include "store/postgresql/migrations.hpp"
#include "store/postgresql/neighbours.hpp"
#include "store/queries.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace gateway::store {
namespace {

constexpr milliseconds deregister_timeout{1'000};
constexpr milliseconds window_length{60'000}; // of every window (docs/tiktok-wire.md §0)
constexpr milliseconds open_again_after{500};
constexpr milliseconds look_again_after{50};

/// Writes this replica's heartbeat and gives what it finds of the others. Claimants of crashed processes'
/// work are in the same table and do not count. Of those that are silent, the ones that were heard to the end
/// may live, cut off from the database.
task<limits::others_seen> heartbeat(transaction& at, const milliseconds& silent_max,
                                    const milliseconds& back_for) {
    const statement beat{
        "WITH others AS (SELECT alive_until, back_until, alive_until > now_ms() AS is_alive "
        "FROM store_instances WHERE owner <> $1 AND is_replica = 1), "
        "last AS (SELECT max(alive_until) AS heard FROM others WHERE NOT is_alive), "
        "seen AS (SELECT count(*) FILTER (WHERE is_alive) AS alive, "
        "count(*) FILTER (WHERE is_alive OR alive_until > last.heard - $4) AS known, "
        "coalesce(greatest(0, now_ms() + $2 - max(alive_until)), -1) AS silence, "
        "greatest(0, coalesce(max(back_until), 0) - now_ms()) AS back_for FROM others, last), "
        "beat AS (INSERT INTO store_instances (owner, alive_until, is_replica, back_until) "
        "VALUES ($1, now_ms() + $2, 1, now_ms() + $3) ON CONFLICT (owner) DO UPDATE "
        "SET alive_until = excluded.alive_until, back_until = excluded.back_until RETURNING owner) "
        "SELECT alive, known, silence, back_for, pg_notify(" CHANGES_CHANNEL ", 'beat') FROM beat, seen",
        at.owner(), silent_max, back_for, 3 * limits::beat_interval(silent_max)};
    auto found = co_await at.run(beat);
    limits::others_seen out;
    milliseconds silence{-1};
    found.next(out.alive, out.known, silence, out.back_for);
    if (silence.count() >= 0) out.silence = silence;
    co_return out;
}

/// What it has of TikTok's windows ends one window after its last call, unless it has told more.
task<void> deregister(transaction& at) {
    statement shares{
        "UPDATE window_shares SET held_until = least(held_until, now_ms() + $1) WHERE owner = $2",
        window_length, at.owner()};
    co_await execute(at, std::move(shares));
    co_await execute(at, statement{"DELETE FROM store_instances WHERE owner = $1", at.owner()});
}

/// Runs one coroutine to its end on the calling thread, for the start and the end of a store, where no loop
/// runs. Rethrows exceptions of the coroutine.
template <class T>
T wait_for(task<T> step) {
    boost::asio::io_context loop{1};
    auto got = boost::asio::co_spawn(loop, std::move(step), boost::asio::use_future);
    loop.run();
    return got.get();
}

constexpr std::size_t channel_bytes = 16;

struct preparation {
    std::string refused;  // why this program must not use the database
    std::string intruder; // who may create in the schema
    limits::others_seen others;
};

/// The first replica chooses it.
task<void> name_channel(transaction& at) {
    const auto name = random_bytes(channel_bytes);
    statement choose{
        "INSERT INTO meta (name, value) VALUES ('changes_channel', $1) ON CONFLICT (name) DO NOTHING",
        blob(name)};
    co_await execute(at, std::move(choose));
}

/// The one refusal at an opening that wants a word of ours: this role may not make its schema.
std::string with_cure(std::string error, const std::string& schema) {
    if (error.find("permission denied for database") == std::string::npos) return error;
    return error + "; its owner can make the schema for this role: CREATE SCHEMA " + schema
           + " AUTHORIZATION ROLE (docs/operations.md §3)";
}

/// `trouble`: the database's error, if it fails.
task<preparation> prepare_database(transaction& at, const std::string& schema, const milliseconds& silent_max,
                                   std::string* trouble) {
    auto& connection = static_cast<postgresql_connection&>(at);
    preparation out;
    out.refused = co_await migrate_postgresql(connection, schema);
    if (out.refused.empty()) {
        out.intruder = co_await find_intruder(connection, schema); // it may have been made just now
        co_await name_channel(at);
        out.others = co_await heartbeat(at, silent_max, milliseconds{0});
    }
    *trouble = with_cure(connection.error(), schema);
    co_return out;
}

task<std::optional<failure>> refuse_unopened() {
    co_return std::optional<failure>(job_queue::unavailable());
}

} // namespace

/// How one try to open the store has ended. `away`: it is worth another one.
struct postgresql_engine::opening {
    enum class end { open, away, refused, open_to_others } is = end::away;
    std::string why = {};
    bool is_slow = false; // `away`, without a word from the server
};

postgresql_engine::postgresql_engine(postgresql_address address, std::string schema, store_limits limits)
    : engine(limits),
      feed_(pool_, limits.silent_max / 3),
      pool_(std::move(address), std::move(schema), limits, owner_) {
    seen_.started_at = steady_now();
}

/// Deregisters, so that others may settle unfinished work at once.
void postgresql_engine::stop() {
    if (is_open())
        static_cast<void>(wait_for(
            run(*this, unit::writes(), deadline::in(steady_now(), deregister_timeout), &deregister)));
    pool_.stop();
}

/// Until the schema is prepared, no work but that finds the tables it knows.
task<std::optional<failure>> postgresql_engine::perform(job& what) {
    const bool prepares = what.how.lock == schema_lock;
    return is_open() || prepares ? pool_.jobs().perform(what) : refuse_unopened();
}

std::string postgresql_engine::trouble() const {
    if (is_open()) return pool_.trouble();
    const std::lock_guard lock(seen_mutex_);
    return not_open_because_;
}

result<void> postgresql_engine::start(if_away away) {
    const auto tried = wait_for(prepare_first());
    using end = opening::end;
    if (tried.is == end::open_to_others) return failure(errc::invalid_input, tried.why);
    if (tried.is == end::refused) return failure(errc::vault_unavailable, tried.why);
    if (tried.is == end::away && away == if_away::fail)
        return failure(errc::vault_unavailable, "The store cannot be opened: " + tried.why);
    const auto note = [this](const std::exception_ptr&) { note_fault(); };
    if (tried.is == end::open)
        begin_background();
    else
        spawn(keep_running([this] { return open_when_there(); }, note));
    return {};
}

task<postgresql_engine::opening> postgresql_engine::prepare_first() {
    const auto patience = deadline::in(steady_now(), limits().connect_within);
    while (true) {
        const auto within = limits().connect_within + limits().job_max;
        auto tried = co_await prepare(deadline::in(steady_now(), within));
        if (!tried.is_slow || patience.passed(steady_now())) co_return tried;
        co_await pause_until(deadline::in(steady_now(), look_again_after));
    }
}

/// What is refused now, such as a wrong password or a schema that a newer program has made, may be mended
/// while this one waits.
task<void> postgresql_engine::open_when_there() {
    {
        const std::lock_guard lock(seen_mutex_);
        seen_.waited_for_store = true;
    }
    const auto within = limits().connect_within + limits().job_max;
    while (!is_open()) {
        co_await pause_until(deadline::in(steady_now(), open_again_after));
        static_cast<void>(co_await prepare(deadline::in(steady_now(), within)));
    }
    begin_background();
}

void postgresql_engine::begin_background() {
    const auto note = [this](const std::exception_ptr&) { note_fault(); };
    spawn(keep_running([this] { return keep_beating(); }, note));
    spawn(keep_running([this] { return feed_.follow(); }, note));
}

task<postgresql_engine::opening> postgresql_engine::prepare(deadline until) {
    using end = opening::end;
    const auto began = steady_now();
    std::string trouble;
    const auto prepared = co_await run(*this, unit::of_schema(), until, &prepare_database, pool_.schema(),
                                       limits().silent_max, &trouble);
    opening out;
    if (!prepared) {
        if (pool_.is_open_to_others()) out.is = end::open_to_others;
        out.is_slow = trouble.empty() && pool_.refused_nothing();
        if (trouble.empty() || pool_.is_open_to_others()) trouble = pool_.trouble();
        out.why = trouble.empty() ? prepared.error().message() : std::move(trouble);
    } else if (!prepared->refused.empty()) {
        out = {end::refused, prepared->refused};
    } else if (!prepared->intruder.empty()) {
        out = {end::open_to_others, prepared->intruder};
    } else {
        out.is = end::open;
        note_beat(began, prepared->others);
    }
    const std::lock_guard lock(seen_mutex_);
    not_open_because_ = out.why;
    if (out.is == end::open) is_open_.store(true);
    co_return out;
}

/// Sends several heartbeats within the time after which a replica counts as dead.
task<void> postgresql_engine::keep_beating() {
    const auto every = limits::beat_interval(limits().silent_max);
    while (true) {
        co_await pause_until(deadline::in(steady_now(), every));
        // Its failure needs no answer: main checks readiness itself, and the next heartbeat follows.
        static_cast<void>(co_await beat(deadline::in(steady_now(), every)));
    }
}

task<result<void>> postgresql_engine::beat(deadline until) {
    const auto began = steady_now();
    const auto back_for = limits::until_all_is_told(window_length, *replicas(), began);
    const auto others = co_await run(*this, unit::writes(), until, &heartbeat, limits().silent_max, back_for);
    if (!others) {
        const std::lock_guard lock(seen_mutex_);
        seen_.beat_failed(began);
        co_return others.error();
    }
    note_beat(began, *others);
    co_return result<void>{};
}

void postgresql_engine::note_beat(steady_time began, const limits::others_seen& others) {
    const std::lock_guard lock(seen_mutex_);
    seen_.silent_max = limits().silent_max;
    seen_.beat(began, others);
}

std::optional<limits::replicas_seen> postgresql_engine::replicas() const {
    const std::lock_guard lock(seen_mutex_);
    return seen_;
}

result<std::unique_ptr<postgresql_engine>> open_postgresql_engine(const std::string& url, std::string schema,
                                                                  store_limits limits, if_away away) {
    auto address = read_postgresql_url(url);
    if (!address) return address.error();
    auto opened = std::make_unique<postgresql_engine>(std::move(*address), std::move(schema), limits);
    if (auto ready = opened->start(away); !ready) return ready.error();
    return opened;
}

} // namespace gateway::store
