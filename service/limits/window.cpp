#include "limits/window.hpp"

#include "limits/sliding_window.hpp"
#include "limits/window_shard.hpp"

#include <array>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

namespace gateway::limits {

struct window_table::state {
    std::array<window_shard, 64> shards;

    /// A key's shard, which is locked as long as this lives.
    struct place {
        const window_key_view key;
        window_shard& shard;
        const std::lock_guard<std::mutex> held{shard.lock};

        sliding_window* find() const { return shard.find(key); }
        sliding_window& find_or_make(steady_time now) const {
            if (auto* const found = find()) return *found;
            sliding_window& made = shard.make(key, now);
            made.rule = rule_of(shard, key.kind);
            return made;
        }
        /// The window, ready for a take.
        sliding_window& prepare(window_rule rule, steady_time now) const {
            shard.tidy_now_and_then(now);
            sliding_window& w = find_or_make(now);
            w.rule = rule;
            w.forget_past(now);
            return w;
        }
    };
    window_shard& of(std::size_t hash) { return shards[(hash >> 32) % shards.size()]; }
    place locked(const window_key_view& key) { return {key, of(key.hash)}; }
    static window_rule rule_of(const window_shard& s, std::uint8_t kind) {
        return kind < s.rules.size() ? s.rules[kind] : window_rule{};
    }
    static std::variant<permit, no_slot> take(window_table& table, const place& at, window_rule rule,
                                              steady_time now, deadline until) {
        if (rule.limit == 0) return permit{};
        sliding_window& w = at.prepare(rule, now);
        if (const auto id = w.take(now, until))
            return permit{table, at.key.text, at.key.kind, at.key.hash, *id};
        return no_slot{w.wait(now), w.status(now)};
    }
    /// Calls `what` with the window if the table (still) holds it.
    template <class F>
    void with(const window_key_view& key, F what) {
        const auto at = locked(key);
        if (auto* const found = at.find()) what(*found);
    }
};

window_table::window_table(std::vector<window_rule> rules) : state_(std::make_unique<state>()) {
    for (window_shard& s : state_->shards)
        s.rules = rules;
}
window_table::~window_table() = default;

void window_table::prefetch(std::string_view key) const {
    const auto hash = window_key_view::hash_of(key);
    state_->of(hash).prefetch(hash);
}

std::variant<permit, no_slot> window_table::take(std::string_view key, std::uint8_t kind, steady_time now,
                                                 deadline until) {
    const auto at = state_->locked({key, kind});
    return state::take(*this, at, state::rule_of(at.shard, kind), now, until);
}

std::variant<permit, no_slot> window_table::take(std::string_view key, std::uint8_t kind, window_rule rule,
                                                 steady_time now, deadline until) {
    const auto at = state_->locked({key, kind});
    return state::take(*this, at, rule, now, until);
}

std::variant<quota_status, no_slot> window_table::count(std::string_view key, std::uint8_t kind,
                                                        window_rule rule, steady_time now) {
    if (rule.limit == 0) return quota_status{};
    const auto at = state_->locked({key, kind});
    sliding_window& w = at.prepare(rule, now);
    if (!w.free(now)) return no_slot{w.wait(now), w.status(now)};
    w.add_settled(now);
    return w.status(now);
}

quota_status window_table::status(std::string_view key, std::uint8_t kind, steady_time now) const {
    const auto at = state_->locked({key, kind});
    if (auto* const found = at.find()) {
        found->forget_past(now);
        return found->status(now);
    }
    const window_rule rule = state::rule_of(at.shard, kind);
    return {rule.limit, rule.limit, rule.length, milliseconds{0}};
}

std::uint32_t window_table::used(std::string_view key, std::uint8_t kind, steady_time now) const {
    const auto at = state_->locked({key, kind});
    auto* const found = at.find();
    if (!found) return 0;
    found->forget_past(now);
    return static_cast<std::uint32_t>(found->used());
}

void window_table::close_until(std::string_view key, std::uint8_t kind, steady_time now, steady_time reopen) {
    const auto at = state_->locked({key, kind});
    at.find_or_make(now).close_until(reopen);
}

window_rule window_table::rule_of(std::uint8_t kind) const {
    const window_shard& s = state_->shards[0];
    const std::lock_guard held(s.lock);
    return state::rule_of(s, kind);
}

void window_table::change_rules(std::vector<window_rule> rules) {
    for (window_shard& s : state_->shards) {
        const std::lock_guard held(s.lock);
        s.rules = rules;
    }
}

std::size_t window_table::size() const {
    std::size_t count = 0;
    for (const window_shard& s : state_->shards) {
        const std::lock_guard held(s.lock);
        count += s.size();
    }
    return count;
}

void permit::use() {
    if (std::exchange(used_, true)) throw std::logic_error("a second request on one slot of a window");
}
void permit::prefetch() const {
    if (table_) table_->state_->of(hash_).prefetch(hash_);
}
quota_status permit::settle(steady_time answered) {
    if (!table_) return {};
    std::optional<quota_status> left;
    table_->state_->with({key_, kind_, hash_}, [&](sliding_window& w) {
        w.settle(slot_, answered);
        w.forget_past(answered);
        left = w.status(answered);
    });
    return left ? *left : status(answered);
}
void permit::give_back() {
    if (table_) table_->state_->with({key_, kind_, hash_}, [&](sliding_window& w) { w.drop(slot_); });
}
void permit::close_until(steady_time reopen) {
    if (table_) table_->state_->with({key_, kind_, hash_}, [&](sliding_window& w) { w.close_until(reopen); });
}
quota_status permit::status(steady_time now) const {
    return table_ ? table_->status(key_, kind_, now) : quota_status{};
}

} // namespace gateway::limits
