#include "store/sqlite/engine.hpp"

#include "base/memory/memory_reserve.hpp"
#include "base/memory/worker_memory.hpp"
#include "runtime/waiter.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <new>
#include <utility>

namespace gateway::store {
namespace {

constexpr std::size_t batch_max = 128;
constexpr milliseconds batch_time_max{20}; // then the rest of a batch waits for the next one
constexpr milliseconds look_for_late_every{10};
constexpr milliseconds lock_patience{5'000};
constexpr milliseconds try_lock_every{10};

bool has(const std::vector<job_queue::owned_job>& batch, unit::kind what) {
    return std::any_of(batch.begin(), batch.end(), [what](const auto& one) { return one->how.what == what; });
}

/// The jobs from this place on, which leave the batch.
std::vector<job_queue::owned_job> split_off(std::vector<job_queue::owned_job>& batch, std::ptrdiff_t from) {
    std::vector<job_queue::owned_job> out;
    std::move(batch.begin() + from, batch.end(), std::back_inserter(out));
    batch.erase(batch.begin() + from, batch.end());
    return out;
}

/// On a full disk, only a write that needs new space shows whether there is any.
task<void> try_disk(transaction& at) {
    auto& database = static_cast<sqlite_database&>(at);
    if (database.no_room()) {
        statement trial{
            "INSERT INTO meta (name, value) VALUES ('room', zeroblob(65536)) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value"};
        co_await at.run(trial);
        database.try_room();
        co_return;
    }
    statement tidy{"DELETE FROM meta WHERE name = 'room'"};
    co_await at.run(tidy);
    statement touch{"UPDATE counters SET value = value WHERE name = 'fence'"};
    co_await at.run(touch);
}

/// A copy that is put back costs logins and posts, so it is advised only where nothing else helps.
std::string why_beyond_help(const sqlite_database& at) {
    return at.error()
           + (at.is_damaged()
                  ? "; the file is damaged, and a copy has to be put back (docs/operations.md §12)"
                  : "; look at the disk (docs/operations.md §4)");
}

} // namespace

sqlite_engine::sqlite_engine(std::unique_ptr<sqlite_database> at, store_limits limits)
    : engine(limits),
      at_(std::move(at)),
      jobs_(limits.waiting_max, [this] { wake(); }),
      thread_([this] { run_thread(); }) {}

void sqlite_engine::run_thread() {
    const worker_memory kept;
    memory_reserve::leave_body();
    for (bool ended = false; !ended;) {
        try {
            loop_.run();
            ended = true;
        } catch (...) { // of a handler; the loop is whole
            note_fault();
            wake_again();
        }
    }
}

void sqlite_engine::stop() {
    if (!thread_.joinable()) return;
    jobs_.end();
    boost::asio::post(loop_, [this] {
        background_.cancel();
        stay_.reset();
    });
    thread_.join();
}

void sqlite_engine::spawn(task<void> background) {
    const memory_reserve::scope no_failure;
    boost::asio::post(loop_, [this, background = std::move(background)]() mutable {
        background_.spawn(std::move(background));
    });
}

task<result<void>> sqlite_engine::beat(deadline until) {
    return run(*this, unit::writes(), until, &try_disk);
}

void sqlite_engine::wake() {
    const memory_reserve::scope no_failure; // else the queue would stay as it is
    if (woken_.exchange(true)) return;
    try {
        boost::asio::post(loop_, [this] { background_.spawn(drain()); });
    } catch (...) {
        woken_.store(false);
        throw;
    }
}

/// After a failure that may have come between wake() and drain().
void sqlite_engine::wake_again() {
    woken_.store(false);
    try {
        if (!jobs_.empty()) wake();
    } catch (const std::bad_alloc&) { // then the next job, at the latest one of the service's own, does
        note_fault();
    }
}

/// Jobs have no timers; those in the queue wait for this thread anyway.
void sqlite_engine::refuse_late() {
    const auto now = steady_now();
    if (now - late_ones_refused_ < look_for_late_every) return;
    late_ones_refused_ = now;
    jobs_.refuse_late(now);
}

/// Runs one batch; other work of the thread can run before the next one.
task<void> sqlite_engine::drain() {
    woken_.store(false);
    refuse_late();
    try {
        co_await run_batch();
    } catch (const std::exception&) {
        note_fault();
    }
    if (jobs_.empty()) co_return;
    if (!locked_since_) {
        wake();
    } else if (!std::exchange(tries_again_, true)) {
        const memory_reserve::scope no_failure;
        background_.spawn(try_again());
    }
}

task<void> sqlite_engine::try_again() {
    co_await pause_until(deadline::in(steady_now(), try_lock_every));
    tries_again_ = false;
    wake();
}

/// What is left of a transaction by an exception is rolled back before the callers of its jobs continue, who
/// are told that they have failed. Jobs for which there is no time are given back.
task<void> sqlite_engine::run_batch() {
    batch now; // its callers continue when this ends
    take_batch(now);
    if (now.jobs.empty()) co_return;
    at_->clear_failure();
    try {
        const bool writes = begin_transaction(now);
        const auto end = steady_now() + batch_time_max;
        std::size_t done = 0;
        for (; done < now.jobs.size() && (done == 0 || steady_now() < end); ++done) {
            auto outcome = co_await run_one(*now.jobs[done], writes);
            now.outcomes[done] = std::move(outcome);
        }
        give_back_from(now, done);
        end_batch(now, writes);
    } catch (...) {
        give_up_batch();
        throw;
    }
}

void sqlite_engine::take_batch(batch& into) {
    const memory_reserve::scope no_failure;
    into.jobs = jobs_.take(batch_max);
    into.outcomes.resize(into.jobs.size());
}

void sqlite_engine::give_back_from(batch& now, std::size_t place) {
    const memory_reserve::scope no_failure;
    jobs_.give_back(split_off(now.jobs, static_cast<std::ptrdiff_t>(place)));
}

/// `false`: the batch only reads. If another process has locked the file, only its reads are left in it.
bool sqlite_engine::begin_transaction(batch& now) {
    const bool waits_for_the_disk = has(now.jobs, unit::kind::writes);
    if (!waits_for_the_disk && !has(now.jobs, unit::kind::writes_with_the_next)) return false;
    at_->begin(waits_for_the_disk);
    is_locked_.store(at_->found_lock());
    if (!at_->found_lock()) {
        locked_since_.reset();
        return true;
    }
    at_->clear_failure();
    const auto since = steady_now();
    if (!locked_since_ || since - locked_last_ > lock_patience)
        locked_since_ = since; // else it is the same lock
    locked_last_ = since;
    const memory_reserve::scope no_failure;
    const auto reads_end = std::stable_partition(
        now.jobs.begin(), now.jobs.end(), [](const auto& one) { return one->how.what == unit::kind::reads; });
    auto writes = split_off(now.jobs, reads_end - now.jobs.begin());
    if (since - *locked_since_ < lock_patience) jobs_.give_back(std::move(writes)); // else they fail here
    fill_with_reads(now);
    return false;
}

/// However many writes stand before them in the queue.
void sqlite_engine::fill_with_reads(batch& now) {
    auto more = jobs_.take_reads(batch_max - now.jobs.size());
    std::move(more.begin(), more.end(), std::back_inserter(now.jobs));
    now.outcomes.resize(now.jobs.size());
}

void sqlite_engine::end_batch(batch& now, bool writes) {
    const memory_reserve::scope no_failure; // what is durable is told to its callers
    if (writes) {
        at_->execute("COMMIT");
        const bool durable = !at_->failed();
        at_->ended(durable);
        if (!durable && at_->in_transaction()) {
            at_->clear_failure();
            at_->execute("ROLLBACK");
        }
        // Readers of this batch have read data that did not become durable, so they fail, too.
        for (auto& outcome : now.outcomes)
            if (!durable && !outcome) outcome = job_queue::unavailable();
        at_->checkpoint_when_due(); // acknowledged writes are already in the log
    }
    note_health();
    for (std::size_t at = 0; at < now.jobs.size(); ++at)
        job_queue::set_outcome(*now.jobs[at], std::move(now.outcomes[at]));
}

void sqlite_engine::give_up_batch() {
    const memory_reserve::scope no_failure;
    at_->clear_failure();
    if (at_->in_transaction()) at_->execute("ROLLBACK");
    at_->ended(false);
    note_health();
}

void sqlite_engine::note_health() {
    const std::lock_guard lock(mutex_);
    health_ = at_->beyond_help() ? health{condition::failed, why_beyond_help(*at_)}
              : at_->no_room()   ? health{condition::disk_full, {}}
                                 : health{};
}

std::string sqlite_engine::trouble() const {
    if (is_locked_.load()) return "another process has locked the file";
    return state().now == condition::disk_full ? "the disk is full" : std::string{};
}

health sqlite_engine::state() const {
    const std::lock_guard lock(mutex_);
    return health_;
}

task<std::optional<failure>> sqlite_engine::run_one(job& what, bool inside_transaction) {
    if (what.until.passed(steady_now())) co_return job_queue::too_late();
    const bool guarded = inside_transaction && what.how.what != unit::kind::reads;
    if (guarded) at_->execute("SAVEPOINT one");
    try {
        co_await what.run(*at_);
    } catch (...) { // of one unit: the others continue
        const memory_reserve::scope no_failure;
        note_fault();
        at_->refuse("the work was given up");
    }
    co_return end_one(inside_transaction, guarded);
}

/// If the whole transaction was rolled back, the COMMIT fails and reports it.
std::optional<failure> sqlite_engine::end_one(bool inside_transaction, bool guarded) {
    const memory_reserve::scope no_failure; // a unit that failed must leave nothing
    std::optional<failure> failed;
    if (at_->failed()) {
        failed = job_queue::unavailable();
        if (inside_transaction && !at_->in_transaction()) return failed;
        at_->clear_failure();
        if (guarded) at_->execute("ROLLBACK TO one");
    }
    if (guarded) at_->execute("RELEASE one");
    return failed;
}

result<std::unique_ptr<sqlite_engine>> open_sqlite_engine(const std::string& path, store_limits limits,
                                                          sqlite_database::wall_clock clock) {
    auto opened = sqlite_database::open(path, std::move(clock));
    if (!opened) return opened.error();
    return std::make_unique<sqlite_engine>(std::move(*opened), limits);
}

} // namespace gateway::store
