#include "windows/shared_windows.hpp"

#include "base/memory/memory_reserve.hpp"
#include "limits/share.hpp"
#include "runtime/keep_running.hpp"
#include "runtime/shared_wait.hpp"
#include "runtime/worker.hpp"
#include "store/changes.hpp"
#include "store/engine.hpp"
#include "store/window_shares.hpp"
#include "windows/closed_windows.hpp"
#include "windows/share_requests.hpp"
#include "windows/share_table.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace gateway::windows {
namespace {

/// Of one call, before it is refused: another call of this replica takes each slot that is granted.
constexpr unsigned requests_max = 4;

shared_windows::taken as_taken(std::variant<limits::permit, limits::no_slot> from) {
    return std::visit([](auto& one) { return shared_windows::taken(std::move(one)); }, from);
}

limits::no_slot refused_for(milliseconds wait, const limits::window_rule& rule) {
    return {wait, {rule.limit, 0, rule.length, wait}};
}

/// Keeps `what` alive until the work is done.
task<void> hold_while(std::shared_ptr<const void> /*what*/, task<void> work) {
    co_await std::move(work);
}

/// A call that needs a slot, for as long as it waits; also when it is cancelled.
class waiting_call {
public:
    waiting_call(share_table& in, const store::window_name& name) : in_(in), name_(name) {
        ++in_.of(name_, steady_now())->waiting;
    }
    ~waiting_call() {
        const memory_reserve::scope no_failure;
        --in_.of(name_, steady_now())->waiting;
    }
    waiting_call(const waiting_call&) = delete;
    waiting_call& operator=(const waiting_call&) = delete;

private:
    share_table& in_;
    const store::window_name& name_;
};

} // namespace

struct shared_windows::state final : store::change_listener, std::enable_shared_from_this<state> {
    state(worker& at, store::engine& on, store::window_shares& records, limits::window_table& table)
        : home(at),
          engine(on),
          windows(table),
          requests(on, records, table, shares, [this](task<void> work) { spawn(std::move(work)); }),
          closed(records, table, shares,
                 [this](std::function<task<void>()> start) { spawn_and_keep(std::move(start)); }) {}

    void changed(const store::change& what) override;

    taken take(const store::window_name& name, steady_time now, deadline until);
    taken refuse(const store::window_name& name, const window_state& one, const limits::window_rule& rule,
                 const limits::no_slot* own, steady_time now) const;
    limits::no_slot refuse_without_asking(const store::window_name& name);
    void spawn(task<void> work);
    void spawn_and_keep(std::function<task<void>()> start);

    worker& home;
    store::engine& engine;
    limits::window_table& windows;
    share_table shares;
    share_requests requests;
    closed_windows closed;
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
        auto& mine = one->mine;
        mine.forget_past(now);
        const auto capacity =
            std::min(limits::usable_capacity(mine, rule.limit, rule.length, *seen, requests.is_away(), now),
                     rule.limit);
        if (capacity > 0) {
            const auto attainable = rule.limit - std::min(rule.limit, mine.others);
            const limits::window_rule ours{capacity, rule.length, rule.limit, attainable};
            out = as_taken(windows.take(name.key, name.kind, ours, now, until));
            if (auto* const slot = std::get_if<limits::permit>(&out))
                slot->must_be_sent_by(limits::send_by(mine, *seen, now));
            renew = !one->now && mine.granted_at + limits::share_usable - now < limits::share_renewed_before
                    && now >= one->ask_again_at;
        }
        const auto* const own = std::get_if<limits::no_slot>(&out);
        if (own && capacity == rule.limit && now < mine.granted_at + limits::share_usable)
            return refused_for(own->wait + one->told_late, rule);
        if (!std::holds_alternative<limits::permit>(out)) return refuse(name, *one.state, rule, own, now);
    }
    if (renew) requests.ask_once(name);
    return out;
}

/// `own`: why there is no slot of this replica's; null: it has no share that it may use.
shared_windows::taken shared_windows::state::refuse(const store::window_name& name, const window_state& one,
                                                    const limits::window_rule& rule,
                                                    const limits::no_slot* own, steady_time now) const {
    if (const auto wait = windows.closed_for(name.key, name.kind, now); wait > milliseconds{0})
        return refused_for(wait, rule);
    if (now >= one.ask_again_at) return must_ask{};
    const auto free_at = own ? std::min(one.free_at, now + own->wait + one.told_late) : one.free_at;
    const auto wait = std::chrono::ceil<milliseconds>(std::max(free_at, one.ask_again_at) - now);
    if (requests.is_away()) return store_unavailable{wait};
    return refused_for(wait, rule);
}

/// Where other calls of this replica have taken what was granted: the next slot of theirs that ends.
limits::no_slot shared_windows::state::refuse_without_asking(const store::window_name& name) {
    const auto now = steady_now();
    const auto one = shares.of(name, now);
    const auto own = windows.taken(name.key, name.kind, now);
    auto wait = ask_again_after; // the end of a call without an answer is not known
    if (!own.ends.empty())
        wait = std::chrono::ceil<milliseconds>(own.ends.front().free_at - now) + one->told_late;
    return refused_for(wait, windows.rule_of(name.kind));
}

void shared_windows::state::spawn(task<void> work) {
    auto whole = hold_while(shared_from_this(), std::move(work));
    boost::asio::post(home.executor(), [at = &home, whole = std::move(whole)]() mutable {
        at->group().spawn(std::move(whole));
    });
}

void shared_windows::state::spawn_and_keep(std::function<task<void>()> start) {
    auto note = [this](const std::exception_ptr& fault) { home.note_fault(fault); };
    spawn(keep_running(std::move(start), std::move(note), ask_again_after));
}

/// What comes from the channel may come from anybody, so it leads to a look at most, and to few of them.
void shared_windows::state::changed(const store::change& what) {
    if (what.what == store::change::kind::window_closed) closed.reported(what.window());
    if (what.what == store::change::kind::share_requested) requests.give_back_unused(what.window());
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

limits::quota_status shared_windows::status(std::string_view key, std::uint8_t kind, steady_time now) const {
    return state_->windows.status(key, kind, now);
}

task<shared_windows::taken> shared_windows::ask(std::string key, std::uint8_t kind, deadline until) {
    const auto s = state_;
    const store::window_name name{std::move(key), kind};
    const waiting_call one_more(s->shares, name);
    for (unsigned times = 0; times < requests_max; ++times) {
        const auto told = s->requests.ask_once(name);
        const auto ended = co_await told->wait(until);
        auto out = s->take(name, steady_now(), until);
        if (!std::holds_alternative<must_ask>(out)) co_return out;
        if (!ended) {
            store_unavailable late{ask_again_after};
            co_return late;
        }
    }
    const limits::no_slot others_were_quicker = s->refuse_without_asking(name);
    co_return others_were_quicker;
}

void shared_windows::announce_closed(std::string_view key, std::uint8_t kind, milliseconds wait) {
    const auto limit = state_->windows.rule_of(kind).limit;
    if (!state_->engine.replicas() || limit == 0) return;
    state_->closed.tell({std::string(key), kind}, steady_now() + wait);
}

task<void> shared_windows::give_all_back(deadline until) {
    if (state_->engine.replicas()) co_await state_->requests.give_all_back(until);
}

} // namespace gateway::windows
