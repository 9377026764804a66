#include "limits/window.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace gateway::limits {
namespace {

constexpr std::size_t shard_count = 64;
constexpr std::size_t buckets_looked_at_per_take = 2;

std::size_t mix(std::string_view text, std::uint8_t kind) {
    return std::hash<std::string_view>{}(text) ^ (std::size_t{kind} + 1) * 0x9e3779b97f4a7c15ULL;
}

/// The hash is taken once for each call and travels along.
struct window_key_view {
    window_key_view(std::string_view text_, std::uint8_t kind_)
        : text(text_), kind(kind_), hash(mix(text_, kind_)) {}
    std::string_view text;
    std::uint8_t kind;
    std::size_t hash;
};

struct window_key {
    explicit window_key(const window_key_view& from) : text(from.text), kind(from.kind), hash(from.hash) {}
    std::string text;
    std::uint8_t kind;
    std::size_t hash;
};

/// Hash and equality that take views, so that a look-up does not allocate.
struct key_hash {
    using is_transparent = void;
    std::size_t operator()(const window_key& key) const noexcept { return key.hash; }
    std::size_t operator()(const window_key_view& key) const noexcept { return key.hash; }
};
struct key_equal {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
        return a.hash == b.hash && a.kind == b.kind && std::string_view(a.text) == std::string_view(b.text);
    }
};

/// A call whose answer is not there yet.
struct open_slot {
    std::uint64_t id;
    steady_time held_until; // its deadline and one window, should nobody ever settle it
};

milliseconds rounded_up(steady_time::duration d) {
    return d.count() <= 0 ? milliseconds{0} : std::chrono::ceil<milliseconds>(d);
}

class window {
public:
    void forget_past(steady_time now) {
        // Sorted, so only the front can be over; the open ones are few.
        while (past_ < settled_.size() && settled_[past_] <= now)
            ++past_;
        if (past_ == settled_.size()) {
            std::vector<steady_time>{}.swap(settled_);
            past_ = 0;
        } else if (past_ > settled_.size() / 2) { // moved rarely, so that a take costs the same for any limit
            settled_.erase(settled_.begin(), first());
            past_ = 0;
        }
        std::erase_if(open_, [now](const open_slot& slot) { return slot.held_until <= now; });
    }
    bool empty(steady_time now) const { return used() == 0 && closed_until_ <= now; }

    std::optional<std::uint64_t> take(steady_time now, deadline until) {
        if (closed_until_ > now || used() >= rule.limit) return std::nullopt;
        open_.push_back({++last_id_, std::max(now, until.at()) + rule.length});
        return last_id_;
    }
    void settle(std::uint64_t id, steady_time answered) {
        if (!drop(id)) return; // held to its end already
        const steady_time free_at = answered + rule.length;
        if (settled_.empty() || settled_.back() <= free_at)
            settled_.push_back(free_at); // answers come nearly in the order in which they free
        else
            settled_.insert(std::upper_bound(first(), settled_.end(), free_at), free_at);
    }
    bool drop(std::uint64_t id) {
        return std::erase_if(open_, [id](const open_slot& slot) { return slot.id == id; }) != 0;
    }
    void close_until(steady_time reopen) { closed_until_ = std::max(closed_until_, reopen); }

    /// How long until a take can succeed; zero if it can now. An open call is guessed to be answered now.
    milliseconds wait(steady_time now) const {
        steady_time free_at = now;
        if (rule.limit > 0 && used() >= rule.limit) free_at = nth_free(used() - rule.limit, now);
        return rounded_up(std::max(free_at, closed_until_) - now);
    }
    standing stands(steady_time now) const {
        standing s{rule.whole != 0 ? rule.whole : rule.limit, 0, rule.length, milliseconds{0}};
        if (closed_until_ <= now && used() < rule.limit)
            s.remaining = rule.limit - static_cast<std::uint32_t>(used());
        if (s.remaining == 0)
            s.until_more = wait(now);
        else if (used() > 0)
            s.until_more = rounded_up(nth_free(0, now) - now);
        return s;
    }

    window_rule rule;

