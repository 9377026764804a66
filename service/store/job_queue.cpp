#include "store/job_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gateway::store {

failure job_queue::unavailable() {
    return failure{errc::vault_unavailable, "The store does not answer; try again soon."};
}

failure job_queue::too_late() {
    return failure{errc::deadline_exceeded, "The deadline passed before the store had its turn."};
}

void job_queue::set_outcome(engine::job& of, std::optional<failure> failed) {
    of.failed_ = std::move(failed);
}

void job_queue::resume_caller::operator()(engine::job* ended) const {
    ended->back_.resume();
}

job_queue::job_queue(std::size_t waiting_max, std::function<void()> added)
    : waiting_max_(waiting_max), added_(std::move(added)) {}

task<std::optional<failure>> job_queue::perform(engine::job& what) {
    if (what.until.passed(steady_now())) co_return too_late();
    std::function<void()> start = [this, &what] { add(what); };
    co_await what.back_.wait(std::move(start));
    co_return std::move(what.failed_);
}

void job_queue::add(engine::job& what) {
    set_outcome(what, unavailable());
    owned_job owned(&what); // if it is refused, resumed after the lock is released
    const std::lock_guard lock(mutex_);
    if (!open_ || ended_ || waiting_.size() >= waiting_max_) return;
    waiting_.push_back(std::move(owned));
    added_(); // under the lock, because the engine may be destroyed once the job is done
}

std::vector<job_queue::owned_job> job_queue::take(std::size_t count_max) {
    const std::lock_guard lock(mutex_);
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), count_max));
    std::vector<owned_job> taken(std::move_iterator(waiting_.begin()), std::move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    return taken;
}

bool job_queue::empty() const {
    const std::lock_guard lock(mutex_);
    return waiting_.empty();
}

void job_queue::refuse_late(steady_time now) {
    std::vector<owned_job> late; // resumed after the lock is released
    const std::lock_guard lock(mutex_);
    for (auto& one : waiting_)
        if (one->until.passed(now)) late.push_back(std::move(one));
    std::erase(waiting_, nullptr);
}

void job_queue::close() {
    std::deque<owned_job> refused; // resumed after the lock is released
    const std::lock_guard lock(mutex_);
    open_ = false;
    refused.swap(waiting_);
}

void job_queue::reopen() {
    const std::lock_guard lock(mutex_);
    open_ = true;
}

void job_queue::end() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    close();
}

} // namespace gateway::store
