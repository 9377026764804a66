#include "store/job_queue.hpp"

#include "base/fair_share.hpp"
#include "base/memory/memory_reserve.hpp"

#include <algorithm>
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

job_queue::line& job_queue::line_of(const engine::job& what) {
    const auto whose = what.how.is_upkeep ? std::nullopt : std::optional(what.until.by());
    return lines_[whose];
}

void job_queue::add(engine::job& what) {
    const memory_reserve::scope no_failure;
    set_outcome(what, unavailable());
    owned_job owned(&what); // if it is refused, resumed after the lock is released
    const bool is_callers = !what.how.is_upkeep && what.until.by() != sharer::gateway;
    const std::lock_guard lock(mutex_);
    auto& its_line = line_of(what);
    if (!open_ || ended_ || !fits_share({waiting_max_, waiting_, its_line.size()}, 1, is_callers)) return;
    if (its_line.empty()) turns_.push_back(&its_line);
    its_line.push_back(std::move(owned));
    ++waiting_;
    added_(); // under the lock, because the engine may be destroyed once the job is done
}

std::vector<job_queue::owned_job> job_queue::take(std::size_t count_max) {
    const memory_reserve::scope no_failure;
    const std::lock_guard lock(mutex_);
    std::vector<owned_job> taken;
    taken.reserve(std::min(waiting_, count_max));
    while (taken.size() < count_max && !turns_.empty()) {
        auto* const next = turns_.front();
        taken.push_back(std::move(next->front()));
        next->pop_front();
        turns_.pop_front();
        if (!next->empty()) turns_.push_back(next);
    }
    waiting_ -= taken.size();
    return taken;
}

std::vector<job_queue::owned_job> job_queue::take_reads(std::size_t count_max) {
    const memory_reserve::scope no_failure;
    const std::lock_guard lock(mutex_);
    const auto reads = [](const owned_job& one) { return one->how.what == unit::kind::reads; };
    std::vector<std::pair<line*, line::iterator>> places; // the next one to look at, of each line
    for (auto* const each : turns_)
        places.emplace_back(each, each->begin());
    std::vector<owned_job> taken;
    for (bool found = true; found;) {
        found = false;
        for (auto& [in, next] : places) {
            if (taken.size() == count_max) break;
            next = std::find_if(next, in->end(), reads);
            if (next == in->end()) continue;
            taken.push_back(std::move(*next++));
            found = true;
        }
    }
    forget_empty_places(taken.size());
    return taken;
}

void job_queue::forget_empty_places(std::size_t taken) {
    for (auto* const each : turns_)
        std::erase(*each, nullptr);
    std::erase_if(turns_, [](const line* each) { return each->empty(); });
    waiting_ -= taken;
}

void job_queue::give_back(std::vector<owned_job> jobs) {
    const memory_reserve::scope no_failure;
    const std::lock_guard lock(mutex_);
    if (!open_ || ended_) return; // they are refused: resumed after the lock is released
    waiting_ += jobs.size();
    for (auto one = jobs.rbegin(); one != jobs.rend(); ++one) {
        auto& its_line = line_of(**one);
        std::erase(turns_, &its_line);
        turns_.push_front(&its_line);
        its_line.push_front(std::move(*one));
    }
}

bool job_queue::empty() const {
    const std::lock_guard lock(mutex_);
    return waiting_ == 0;
}

void job_queue::refuse_late(steady_time now) {
    const memory_reserve::scope no_failure;
    std::vector<owned_job> late; // resumed after the lock is released
    const std::lock_guard lock(mutex_);
    for (auto* const each : turns_) {
        for (auto& one : *each) {
            if (!one->until.passed(now)) continue;
            set_outcome(*one, too_late());
            late.push_back(std::move(one));
        }
    }
    forget_empty_places(late.size());
}

void job_queue::close() {
    const memory_reserve::scope no_failure;
    std::map<line_name, line> refused; // resumed after the lock is released
    const std::lock_guard lock(mutex_);
    open_ = false;
    refused.swap(lines_);
    turns_.clear();
    waiting_ = 0;
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
