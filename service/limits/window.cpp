#include "limits/window.hpp"

#include "limits/sliding_window.hpp"
#include "limits/window_shard.hpp"

#include <array>
#include <mutex>
#include <optional>
#include <utility>

namespace gateway::limits {
namespace {

constexpr std::size_t shard_count = 64;

} // namespace

struct window_table::state {
    std::array<window_shard, shard_count> shards;

    window_shard& of(std::size_t hash) { return shards[(hash >> 32) % shard_count]; }
    window_shard& of(const window_key_view& key) { return of(key.hash); }
    static window_rule rule_of(const window_shard& s, std::uint8_t kind) {
        return kind < s.rules.size() ? s.rules[kind] : window_rule{};
    }
    /// Under the shard's lock.
    static sliding_window& find_or_make(window_shard& s, const window_key_view& key, steady_time now) {
        if (auto* const found = s.find(key)) return *found;
        sliding_window& made = s.make(key, now);
        made.rule = rule_of(s, key.kind);
        return made;
    }
    /// Under the shard's lock.
    std::variant<permit, no_slot> take(window_table& table, window_shard& s, const window_key_view& key,
                                       window_rule rule, steady_time now, deadline until) {
        if (rule.limit == 0) return permit{};
        sliding_window& w = prepare(s, key, rule, now);
        if (const auto id = w.take(now, until)) return permit{table, key.text, key.kind, key.hash, *id};
        return no_slot{w.wait(now), w.status(now)};
    }
    /// Under the shard's lock: the window, ready for a take.
    static sliding_window& prepare(window_shard& s, const window_key_view& key, window_rule rule,
                                   steady_time now) {
        s.tidy_now_and_then(now);
        sliding_window& w = find_or_make(s, key, now);
        w.rule = rule;
        w.forget_past(now);
        return w;
    }
    /// Calls `what` with the window if the table (still) holds it.
    template <class F>
    void with(const window_key_view& key, F what) {
        window_shard& s = of(key);
        const std::lock_guard held(s.lock);
        if (auto* const found = s.find(key)) what(*found);
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
    const window_key_view which{key, kind};
    window_shard& s = state_->of(which);
    const std::lock_guard held(s.lock);
    return state_->take(*this, s, which, state::rule_of(s, kind), now, until);
}

std::variant<permit, no_slot> window_table::take(std::string_view key, std::uint8_t kind, window_rule rule,
                                                 steady_time now, deadline until) {
    const window_key_view which{key, kind};
    window_shard& s = state_->of(which);
    const std::lock_guard held(s.lock);
    return state_->take(*this, s, which, rule, now, until);
}

std::variant<quota_status, no_slot> window_table::count(std::string_view key, std::uint8_t kind,
                                                        window_rule rule, steady_time now) {
    if (rule.limit == 0) return quota_status{};
    const window_key_view which{key, kind};
    window_shard& s = state_->of(which);
    const std::lock_guard held(s.lock);
    sliding_window& w = state::prepare(s, which, rule, now);
    if (!w.free(now)) return no_slot{w.wait(now), w.status(now)};
    w.add_settled(now);
    return w.status(now);
}

quota_status window_table::status(std::string_view key, std::uint8_t kind, steady_time now) const {
    const window_key_view which{key, kind};
    window_shard& s = state_->of(which);
    const std::lock_guard held(s.lock);
    if (auto* const found = s.find(which)) {
        found->forget_past(now);
        return found->status(now);
    }
    const window_rule rule = state::rule_of(s, kind);
    return {rule.limit, rule.limit, rule.length, milliseconds{0}};
}

std::uint32_t window_table::used(std::string_view key, std::uint8_t kind, steady_time now) const {
    std::uint32_t count = 0;
    state_->with({key, kind}, [&](sliding_window& w) {
        w.forget_past(now);
        count = static_cast<std::uint32_t>(w.used());
    });
    return count;
}

void window_table::close_until(std::string_view key, std::uint8_t kind, steady_time now, steady_time reopen) {
    const window_key_view which{key, kind};
    window_shard& s = state_->of(which);
    const std::lock_guard held(s.lock);
    state::find_or_make(s, which, now).close_until(reopen);
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

permit::permit(permit&& other) noexcept
    : table_(std::exchange(other.table_, nullptr)),
      key_(std::move(other.key_)),
      kind_(other.kind_),
      hash_(other.hash_),
      slot_(other.slot_) {}

permit& permit::operator=(permit&& other) noexcept {
    table_ = std::exchange(other.table_, nullptr);
    key_ = std::move(other.key_);
    kind_ = other.kind_;
    hash_ = other.hash_;
    slot_ = other.slot_;
    return *this;
}

// Nothing to do: the window itself holds an unsettled slot until its deadline plus one window.
permit::~permit() = default;

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
