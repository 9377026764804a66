#include "windows/closed_windows.hpp"

#include "base/memory/memory_reserve.hpp"
#include "runtime/waiter.hpp"

#include <algorithm>
#include <utility>

namespace gateway::windows {
namespace {

constexpr milliseconds answer_within{2'000}; // of the store
constexpr milliseconds look_again_after{1'000};
constexpr unsigned looks_at_once = 20; // then a pause
constexpr milliseconds looks_pause{100};
constexpr std::size_t untold_max = 4'096; // windows; TikTok tells each replica itself of more
constexpr milliseconds tell_again_after{250};
constexpr milliseconds tell_again_after_most{5'000};

} // namespace

/// Only windows that this replica uses: before the first call of another one it asks the store anyway.
void closed_windows::reported(const store::window_name& name) {
    const memory_reserve::scope no_failure; // a window is marked until somebody looks at it
    {
        const auto one = shares_.find(name);
        if (!one.state || one->look_due) return;
        one->look_due = true;
    }
    {
        const std::lock_guard held(lock_);
        looks_.push_back(name);
        if (std::exchange(looking_, true)) return;
    }
    start_([this] { return look_at_reported(); });
}

std::optional<store::window_name> closed_windows::next_look() {
    const std::lock_guard held(lock_);
    looking_ = !looks_.empty();
    if (!looking_) return std::nullopt;
    return looks_.front();
}

void closed_windows::looked() {
    const std::lock_guard held(lock_);
    looks_.pop_front();
}

/// One look after the other, so that reports cannot take the store's time. A window is closed even if this
/// replica has a share of it, because TikTok answers 429 to all replicas.
task<void> closed_windows::look_at_reported() {
    for (unsigned count = 1;; ++count) {
        const auto name = next_look();
        if (!name) co_return;
        const bool answered = co_await look_at(*name);
        looked(); // only now: what was left by an exception is looked at again
        if (!answered) reported(*name);
        if (!answered || count % looks_at_once == 0)
            co_await pause_until(deadline::in(steady_now(), answered ? looks_pause : look_again_after));
    }
}

/// False: the store does not answer.
task<bool> closed_windows::look_at(store::window_name name) {
    if (const auto one = shares_.find(name); one.state)
        one->look_due = false; // before the look, so that a report during it leads to another one
    store::window_name which = name;
    const auto left =
        co_await records_.closed_for(std::move(which), deadline::in(steady_now(), answer_within));
    if (!left) co_return false;
    const auto now = steady_now();
    if (*left > milliseconds{0})
        windows_.close_until(name.key, name.kind, now, now + std::min(*left, closed_max));
    co_return true;
}

void closed_windows::tell(const store::window_name& name, steady_time reopen) {
    const memory_reserve::scope no_failure;
    {
        const std::lock_guard held(lock_);
        const auto known = std::find_if(untold_.begin(), untold_.end(),
                                        [&name](const closing& each) { return each.name == name; });
        if (known != untold_.end())
            known->reopen = std::max(known->reopen, reopen);
        else if (untold_.size() < untold_max)
            untold_.push_back({name, reopen});
        if (std::exchange(telling_, true)) return;
    }
    start_([this] { return tell_store(); });
}

std::optional<closed_windows::closing> closed_windows::next_to_tell(steady_time now) {
    const std::lock_guard held(lock_);
    std::erase_if(untold_, [now](const closing& each) { return each.reopen <= now; });
    telling_ = !untold_.empty();
    if (!telling_) return std::nullopt;
    return untold_.front();
}

/// What TikTok said meanwhile is told again.
void closed_windows::told(const closing& what) {
    const std::lock_guard held(lock_);
    std::erase_if(untold_, [&what](const closing& each) {
        return each.name == what.name && each.reopen <= what.reopen;
    });
}

task<void> closed_windows::tell_store() {
    milliseconds pause = tell_again_after;
    while (true) {
        const auto now = steady_now();
        const auto next = next_to_tell(now);
        if (!next) co_return;
        store::window_name name = next->name;
        const auto limit = windows_.rule_of(name.kind).limit;
        const auto wait = std::chrono::ceil<milliseconds>(next->reopen - now);
        const auto done =
            co_await records_.close(std::move(name), limit, wait, deadline::in(now, answer_within));
        if (done) {
            told(*next);
            pause = tell_again_after;
        } else {
            co_await pause_until(deadline::in(steady_now(), pause));
            pause = std::min(pause * 2, tell_again_after_most);
        }
    }
}

} // namespace gateway::windows
