#include "tiktok/shared_windows.hpp"

#include "limits/share.hpp"
#include "runtime/shared_wait.hpp"
#include "runtime/waiter.hpp"
#include "runtime/worker.hpp"
#include "store/store.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace gateway::tiktok {
namespace {

constexpr milliseconds answer_within{2'000}; // of the store
constexpr milliseconds others_answer_within{100};
constexpr milliseconds ask_again_after{1'000}; // while it does not answer
constexpr milliseconds refused_for_least{250};
constexpr milliseconds refused_for_most{2'000};
constexpr milliseconds forgotten_after{300'000}; // longer than anything an old share still decides
constexpr std::size_t shard_count = 64;
constexpr std::size_t tidied_from = 1'024;

using asking = std::shared_ptr<shared_wait<bool>>;

struct window_state {
    limits::share mine;
    steady_time ask_again_at{}; // the others leave nothing, or the store does not answer: no sooner
    steady_time free_at{};      // what was said then
    std::uint32_t waiting = 0;  // calls that need a slot which is not there
    asking now;                 // null: nobody asks
    steady_time touched{};
};

struct name_hash {
    std::size_t operator()(const store::window_name& name) const {
        return std::hash<std::string>{}(name.key) * 31 + name.kind;
    }
};
struct name_equal {
    bool operator()(const store::window_name& a, const store::window_name& b) const {
        return a.kind == b.kind && a.key == b.key;
    }
};

struct shard {
    std::mutex lock;
    std::unordered_map<store::window_name, window_state, name_hash, name_equal> windows;
    std::size_t tidy_at = tidied_from;
};

/// `what` lives as long as the work.
task<void> hold_while(std::shared_ptr<const void> /*what*/, task<void> work) {
    co_await std::move(work);
}

} // namespace

struct shared_windows::state final : store::change_listener, std::enable_shared_from_this<state> {
    state(worker& at, store::store& durable, limits::window_table& table)
        : home(at), records(durable), windows(table) {}

    void window_wanted(std::string_view key, std::uint8_t kind) override;

    shard& shard_of(const store::window_name& name) { return shards[name_hash{}(name) % shard_count]; }
    /// Under the shard's lock.
    window_state& of(shard& in, const store::window_name& name, steady_time now);
    taken take(const store::window_name& name, steady_time now, deadline until);
    asking ask_once(const store::window_name& name, std::uint32_t waiting);
    task<void> ask(store::window_name name, asking told);
    task<result<store::window_grant>> ask_store(const store::window_name& name, std::uint32_t waiting);
    task<void> give_back(store::window_name name, asking told);
    void spawn(task<void> work);

    worker& home;
    store::store& records;
    limits::window_table& windows;
    std::atomic<bool> away{false}; // the last answer of the store was none
    std::array<shard, shard_count> shards;
};

window_state& shared_windows::state::of(shard& in, const store::window_name& name, steady_time now) {
    if (in.windows.size() >= in.tidy_at) {
        std::erase_if(in.windows, [now](const auto& each) {
            return !each.second.now && now - each.second.touched > forgotten_after;
        });
        in.tidy_at = std::max(tidied_from, 2 * in.windows.size());
    }
    auto& found = in.windows[name];
    found.touched = now;
    return found;
}

shared_windows::taken shared_windows::state::take(const store::window_name& name, steady_time now,
                                                  deadline until) {
    const auto rule = windows.rule_of(name.kind);
    const auto seen = records.replicas();
    const auto as_taken = [](auto from) {
        return std::visit([](auto& one) { return taken(std::move(one)); }, from);
    };
    if (!seen || rule.limit == 0) return as_taken(windows.take(name.key, name.kind, now, until));
    shard& in = shard_of(name);
    bool renew = false;
    taken out = must_ask{};
    {
        const std::lock_guard lock(in.lock);
        auto& one = of(in, name, now);
        const bool is_away = away.load(std::memory_order_relaxed);
        const auto capacity =
            std::min(limits::allowed(one.mine, rule.limit, rule.length, *seen, is_away, now), rule.limit);
        std::optional<milliseconds> own_wait;
        if (capacity > 0) {
            out =
                as_taken(windows.take(name.key, name.kind, {capacity, rule.length, rule.limit}, now, until));
            renew = !one.now && one.mine.usable_until - now < limits::share_renewed_before
                    && now >= one.ask_again_at;
            if (auto* none = std::get_if<limits::no_slot>(&out)) {
                own_wait = none->wait;
                if (now < one.mine.usable_until && capacity >= rule.limit) return out;
            } else if (!renew) {
                return out;
            }
        }
        if (!std::holds_alternative<limits::permit>(out)) {
            if (now >= one.ask_again_at) return must_ask{};
            const auto others_wait = std::chrono::ceil<milliseconds>(one.free_at - now);
            const auto soonest = std::max(std::min(own_wait.value_or(others_wait), others_wait),
                                          std::chrono::ceil<milliseconds>(one.ask_again_at - now));
            if (is_away) return store_is_away{soonest};
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

/// Joins whoever asks already.
asking shared_windows::state::ask_once(const store::window_name& name, std::uint32_t waiting) {
    shard& in = shard_of(name);
    const std::lock_guard lock(in.lock);
    auto& one = of(in, name, steady_now());
    one.waiting += waiting;
    if (one.now) return one.now;
    one.now = std::make_shared<shared_wait<bool>>();
    spawn(ask(name, one.now));
    return one.now;
}

task<result<store::window_grant>> shared_windows::state::ask_store(const store::window_name& name,
                                                                   std::uint32_t waiting) {
    const auto now = steady_now();
    const auto rule = windows.rule_of(name.kind);
    const auto seen = records.replicas().value_or(limits::replicas_seen{});
    store::window_wish wish;
    wish.which = name;
    shard& in = shard_of(name);
    {
        const std::lock_guard lock(in.lock);
        wish.used = windows.used(name.key, name.kind, now);
        wish.wanted =
            limits::wanted(wish.used, waiting, limits::most(rule.limit, rule.length, seen, now), seen.count);
        // Here first: the store may give the rest to others before its answer is here, or is lost.
        auto& mine = of(in, name, now).mine;
        mine.capacity = std::min(mine.capacity, wish.wanted);
    }
    wish.limit = rule.limit;
    wish.length = rule.length;
    if (wish.used > 0) wish.frees_in = windows.stands(name.key, name.kind, now).until_more;
    auto granted = co_await records.take_window_share(std::move(wish), deadline::in(now, answer_within));
    away.store(!granted, std::memory_order_relaxed);
    const std::lock_guard lock(in.lock);
    auto& one = of(in, name, now);
    if (!granted) {
        one.free_at = one.ask_again_at = steady_now() + ask_again_after;
        co_return granted;
    }
    one.mine = {granted->capacity, now + limits::share_usable};
    one.ask_again_at = {};
    co_return granted;
}

task<void> shared_windows::state::ask(store::window_name name, asking told) {
    shard& in = shard_of(name);
    std::uint32_t waiting = 0;
    {
        const std::lock_guard lock(in.lock);
        waiting = std::exchange(of(in, name, steady_now()).waiting, 0);
    }
    auto granted = co_await ask_store(name, waiting);
    const auto is_short = [&] {
        return granted && granted->others > 0
               && granted->capacity < windows.used(name.key, name.kind, steady_now()) + (waiting > 0 ? 1 : 0);
    };
    if (is_short()) { // the others have heard of it and give back what lies idle
        co_await pause_until(deadline::in(steady_now(), others_answer_within));
        granted = co_await ask_store(name, waiting);
    }
    const std::lock_guard lock(in.lock);
    auto& one = of(in, name, steady_now());
    one.now.reset();
    if (is_short() || (granted && granted->capacity == 0)) {
        const auto wait = std::max(granted->free_after, refused_for_least);
        one.free_at = steady_now() + wait;
        one.ask_again_at = steady_now() + std::min(wait, refused_for_most);
    }
    told->set(true);
}

/// Another replica needs what lies idle here.
void shared_windows::state::window_wanted(std::string_view key, std::uint8_t kind) {
    const store::window_name name{std::string(key), kind};
    shard& in = shard_of(name);
    const std::lock_guard lock(in.lock);
    const auto found = in.windows.find(name);
    if (found == in.windows.end() || found->second.now) return;
    found->second.now = std::make_shared<shared_wait<bool>>();
    spawn(give_back(name, found->second.now));
}

task<void> shared_windows::state::give_back(store::window_name name, asking told) {
    shard& in = shard_of(name);
    const auto now = steady_now();
    std::uint32_t kept = 0;
    {
        const std::lock_guard lock(in.lock);
        auto& one = of(in, name, now);
        kept = windows.used(name.key, name.kind, now);
        one.mine.capacity = std::min(one.mine.capacity, kept); // here first: what is given is used no more
    }
    const auto frees_in = kept > 0 ? windows.stands(name.key, name.kind, now).until_more : milliseconds{0};
    store::window_name which = name;
    static_cast<void>(co_await records.return_window_share(std::move(which), kept, frees_in,
                                                           deadline::in(now, answer_within)));
    const std::lock_guard lock(in.lock);
    of(in, name, now).now.reset();
    told->set(true);
}

shared_windows::shared_windows(worker& home, store::store& records, limits::window_table& windows)
    : state_(std::make_shared<state>(home, records, windows)) {
    records.listen(*state_);
}

shared_windows::~shared_windows() {
    state_->records.stop_listening(*state_);
}

shared_windows::taken shared_windows::take(std::string_view key, std::uint8_t kind, steady_time now,
                                           deadline until) {
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
            store_is_away late{ask_again_after};
            co_return late;
        }
    }
}

void shared_windows::tell_closed(std::string_view key, std::uint8_t kind, milliseconds wait) {
    const auto limit = state_->windows.rule_of(kind).limit;
    if (!state_->records.replicas() || limit == 0) return;
    const auto close = [](std::shared_ptr<state> s, store::window_name which, std::uint32_t whole,
                          milliseconds length) -> task<void> {
        static_cast<void>(co_await s->records.close_window(std::move(which), whole, length,
                                                           deadline::in(steady_now(), answer_within)));
    };
    state_->spawn(close(state_, {std::string(key), kind}, limit, wait));
}

} // namespace gateway::tiktok
