#include "store/sqlite/engine.hpp"

#include "base/memory/worker_memory.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace gateway::store {
namespace {

constexpr std::size_t batch_max = 128;

bool has(const std::vector<job_queue::owned_job>& batch, unit::kind what) {
    return std::any_of(batch.begin(), batch.end(), [what](const auto& one) { return one->how.what == what; });
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

} // namespace

sqlite_engine::sqlite_engine(std::unique_ptr<sqlite_database> at, store_limits limits)
    : engine(limits),
      at_(std::move(at)),
      jobs_(limits.waiting_max, [this] { wake(); }),
      thread_([this] { run_thread(); }) {}

void sqlite_engine::run_thread() {
    const worker_memory kept;
    loop_.run();
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
    boost::asio::post(loop_, [this, background = std::move(background)]() mutable {
        background_.spawn(std::move(background));
    });
}

task<result<void>> sqlite_engine::beat(deadline until) {
    return run(*this, unit::writes(), until, &try_disk);
}

void sqlite_engine::wake() {
    if (!woken_.exchange(true)) boost::asio::post(loop_, [this] { background_.spawn(drain()); });
}

/// Runs one batch; other work of the thread can run before the next one.
task<void> sqlite_engine::drain() {
    woken_.store(false);
    const auto batch = jobs_.take(batch_max); // their callers continue when this ends
    if (batch.empty()) co_return;
    at_->clear_failure();
    const bool waits_for_the_disk = has(batch, unit::kind::writes);
    const bool writes = waits_for_the_disk || has(batch, unit::kind::writes_with_the_next);
    if (writes) at_->begin(waits_for_the_disk);
    std::vector<std::optional<failure>> outcomes;
    outcomes.reserve(batch.size());
    for (const auto& one : batch) {
        auto outcome = co_await run_one(*one, writes);
        outcomes.push_back(std::move(outcome));
    }
    if (writes) {
        at_->execute("COMMIT");
        const bool durable = !at_->failed();
        at_->ended(durable);
        if (!durable && at_->in_transaction()) {
            at_->clear_failure();
            at_->execute("ROLLBACK");
        }
        // Readers of this batch have read data that did not become durable, so they fail, too.
        for (auto& outcome : outcomes)
            if (!durable && !outcome) outcome = job_queue::unavailable();
        at_->checkpoint_when_due(); // acknowledged writes are already in the log
    }
    note_health();
    for (std::size_t at = 0; at < batch.size(); ++at)
        job_queue::set_outcome(*batch[at], std::move(outcomes[at]));
    if (!jobs_.empty()) wake();
}

/// A fault leaves its batch unfinished in an open transaction, so the process must not go on. std::terminate
/// prints the exception.
void sqlite_engine::end_process(const std::exception_ptr& fault) {
    try {
        std::rethrow_exception(fault);
    } catch (...) {
        std::terminate();
    }
}

void sqlite_engine::note_health() {
    const std::lock_guard lock(mutex_);
    health_ = at_->beyond_help() ? health{condition::failed, at_->error()}
              : at_->no_room()   ? health{condition::disk_full, {}}
                                 : health{};
}

health sqlite_engine::state() const {
    const std::lock_guard lock(mutex_);
    return health_;
}

/// If the whole transaction was rolled back, the COMMIT fails and reports it.
task<std::optional<failure>> sqlite_engine::run_one(job& what, bool inside_transaction) {
    if (what.until.passed(steady_now())) co_return job_queue::too_late();
    const bool guarded = inside_transaction && what.how.what != unit::kind::reads;
    if (guarded) at_->execute("SAVEPOINT one");
    try {
        co_await what.run(*at_);
    } catch (...) { // a bug in one unit: the others continue
        at_->refuse("the work was given up");
    }
    std::optional<failure> failed;
    if (at_->failed()) {
        failed = job_queue::unavailable();
        if (inside_transaction && !at_->in_transaction()) co_return failed;
        at_->clear_failure();
        if (guarded) at_->execute("ROLLBACK TO one");
    }
    if (guarded) at_->execute("RELEASE one");
    co_return failed;
}

result<std::unique_ptr<sqlite_engine>> open_sqlite_engine(const std::string& path, store_limits limits,
                                                          sqlite_database::wall_clock clock) {
    auto opened = sqlite_database::open(path, std::move(clock));
    if (!opened) return opened.error();
    return std::make_unique<sqlite_engine>(std::move(*opened), limits);
}

} // namespace gateway::store
