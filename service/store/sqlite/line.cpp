#include "store/sqlite/line.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace gateway::store {
namespace {

failure unavailable() {
    return failure{errc::vault_unavailable, "The store does not answer; try again soon."};
}

} // namespace

sqlite_line::sqlite_line(std::unique_ptr<sqlite_database> at, std::size_t waiting_max)
    : at_(std::move(at)), thread_(1, waiting_max) {}

class sqlite_line::turn final : public blocking_pool::job {
public:
    turn(executor_type home, sqlite_line& line, const sqlite_line::job& mine)
        : blocking_pool::job(line.thread_, home), line_(line), mine_(mine) {}

private:
    void run() noexcept override { line_.serve(mine_); }
    sqlite_line& line_;
    const sqlite_line::job& mine_;
};

task<std::optional<failure>> sqlite_line::perform(job& what) {
    const executor_type home = co_await boost::asio::this_coro::executor;
    turn mine(home, *this, what);
    // The place comes first: once in the line, the job may run in anybody's turn and has to stay.
    if (!mine.accepted()) co_return unavailable();
    add(what);
    co_await thread_.run(mine);
    co_return what.failed_;
}

void sqlite_line::add(job& what) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(&what);
}

std::vector<sqlite_line::job*> sqlite_line::take_batch() {
    const std::lock_guard lock(mutex_);
    const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), batch_max));
    std::vector<job*> batch(waiting_.begin(), waiting_.begin() + count);
    waiting_.erase(waiting_.begin(), waiting_.begin() + count);
    return batch;
}

void sqlite_line::serve(const job& until_done) {
    while (!until_done.done_) {
        const auto batch = take_batch();
        run_batch(batch);
    }
}

void sqlite_line::run_batch(const std::vector<job*>& batch) {
    at_->forgive();
    const auto has = [&batch](effect what) {
        return std::any_of(batch.begin(), batch.end(),
                           [what](const job* one) { return one->effect_ == what; });
    };
    const bool waits_for_the_disk = has(effect::writes);
    const bool writes = waits_for_the_disk || has(effect::writes_with_the_next);
    if (writes) at_->begin(waits_for_the_disk);
    for (job* one : batch)
        run_one(*one, writes);
    if (writes) {
        at_->execute("COMMIT");
        const bool durable = !at_->failed();
        at_->ended(durable);
        if (!durable && at_->in_transaction()) {
            at_->forgive();
            at_->execute("ROLLBACK");
        }
        // Readers of this batch saw what was not made durable, so they fail with it.
        for (job* one : batch)
            if (!durable && !one->failed_) one->failed_ = unavailable();
        at_->checkpoint_when_due(); // what was told durable is in the log, whatever comes of this
    }
    tell_health();
    for (job* one : batch)
        one->done_ = true;
}

void sqlite_line::tell_health() {
    const auto now = at_->beyond_help() ? condition::beyond_help
                     : at_->no_room()   ? condition::no_room
                                        : condition::well;
    const std::lock_guard lock(mutex_);
    if (now == health_.now) return;
    health_.now = now;
    health_.reason = now == condition::beyond_help ? at_->error() : std::string{};
}

health sqlite_line::how_it_is() const {
    const std::lock_guard lock(mutex_);
    return health_;
}

void sqlite_line::run_one(job& what, bool inside_transaction) {
    if (what.until_.passed(steady_now())) {
        what.failed_ = failure{errc::deadline_exceeded, "The deadline passed before the store had its turn."};
        return;
    }
    const bool guarded = inside_transaction && what.effect_ != effect::reads;
    if (guarded) at_->execute("SAVEPOINT one");
    what.run(*at_);
    if (at_->failed()) {
        what.failed_ = unavailable();
        // Where the whole transaction is gone, so is everything before: then the COMMIT fails and tells.
        if (inside_transaction && !at_->in_transaction()) return;
        at_->forgive();
        if (guarded) at_->execute("ROLLBACK TO one");
    }
    if (guarded) at_->execute("RELEASE one");
}

} // namespace gateway::store
