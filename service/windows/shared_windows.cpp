#include "windows/shared_windows.hpp"

#include "base/memory/memory_reserve.hpp"
#include "limits/share.hpp"
#include "runtime/keep_running.hpp"
#include "runtime/shared_wait.hpp"
#include "runtime/waiter.hpp"
#include "runtime/worker.hpp"
#include "store/changes.hpp"
#include "store/engine.hpp"
#include "store/window_shares.hpp"
#include "windows/share_table.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace gateway::windows {
namespace {

constexpr milliseconds answer_within{2'000}; // of the store
constexpr milliseconds others_answer_within{100};
constexpr milliseconds ask_again_after{1'000}; // the pause while it does not answer
constexpr milliseconds refused_for_least{250};
constexpr milliseconds refused_for_most{2'000};
constexpr milliseconds closed_max{86'400'000}; // the longest effect of another replica's error
constexpr unsigned looks_at_once = 20;         // then a pause
constexpr milliseconds looks_pause{100};
constexpr unsigned give_backs_per_second_max = 200;

shared_windows::taken as_taken(std::variant<limits::permit, limits::no_slot> from) {
    return std::visit([](auto& one) { return shared_windows::taken(std::move(one)); }, from);
}

/// Keeps `what` alive until the work is done.
task<void> hold_while(std::shared_ptr<const void> /*what*/, task<void> work) {
    co_await std::move(work);
}

} // namespace

struct shared_windows::state final : store::change_listener, std::enable_shared_from_this<state> {
    state(worker& at, store::engine& on, store::window_shares& durable, limits::window_table& table)
        : home(at), engine(on), records(durable), windows(table) {}

    void changed(const store::change& what) override;

    struct answer {
        result<store::window_grant> granted;
        std::uint32_t wanted = 0;
    };
    struct request_end;
    taken take(const store::window_name& name, steady_time now, deadline until);
    asking ask_once(const store::window_name& name, std::uint32_t waiting);
    task<void> ask(store::window_name name, asking told);
    task<answer> ask_store(const store::window_name& name, std::uint32_t waiting);
    task<void> give_back(store::window_name name, asking told);
    task<void> announce(store::window_name name, std::uint32_t whole, milliseconds closed_for);
    void note_closed(const store::window_name& name);
    task<void> look_at_closed();
    task<bool> look_at(store::window_name name);
    std::optional<store::window_name> next_look();
    void looked();
    bool may_give_back(steady_time now);
    void spawn(task<void> work);

    worker& home;
    store::engine& engine;
    store::window_shares& records;
    limits::window_table& windows;
    std::atomic<bool> away{false}; // the store did not answer the last time
    share_table shares;

    // Windows of this replica that another one has reported as closed.
    std::mutex looks_lock;                // for the next two members
    std::deque<store::window_name> looks; // each window at most twice: looked at now, and reported again
    bool looking = false;                 // look_at_closed() runs

    // Of the current second; used by changed() only, which is called on one thread.
    steady_time second_began{};
    unsigned given_back = 0;
};

shared_windows::taken shared_windows::state::take(const store::window_name& name, steady_time now,
                                                  deadline until) {
    const auto rule = windows.rule_of(name.kind);
    const auto seen = engine.replicas();
    if (!seen || rule.limit == 0) return as_taken(windows.take(name.key, name.kind, now, until));
    bool renew = false;
    taken out = must_ask{};
    {
        const auto one = shares.of(name, now);
        const bool is_away = away.load(std::memory_order_relaxed);
        const auto capacity = std::min(
            limits::usable_capacity(one->mine, rule.limit, rule.length, *seen, is_away, now), rule.limit);
        std::optional<milliseconds> own_wait;
        if (capacity > 0) {
            out =
                as_taken(windows.take(name.key, name.kind, {capacity, rule.length, rule.limit}, now, until));
            renew = !one->now && one->mine.usable_until - now < limits::share_renewed_before
                    && now >= one->ask_again_at;
            if (auto* none = std::get_if<limits::no_slot>(&out)) {
                own_wait = none->wait;
                if (now < one->mine.usable_until && capacity >= rule.limit) return out;
            } else if (!renew) {
                return out;
            }
        }
        if (!std::holds_alternative<limits::permit>(out)) {
            if (now >= one->ask_again_at) return must_ask{};
            const auto others_wait = std::chrono::ceil<milliseconds>(one->free_at - now);
            const auto soonest = std::max(std::min(own_wait.value_or(others_wait), others_wait),
                                          std::chrono::ceil<milliseconds>(one->ask_again_at - now));
            if (is_away) return store_unavailable{soonest};
            limits::no_slot refused{soonest, {rule.limit, 0, rule.length, soonest}};
            return refused;
        }
    }
    if (renew) ask_once(name, 0);
    return out;
}

void shared_windows::state::spawn(task<void> work) {
    auto whole = hold_while(shared_from_this(), std::move(work));
    boost::asio::post(home.executor(), [at = &home, whole = std::move(whole)]() mutable {
        at->group().spawn(std::move(whole));
    });
}

/// Joins the running request, if there is one.
asking shared_windows::state::ask_once(const store::window_name& name, std::uint32_t waiting) {
    const memory_reserve::scope no_failure; // others wait for a request that is noted
    const auto one = shares.of(name, steady_now());
    one->waiting += waiting;
    if (one->now) return one->now;
    one->now = std::make_shared<shared_wait<bool>>();
    spawn(ask(name, one->now));
    return one->now;
}

task<shared_windows::state::answer> shared_windows::state::ask_store(const store::window_name& name,
                                                                     std::uint32_t waiting) {
    const auto now = steady_now();
    const auto rule = windows.rule_of(name.kind);
    const auto seen = engine.replicas().value_or(limits::replicas_seen{});
    store::window_request request;
    request.which = name;
    {
        const auto one = shares.of(name, now);
        request.used = windows.used(name.key, name.kind, now);
        request.wanted = limits::request_size(
            request.used, waiting, limits::max_request(rule.limit, rule.length, seen, now), seen.count);
        // Reduce it here first: the store may grant the rest to others before its answer arrives, or the
        // answer may be lost.
        one->mine.capacity = std::min(one->mine.capacity, request.wanted);
    }
    request.limit = rule.limit;
    request.length = rule.length;
    if (request.used > 0) request.frees_in = windows.status(name.key, name.kind, now).until_more;
    const auto wanted = request.wanted;
    auto granted = co_await records.take(std::move(request), deadline::in(now, answer_within));
    away.store(!granted, std::memory_order_relaxed);
    const auto one = shares.of(name, now);
    if (granted) {
        one->mine = {granted->capacity, now + limits::share_usable};
        one->granted_as = granted->granted_as;
        one->ask_again_at = {};
    } else {
        one->free_at = one->ask_again_at = steady_now() + ask_again_after;
    }
    answer out{std::move(granted), wanted};
    co_return out;
}

/// Ends a request for all who wait for it, also if its coroutine is destroyed or left by an exception.
struct shared_windows::state::request_end {
    state& s;
    const store::window_name& name;
    const asking& told;

    ~request_end() {
        const memory_reserve::scope no_failure;
        s.shares.of(name, steady_now())->now.reset();
        told->set(true);
    }
};

task<void> shared_windows::state::ask(store::window_name name, asking told) {
    const request_end at_the_end{*this, name, told};
    const auto waiting = std::exchange(shares.of(name, steady_now())->waiting, 0U);
    auto answered = co_await ask_store(name, waiting);
    const auto is_short = [&] {
        const auto& granted = answered.granted;
        return granted && granted->others > 0 && granted->capacity < answered.wanted
               && granted->capacity < windows.used(name.key, name.kind, steady_now()) + (waiting > 0 ? 1 : 0);
    };
    if (is_short()) { // the others were notified and release unused shares
        co_await pause_until(deadline::in(steady_now(), others_answer_within));
        answered = co_await ask_store(name, waiting);
    }
    const auto one = shares.of(name, steady_now());
    one->waiting = 0; // calls that waited check again now, and count again if there is no slot
    if (is_short() || (answered.granted && answered.granted->capacity == 0)) {
        const auto wait = std::max(answered.granted->free_after, refused_for_least);
        one->free_at = steady_now() + wait;
        one->ask_again_at = steady_now() + std::min(wait, refused_for_most);
    }
}

/// What comes from the channel may come from anybody, so it leads to a look at most, and to few of them.
void shared_windows::state::changed(const store::change& what) {
    const auto name = what.window();
    if (what.what == store::change::kind::window_closed) note_closed(name);
    if (what.what != store::change::kind::share_requested) return;
    const memory_reserve::scope no_failure;
    const auto one = shares.find(name); // another replica needs the unused part of this share
    if (!one.state || one->now || !may_give_back(steady_now())) return;
    one->now = std::make_shared<shared_wait<bool>>();
    spawn(give_back(name, one->now));
}

/// Beyond the bound shares are kept until they expire, at most a minute.
bool shared_windows::state::may_give_back(steady_time now) {
    if (now - second_began >= seconds{1}) {
        second_began = now;
        given_back = 0;
    }
    return ++given_back <= give_backs_per_second_max;
}

/// For windows that this replica uses; before the first call of another one it asks the store anyway.
void shared_windows::state::note_closed(const store::window_name& name) {
    const memory_reserve::scope no_failure; // a window is marked until somebody looks at it
    {
        const auto one = shares.find(name);
        if (!one.state || one->look_due) return;
        one->look_due = true;
    }
    const std::lock_guard lock(looks_lock);
    looks.push_back(name);
    if (std::exchange(looking, true)) return;
    // Another exception must not end it either: nobody would look from then on.
    auto look = [this] { return look_at_closed(); };
    auto note = [this](const std::exception_ptr& fault) { home.note_fault(fault); };
    spawn(keep_running(std::move(look), std::move(note), ask_again_after));
}

std::optional<store::window_name> shared_windows::state::next_look() {
    const std::lock_guard lock(looks_lock);
    looking = !looks.empty();
    if (!looking) return std::nullopt;
    return looks.front();
}

void shared_windows::state::looked() {
    const std::lock_guard lock(looks_lock);
    looks.pop_front();
}

/// One look after the other, so that reports cannot take the store's time. A window is closed even if this
/// replica has a share of it, because TikTok answers 429 to all replicas.
task<void> shared_windows::state::look_at_closed() {
    for (unsigned count = 1;; ++count) {
        const auto name = next_look();
        if (!name) co_return;
        const bool answered = co_await look_at(*name);
        looked(); // only now: what was left by an exception is looked at again
        if (!answered) note_closed(*name);
        if (!answered || count % looks_at_once == 0)
            co_await pause_until(deadline::in(steady_now(), answered ? looks_pause : ask_again_after));
    }
}

/// False: the store does not answer.
task<bool> shared_windows::state::look_at(store::window_name name) {
    if (const auto one = shares.find(name); one.state)
        one->look_due = false; // before the look, so that a report during it leads to another one
    store::window_name which = name;
    const auto left =
        co_await records.closed_for(std::move(which), deadline::in(steady_now(), answer_within));
    if (!left) co_return false;
    const auto now = steady_now();
    if (*left > milliseconds{0})
        windows.close_until(name.key, name.kind, now, now + std::min(*left, closed_max));
    co_return true;
}

task<void> shared_windows::state::give_back(store::window_name name, asking told) {
    const request_end at_the_end{*this, name, told};
    const auto now = steady_now();
    std::uint32_t kept = 0;
    std::int64_t granted_as = 0;
    {
        const auto one = shares.of(name, now);
        kept = windows.used(name.key, name.kind, now);
        granted_as = one->granted_as;
        one->mine.capacity = std::min(
            one->mine.capacity, kept); // reduced here first, so that the released part is not used any more
    }
    const auto frees_in = kept > 0 ? windows.status(name.key, name.kind, now).until_more : milliseconds{0};
    store::window_name which = name;
    static_cast<void>(co_await records.give_back(std::move(which), granted_as, kept, frees_in,
                                                 deadline::in(now, answer_within)));
}

task<void> shared_windows::state::announce(store::window_name name, std::uint32_t whole,
                                           milliseconds closed_for) {
    static_cast<void>(co_await records.close(std::move(name), whole, closed_for,
                                             deadline::in(steady_now(), answer_within)));
}

shared_windows::shared_windows(worker& home, store::engine& on, store::window_shares& records,
                               limits::window_table& windows)
    : state_(std::make_shared<state>(home, on, records, windows)) {
    on.listen(*state_);
}

shared_windows::~shared_windows() {
    state_->engine.stop_listening(*state_);
}

void shared_windows::prefetch(std::string_view key) const {
    state_->windows.prefetch(key);
}

shared_windows::taken shared_windows::take(std::string_view key, std::uint8_t kind, steady_time now,
                                           deadline until) {
    if (!state_->engine.replicas()) return as_taken(state_->windows.take(key, kind, now, until));
    return state_->take({std::string(key), kind}, now, until);
}

task<shared_windows::taken> shared_windows::ask(std::string key, std::uint8_t kind, deadline until) {
    const auto s = state_;
    const store::window_name name{std::move(key), kind};
    while (true) {
        const auto told = s->ask_once(name, 1);
        const auto ended = co_await told->wait(until);
        auto out = s->take(name, steady_now(), until);
        if (!std::holds_alternative<must_ask>(out)) co_return out;
        if (!ended) {
            store_unavailable late{ask_again_after};
            co_return late;
        }
    }
}

void shared_windows::announce_closed(std::string_view key, std::uint8_t kind, milliseconds wait) {
    const auto limit = state_->windows.rule_of(kind).limit;
    if (!state_->engine.replicas() || limit == 0) return;
    state_->spawn(state_->announce({std::string(key), kind}, limit, wait));
}

} // namespace gateway::windows
