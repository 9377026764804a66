#include "store/job_queue.hpp"

#include <algorithm>
#include <utility>

namespace gateway::store {

failure job_queue::unavailable() {
    return failure{errc::vault_unavailable, "The store does not answer; try again soon."};
}

failure job_queue::too_late() {
    return failure{errc::deadline_exceeded, "The deadline passed before the store had its turn."};
}

job_queue::completion_guard::completion_guard(engine::job& what) : what_(what) {
    what_.failed_ = unavailable();
}

job_queue::completion_guard::~completion_guard() {
    what_.back_.resume();
}

void job_queue::completion_guard::succeed() {
    what_.failed_.reset();
}

void job_queue::complete(engine::job& what, std::optional<failure> outcome) {
    what.failed_ = std::move(outcome);
    what.back_.resume();
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
    {
        const std::lock_guard lock(mutex_);
        if (open_ && !ended_ && waiting_.size() < waiting_max_) {
            waiting_.push_back(&what);
            added_(); // under the lock, because the engine may be destroyed once the job is done
            return;
        }
    }
    complete(what, unavailable());
}

std::vector<engine::job*> job_queue::take(std::size_t count_max) {
    const std::lock_guard lock(mutex_);
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), count_max));
    std::vector<engine::job*> taken(waiting_.begin(), end);
    waiting_.erase(waiting_.begin(), end);
    return taken;
}

engine::job* job_queue::take() {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return nullptr;
    auto* const oldest = waiting_.front();
    waiting_.pop_front();
    return oldest;
}

bool job_queue::empty() const {
    const std::lock_guard lock(mutex_);
    return waiting_.empty();
}

void job_queue::refuse_late(steady_time now) {
    std::vector<engine::job*> late;
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(waiting_, [&](engine::job* one) {
            const bool ended = one->until.passed(now);
            if (ended) late.push_back(one);
            return ended;
        });
    }
    for (auto* one : late)
        complete(*one, unavailable());
}

void job_queue::close() {
    std::deque<engine::job*> refused;
    {
        const std::lock_guard lock(mutex_);
        open_ = false;
        refused.swap(waiting_);
    }
    for (auto* one : refused)
        complete(*one, unavailable());
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