    std::size_t used() const { return settled_.size() - past_ + open_.size(); }

private:
    std::vector<steady_time>::iterator first() {
        return settled_.begin() + static_cast<std::ptrdiff_t>(past_);
    }
    /// When the slot in place `n` of those that free next is free.
    steady_time nth_free(std::size_t n, steady_time now) const {
        std::size_t in_settled = past_;
        std::vector<steady_time> guesses;
        guesses.reserve(open_.size());
        for (const open_slot& slot : open_)
            guesses.push_back(std::min(slot.held_until, now + rule.length));
        std::sort(guesses.begin(), guesses.end());
        std::size_t in_open = 0;
        for (;; --n) {
            const bool from_settled =
                in_settled < settled_.size()
                && (in_open == guesses.size() || settled_[in_settled] <= guesses[in_open]);
            const steady_time next = from_settled ? settled_[in_settled++] : guesses[in_open++];
            if (n == 0) return next;
        }
    }

    std::vector<steady_time> settled_; // when each frees, sorted; those before past_ are free already
    std::size_t past_ = 0;
    std::vector<open_slot> open_;
    steady_time closed_until_{};
    std::uint64_t last_id_ = 0;
};

using window_map = std::unordered_map<window_key, window, key_hash, key_equal>;

struct shard {
    mutable std::mutex lock;
    window_map windows;
    std::vector<window_rule> rules;
    std::size_t next_bucket = 0;

    /// Each take looks at two other places, so that every empty window is found in half as many takes as
    /// there are windows, and none at great cost: with many users each look is a miss of the processor's
    /// caches.
    void tidy_a_little(steady_time now) {
        for (std::size_t i = 0; i < buckets_looked_at_per_take && !windows.empty(); ++i) {
            next_bucket = (next_bucket + 1) % windows.bucket_count();
            auto at = windows.begin(next_bucket);
            while (at != windows.end(next_bucket)) {
                at->second.forget_past(now);
                if (at->second.empty(now)) {
                    windows.erase(window_key{at->first});
                    at = windows.begin(next_bucket); // those before it are looked at again: rare, and few
                } else {
                    ++at;
                }
            }
        }
    }
};

} // namespace

struct window_table::state {
    std::array<shard, shard_count> shards;

    shard& of(const window_key_view& key) { return shards[(key.hash >> 32) % shard_count]; }
    static window_rule rule_of(const shard& s, std::uint8_t kind) {
        return kind < s.rules.size() ? s.rules[kind] : window_rule{};
    }
    /// Under the shard's lock.
    static window& find_or_make(shard& s, const window_key_view& key) {
        const auto found = s.windows.find(key);
        if (found != s.windows.end()) return found->second;
        window& made = s.windows[window_key{key}];
        made.rule = rule_of(s, key.kind);
        return made;
    }
    /// Under the shard's lock.
    std::variant<permit, no_slot> take(window_table& table, shard& s, const window_key_view& key,
                                       window_rule rule, steady_time now, deadline until) {
        if (rule.limit == 0) return permit{};
        window& w = prepare(s, key, rule, now);
        if (const auto id = w.take(now, until)) return permit{table, std::string(key.text), key.kind, *id};
        return no_slot{w.wait(now), w.stands(now)};
    }
    /// Under the shard's lock: ready for a take.
    static window& prepare(shard& s, const window_key_view& key, window_rule rule, steady_time now) {
        s.tidy_a_little(now);
        window& w = find_or_make(s, key);
        w.rule = rule;
        w.forget_past(now);
        return w;
    }
    /// Runs `what` on the window, if it is (still) remembered.
    template <class F>
    void with(const window_key_view& key, F what) {
        shard& s = of(key);
        const std::lock_guard held(s.lock);
        if (const auto found = s.windows.find(key); found != s.windows.end()) what(found->second);
    }
};

window_table::window_table(std::vector<window_rule> rules) : state_(std::make_unique<state>()) {
    for (shard& s : state_->shards)
        s.rules = rules;
}
window_table::~window_table() = default;

