#include "store/late_writes.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace gateway::store {
namespace {

/// As many as may wait in line for the store, which bounds what one outage can cut off.
constexpr std::size_t waiting_max = 4'096;
constexpr milliseconds again_after{1'000};
constexpr int refusals_max = 5;

} // namespace

void late_writes::finish_key(idempotency_record key, steady_time now) {
    add({late_write::kind::finish_key, std::move(key), {}}, now);
}
void late_writes::forget_key(idempotency_record key, steady_time now) {
    add({late_write::kind::forget_key, std::move(key), {}}, now);
}
void late_writes::update_post(post_record post, steady_time now) {
    add({late_write::kind::update_post, {}, std::move(post)}, now);
}

void late_writes::add(late_write one, steady_time now) {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < waiting_max)
        waiting_.push_back({std::move(one), now, now});
    else
        ++lost_;
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
        const auto& key = each.write.key;
        if (each.write.what == late_write::kind::finish_key && key.key == unfinished.key
            && key.caller == unfinished.caller && key.claim == unfinished.claim)
            return key;
    }
    return std::nullopt;
}

void late_writes::written() {
    const std::lock_guard lock(mutex_);
    waiting_.pop_front();
}

void late_writes::found_nothing(steady_time began) {
    const std::lock_guard lock(mutex_);
    if (began - waiting_.front().added >= visible_within_)
        waiting_.pop_front();
    else
        again(began + again_after);
}

void late_writes::refused(steady_time now) {
    const std::lock_guard lock(mutex_);
    if (++waiting_.front().refusals < refusals_max) return again(now + again_after);
    waiting_.pop_front();
    ++lost_;
}

void late_writes::again(steady_time due) {
    waiting_.front().due = due;
    waiting_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
}

late_counts late_writes::counts() const {
    const std::lock_guard lock(mutex_);
    return {waiting_.size(), lost_};
}

} // namespace gateway::store
