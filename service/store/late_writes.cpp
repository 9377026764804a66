#include "store/late_writes.hpp"

#include "base/memory/memory_reserve.hpp"
#include "runtime/waiter.hpp"
#include "store/engine.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace gateway::store {
namespace {

/// As many as may wait in the store's queue, which is the most that an outage can interrupt.
constexpr std::size_t waiting_max = 4'096;
constexpr milliseconds again_after{1'000};
constexpr milliseconds pause{500}; // after the store could not write
constexpr milliseconds idle_wait{3'600'000};
constexpr int refusals_max = 5;

/// `false`: the store cannot write now, so the next one would fail, too.
task<bool> write_first(engine& on, late_writes& late, late_write what) {
    const auto began = steady_now();
    const auto written = co_await what(deadline::in(began, on.limits().job_max));
    if (written) {
        if (*written)
            late.written();
        else
            late.found_nothing(began);
        co_return true;
    }
    // On a full disk a write that is larger than beat()'s may fail; that does not count as a failure of this
    // write.
    const bool is_full = on.state().now == condition::disk_full;
    const auto there = co_await on.beat(deadline::in(steady_now(), on.limits().job_max));
    if (!there || is_full) co_return false;
    late.refused(steady_now());
    co_return true;
}

} // namespace

void late_writes::add(late_write one, steady_time now, std::shared_ptr<const idempotency_record> finished) {
    const memory_reserve::scope no_failure; // it is the only word of how a call ended
    std::shared_ptr<wait_places> waits;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() < waiting_max)
            waiting_.push_back({std::move(one), std::move(finished), now, now});
        else
            ++lost_;
        waits.swap(added_);
    }
    if (waits) waits->open();
}

std::optional<late_write> late_writes::first(steady_time now) {
    const std::lock_guard lock(mutex_);
    const auto due =
        std::find_if(waiting_.begin(), waiting_.end(), [now](const entry& each) { return each.due <= now; });
    if (due == waiting_.end()) return std::nullopt;
    std::rotate(waiting_.begin(), due, due + 1);
    return waiting_.front().write;
}

std::optional<idempotency_record> late_writes::answer_of(const idempotency_record& unfinished) const {
    const std::lock_guard lock(mutex_);
    for (const auto& each : waiting_) {
        const auto& key = each.finished;
        if (key && key->key == unfinished.key && key->caller == unfinished.caller
            && key->claim == unfinished.claim)
            return *key;
    }
    return std::nullopt;
}

void late_writes::written() {
    const std::lock_guard lock(mutex_);
    drop_first();
}

void late_writes::found_nothing(steady_time began) {
    const std::lock_guard lock(mutex_);
    if (began - waiting_.front().added >= visible_within_)
        drop_first();
    else
        again(began + again_after);
}

void late_writes::refused(steady_time now) {
    const std::lock_guard lock(mutex_);
    if (++waiting_.front().refusals < refusals_max) return again(now + again_after);
    drop_first();
    ++lost_;
}

void late_writes::drop_first() {
    waiting_.pop_front();
    if (waiting_.empty()) empty_.notify_all();
}

void late_writes::again(steady_time due) {
    waiting_.front().due = due;
    waiting_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
}

std::shared_ptr<wait_places> late_writes::next_added() {
    const std::lock_guard lock(mutex_);
    if (!added_) added_ = std::make_shared<wait_places>();
    return added_;
}

std::optional<steady_time> late_writes::next_due() const {
    const std::lock_guard lock(mutex_);
    const auto first = std::min_element(waiting_.begin(), waiting_.end(),
                                        [](const entry& a, const entry& b) { return a.due < b.due; });
    if (first == waiting_.end()) return std::nullopt;
    return first->due;
}

void late_writes::wait_empty(deadline until) {
    std::unique_lock lock(mutex_);
    empty_.wait_until(lock, until.at(), [this] { return waiting_.empty(); });
}

late_counts late_writes::counts() const {
    const std::lock_guard lock(mutex_);
    return {waiting_.size(), lost_};
}

task<void> run_late_writes(engine& on, late_writes& late) {
    while (true) {
        const auto added = late.next_added();
        bool able = true;
        while (able) {
            auto next = late.first(steady_now());
            if (!next) break;
            able = co_await write_first(on, late, std::move(*next));
        }
        if (able) {
            const deadline next{late.next_due().value_or(steady_now() + idle_wait)};
            const bool is_new = co_await added->wait(next);
            if (!is_new) continue; // what could not be written at first is not tried again at once either
        }
        co_await pause_until(deadline::in(steady_now(), pause));
    }
}

} // namespace gateway::store
