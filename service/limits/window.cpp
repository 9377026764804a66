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
    std::array<window_shard, journal_parts> shards;

    /// A key's shard, which is locked as long as this lives.
    struct place {
        const window_key_view key;
        window_shard& shard;
        const std::lock_guard<std::mutex> held{shard.lock};

        sliding_window& find_or_make(steady_time now) const {
            if (auto* const found = shard.find(key)) return *found;
            return shard.make(key, rule_of(shard, key.kind), now);
        }
        /// Null: it is empty.
        sliding_window* find(steady_time now) const {
            if (auto* const found = shard.find(key)) return found;
            return shard.remembers(key, now) ? &find_or_make(now) : nullptr;
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
        const auto id = w.take(now, until);
        if (!id) return no_slot{w.wait(now), w.status(now)};
        const auto held_until = std::max(now, until.at()) + rule.length;
        const auto entry = at.shard.journal.note(at.key.in_journal(), held_until, now);
        return permit{table, at.key.text, at.key.kind, at.key.hash, *id, entry};
    }
    /// Calls `what` with the window, and the journal of its shard, if the table (still) holds it.
    template <class F>
    void with(const window_key_view& key, F what) {
        const auto at = locked(key);
        if (auto* const found = at.shard.find(key)) what(*found, at.shard.journal, key.in_journal());
    }
};

window_table::window_table(std::vector<window_rule> rules) : state_(std::make_unique<state>()) {
    for (window_shard& s : state_->shards)
        s.rules = rules;
}
window_table::window_table(std::vector<window_rule> rules, window_journal kept)
    : window_table(std::move(rules)) {
    for (std::size_t i = 0; i < kept.parts.size(); ++i)
        state_->shards[i].journal = kept.parts[i];
    for (std::size_t i = 0; i < kept.remembered.size(); ++i)
        state_->shards[i].remembered = std::move(kept.remembered[i]);
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
    at.shard.journal.note(at.key.in_journal(), w.add_settled(now), now);
    return w.status(now);
}

quota_status window_table::status(std::string_view key, std::uint8_t kind, steady_time now) const {
    const auto at = state_->locked({key, kind});
    if (auto* const found = at.find(now)) {
        found->forget_past(now);
        return found->status(now);
    }
    const window_rule rule = state::rule_of(at.shard, kind);
    return {rule.limit, rule.limit, rule.length, milliseconds{0}};
}

slots_taken window_table::taken(std::string_view key, std::uint8_t kind, steady_time now) const {
    const auto at = state_->locked({key, kind});
    auto* const found = at.find(now);
    if (!found) return {};
    found->forget_past(now);
    return found->taken();
}

milliseconds window_table::closed_for(std::string_view key, std::uint8_t kind, steady_time now) const {
    const auto at = state_->locked({key, kind});
    auto* const found = at.find(now);
    return found ? found->closed_for(now) : milliseconds{0};
}

void window_table::close_until(std::string_view key, std::uint8_t kind, steady_time now, steady_time reopen) {
    const auto at = state_->locked({key, kind});
    at.find_or_make(now).close_until(reopen);
    at.shard.journal.note_closed(at.key.in_journal(), reopen);
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
    table_->state_->with({key_, kind_, hash_},
                         [&](sliding_window& w, journal_part& journal, std::uint64_t name) {
                             if (const auto free_at = w.settle(slot_, answered))
                                 journal.change(entry_, name, *free_at);
                             w.forget_past(answered);
                             left = w.status(answered);
                         });
    return left ? *left : status(answered);
}
void permit::give_back() {
    if (!table_) return;
    table_->state_->with({key_, kind_, hash_},
                         [&](sliding_window& w, journal_part& journal, std::uint64_t name) {
                             if (w.drop(slot_)) journal.clear(entry_, name);
                         });
}
void permit::close_until(steady_time reopen) {
    if (!table_) return;
    table_->state_->with({key_, kind_, hash_},
                         [&](sliding_window& w, journal_part& journal, std::uint64_t name) {
                             w.close_until(reopen);
                             journal.note_closed(name, reopen);
                         });
}
quota_status permit::status(steady_time now) const {
    return table_ ? table_->status(key_, kind_, now) : quota_status{};
}

} // namespace gateway::limits
