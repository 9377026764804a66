#include "windows/share_requests.hpp"

#include "base/memory/memory_reserve.hpp"
#include "limits/share.hpp"
#include "runtime/shared_wait.hpp"
#include "runtime/waiter.hpp"
#include "store/engine.hpp"
#include "windows/closed_windows.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace gateway::windows {
namespace {

constexpr milliseconds answer_within{2'000}; // of the store
constexpr milliseconds others_answer_within{50};
constexpr unsigned repeats_max = 3; // of a request, each after twice the time
constexpr milliseconds refused_for_most{2'000};
constexpr unsigned give_backs_per_second_max = 200;

} // namespace

struct share_requests::answer {
    result<store::window_grant> granted;
    std::uint32_t used = 0, needed = 0;

    /// The others were notified, and the one or the other has not said yet what it does not use.
    bool may_grow() const { return granted && granted->capacity < needed && granted->not_told > 0; }
};

/// Ends a request for all who wait for it, also if its coroutine is destroyed or left by an exception.
struct share_requests::request_end {
    share_table& shares;
    const store::window_name& name;
    const asking& told;

    ~request_end() {
        const memory_reserve::scope no_failure;
        shares.of(name, steady_now())->now.reset();
        told->set(true);
    }
};

asking share_requests::ask_once(const store::window_name& name) {
    const memory_reserve::scope no_failure; // others wait for a request that is noted
    const auto one = shares_.of(name, steady_now());
    if (one->now) return one->now;
    one->now = std::make_shared<shared_wait<bool>>();
    start_(ask(name, one->now));
    return one->now;
}

task<void> share_requests::ask(store::window_name name, asking told) {
    {
        const request_end at_the_end{shares_, name, told};
        auto got = co_await ask_store(name, store::window_request::nobody_has_told);
        const auto asked_at = got.granted ? got.granted->granted_at : 0;
        milliseconds pause = others_answer_within;
        for (unsigned times = 0; got.may_grow() && times < repeats_max; ++times) {
            co_await pause_until(deadline::in(steady_now(), pause));
            pause *= 2;
            got = co_await ask_store(name, asked_at);
        }
        note(name, got);
    }
    give_back_if_wanted(name);
}

/// The use as the store is to know it; its turn is taken while the window's shard is locked.
store::window_use share_requests::use_of(const store::window_name& name, const limits::slots_taken& taken,
                                         steady_time now) {
    store::window_use use;
    use.which = name;
    use.used = taken.used;
    use.turn = ++turns_;
    for (const auto& each : taken.ends)
        use.frees.push_back({std::chrono::ceil<milliseconds>(each.free_at - now), each.count});
    return use;
}

task<share_requests::answer> share_requests::ask_store(store::window_name name, std::int64_t asked_at) {
    const auto now = steady_now();
    const auto rule = windows_.rule_of(name.kind);
    const auto seen = engine_.replicas().value_or(limits::replicas_seen{});
    const auto most = limits::max_request(rule.limit, rule.length, seen, now);
    limits::slots_taken taken;
    store::window_request request;
    {
        const auto one = shares_.of(name, now); // no slot is taken while its shard is locked
        taken = windows_.taken(name.key, name.kind, now);
        request.use = use_of(name, taken, now);
        request.wanted = limits::request_size(taken.used, one->waiting, most);
        request.needed = std::min(most, taken.used + one->waiting);
        one->mine.forget_past(now);
        one->mine.reduce(request.wanted, taken);
    }
    request.limit = rule.limit;
    request.length = rule.length;
    request.asked_at = asked_at;
    answer out{store::window_grant{}, taken.used, request.needed};
    out.granted = co_await records_.take(std::move(request), deadline::in(now, answer_within));
    away_.store(!out.granted, std::memory_order_relaxed);
    if (out.granted) {
        const auto one = shares_.of(name, now);
        one->mine = {out.granted->capacity, out.granted->others, now, std::move(taken.ends)};
        one->ask_again_at = {};
        one->told_late = std::chrono::ceil<milliseconds>(steady_now() - now);
    }
    co_return out;
}

/// What callers are told until the store is asked again.
void share_requests::note(const store::window_name& name, const answer& got) {
    const auto now = steady_now();
    const auto one = shares_.of(name, now);
    if (!got.granted) {
        one->free_at = one->ask_again_at = now + ask_again_after;
        return;
    }
    if (got.granted->closed_for > milliseconds{0})
        windows_.close_until(name.key, name.kind, now, now + std::min(got.granted->closed_for, closed_max));
    if (got.granted->capacity > got.used) return;
    // When a slot is free: of the others, of this replica, or since it may request more.
    auto free_at = steady_time::max();
    if (got.granted->others > 0) free_at = now + got.granted->free_after;
    const auto own = windows_.taken(name.key, name.kind, now);
    if (!own.ends.empty()) free_at = std::min(free_at, own.ends.front().free_at + one->told_late);
    const auto seen = engine_.replicas().value_or(limits::replicas_seen{});
    const auto until_more = limits::until_max_request(windows_.rule_of(name.kind).length, seen, now);
    if (until_more > milliseconds{0}) free_at = std::min(free_at, now + until_more);
    // Others may give back some earlier.
    one->ask_again_at = std::min(free_at, now + refused_for_most);
    one->free_at = free_at == steady_time::max() ? one->ask_again_at : free_at;
}

void share_requests::give_back_unused(const store::window_name& name) {
    const memory_reserve::scope no_failure;
    {
        const auto one = shares_.find(name);
        if (!one.state || !may_give_back(steady_now())) return;
        one->wanted_by_others = true;
        if (one->now) return; // after the request
    }
    give_back_if_wanted(name);
}

void share_requests::give_back_if_wanted(const store::window_name& name) {
    const memory_reserve::scope no_failure;
    const auto one = shares_.find(name);
    if (!one.state || one->now || !std::exchange(one->wanted_by_others, false)) return;
    one->now = std::make_shared<shared_wait<bool>>();
    start_(give_back(name, one->now));
}

task<void> share_requests::give_all_back(deadline until) {
    for (auto& name : shares_.shared_ones()) {
        if (until.passed(steady_now()) || is_away()) co_return;
        asking told;
        {
            const auto one = shares_.of(name, steady_now());
            if (one->now) continue; // the last call's request still runs
            told = one->now = std::make_shared<shared_wait<bool>>();
        }
        co_await give_back(std::move(name), std::move(told));
    }
}

/// Beyond the bound shares are kept until they expire, at most a minute.
bool share_requests::may_give_back(steady_time now) {
    if (now - second_began_ >= seconds{1}) {
        second_began_ = now;
        given_back_ = 0;
    }
    return ++given_back_ <= give_backs_per_second_max;
}

task<void> share_requests::give_back(store::window_name name, asking told) {
    {
        const request_end at_the_end{shares_, name, told};
        const auto now = steady_now();
        store::window_use use;
        std::uint32_t kept = 0;
        {
            const auto one = shares_.of(name, now);
            const auto taken = windows_.taken(name.key, name.kind, now);
            use = use_of(name, taken, now);
            one->mine.forget_past(now);
            // Calls that were told of the share take their slots in this moment.
            kept = std::max(taken.used, std::min(one->mine.capacity, taken.used + one->waiting));
            one->mine.reduce(kept, taken);
        }
        static_cast<void>(
            co_await records_.give_back(std::move(use), kept, deadline::in(now, answer_within)));
        shares_.of(name, now)->told_late = std::chrono::ceil<milliseconds>(steady_now() - now);
    }
    give_back_if_wanted(name);
}

} // namespace gateway::windows