std::variant<permit, no_slot> window_table::take(std::string_view key, std::uint8_t kind, steady_time now,
                                                 deadline until) {
    const window_key_view which{key, kind};
    shard& s = state_->of(which);
    const std::lock_guard held(s.lock);
    return state_->take(*this, s, which, state::rule_of(s, kind), now, until);
}

std::variant<permit, no_slot> window_table::take(std::string_view key, std::uint8_t kind, window_rule rule,
                                                 steady_time now, deadline until) {
    const window_key_view which{key, kind};
    shard& s = state_->of(which);
    const std::lock_guard held(s.lock);
    return state_->take(*this, s, which, rule, now, until);
}

std::variant<standing, no_slot> window_table::count(std::string_view key, std::uint8_t kind, window_rule rule,
                                                    steady_time now) {
    if (rule.limit == 0) return standing{};
    const window_key_view which{key, kind};
    shard& s = state_->of(which);
    const std::lock_guard held(s.lock);
    window& w = state::prepare(s, which, rule, now);
    const auto id = w.take(now, deadline{now});
    if (!id) return no_slot{w.wait(now), w.stands(now)};
    w.settle(*id, now);
    return w.stands(now);
}

standing window_table::stands(std::string_view key, std::uint8_t kind, steady_time now) const {
    const window_key_view which{key, kind};
    shard& s = state_->of(which);
    const std::lock_guard held(s.lock);
    if (const auto found = s.windows.find(which); found != s.windows.end()) {
        found->second.forget_past(now);
        return found->second.stands(now);
    }
    const window_rule rule = state::rule_of(s, kind);
    return {rule.limit, rule.limit, rule.length, milliseconds{0}};
}

std::uint32_t window_table::used(std::string_view key, std::uint8_t kind, steady_time now) const {
    std::uint32_t count = 0;
    state_->with({key, kind}, [&](window& w) {
        w.forget_past(now);
        count = static_cast<std::uint32_t>(w.used());
    });
    return count;
}

void window_table::close_until(std::string_view key, std::uint8_t kind, steady_time reopen) {
    const window_key_view which{key, kind};
    shard& s = state_->of(which);
    const std::lock_guard held(s.lock);
    state::find_or_make(s, which).close_until(reopen);
}

window_rule window_table::rule_of(std::uint8_t kind) const {
    const shard& s = state_->shards[0];
    const std::lock_guard held(s.lock);
    return state::rule_of(s, kind);
}

void window_table::change_rules(std::vector<window_rule> rules) {
    for (shard& s : state_->shards) {
        const std::lock_guard held(s.lock);
        s.rules = rules;
    }
}

std::size_t window_table::size() const {
    std::size_t count = 0;
    for (const shard& s : state_->shards) {
        const std::lock_guard held(s.lock);
        count += s.windows.size();
    }
    return count;
}

permit::permit(permit&& other) noexcept
    : table_(std::exchange(other.table_, nullptr)),
      key_(std::move(other.key_)),
      kind_(other.kind_),
      slot_(other.slot_) {}

permit& permit::operator=(permit&& other) noexcept {
    table_ = std::exchange(other.table_, nullptr);
    key_ = std::move(other.key_);
    kind_ = other.kind_;
    slot_ = other.slot_;
    return *this;
}

// Nothing to do: the window holds an unsettled slot to its deadline and one window more, by itself.
permit::~permit() = default;

standing permit::settle(steady_time answered) {
    if (!table_) return {};
    std::optional<standing> left;
    table_->state_->with({key_, kind_}, [&](window& w) {
        w.settle(slot_, answered);
        w.forget_past(answered);
        left = w.stands(answered);
    });
    return left ? *left : stands(answered);
}
void permit::give_back() {
    if (table_) table_->state_->with({key_, kind_}, [&](window& w) { w.drop(slot_); });
}
void permit::close_until(steady_time reopen) {
    if (table_) table_->state_->with({key_, kind_}, [&](window& w) { w.close_until(reopen); });
}
standing permit::stands(steady_time now) const {
    return table_ ? table_->stands(key_, kind_, now) : standing{};
}

} // namespace gateway::limits
