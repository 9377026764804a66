// Sliding windows, pure: one per (key, class). A slot frees one window after its call was *answered* (or, if
// no answer came, after its deadline), so that jitter on the way never makes TikTok count one more than we
// did. Slots of a limit above 1,024 free up to a thousandth of the window later, together with others.
#pragma once
#include "base/clock.hpp"
#include "base/memory/worker_memory.hpp"
#include "base/standing.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gateway::limits {

struct window_rule {
    std::uint32_t limit = 0; // calls per `length`
    milliseconds length{60'000};
    std::uint32_t whole = 0; // what is told as the limit where `limit` is only a part of it; 0: `limit`
};

class window_table;

/// One taken slot. Settle it when the answer is there; a slot that was never settled is held until the
/// deadline of its call plus one window, as if TikTok had seen it then.
class permit {
public:
    permit() = default;
    permit(permit&& other) noexcept;
    permit& operator=(permit&& other) noexcept;
    ~permit();

    /// It is settled soon: the window's place in memory is fetched meanwhile.
    void expect() const;
    /// The answer came at `answered`; how the window stands then.
    standing settle(steady_time answered);
    /// The request provably never left: the slot is free at once.
    void give_back();
    /// TikTok said 429 all the same: nothing more for this key and class until then.
    void close_until(steady_time reopen);
    standing stands(steady_time now) const;

private:
    friend class window_table;
    permit(window_table& table, std::string_view key, std::uint8_t kind, std::size_t hash, std::uint64_t slot)
        : table_(&table), key_(key), kind_(kind), hash_(hash), slot_(slot) {}

    window_table* table_ = nullptr;
    worker_string key_; // a call has one for as long as it runs
    std::uint8_t kind_ = 0;
    std::size_t hash_ = 0; // of the key
    std::uint64_t slot_ = 0;
};

/// Refused: how long until a slot is free.
struct no_slot {
    milliseconds wait{0};
    standing stands;
};

/// All windows of one sort. Thread-safe: sharded by key, each lock held for nanoseconds and never across a
/// wait. Memory: windows that are empty are forgotten.
class window_table {
public:
    /// `rules[kind]` is the rule of class `kind`; kinds are small numbers of the owner's choice.
    explicit window_table(std::vector<window_rule> rules);
    ~window_table();

    /// The windows of this key are asked for soon: their place in memory is fetched meanwhile.
    void expect(std::string_view key) const;
    /// A limit of 0 means that this kind has no window: always granted, nothing remembered.
    std::variant<permit, no_slot> take(std::string_view key, std::uint8_t kind, steady_time now,
                                       deadline until);
    /// The same under a rule of the key's own, e.g. a caller's quota; it stands in the place of rules[kind].
    std::variant<permit, no_slot> take(std::string_view key, std::uint8_t kind, window_rule rule,
                                       steady_time now, deadline until);
    /// Takes a slot and settles it in one go, for what counts when it comes. A limit of 0 is none.
    std::variant<standing, no_slot> count(std::string_view key, std::uint8_t kind, window_rule rule,
                                          steady_time now);
    standing stands(std::string_view key, std::uint8_t kind, steady_time now) const;
    /// Slots that are not free: calls on their way, and those answered less than a window ago.
    std::uint32_t used(std::string_view key, std::uint8_t kind, steady_time now) const;
    /// TikTok said 429 to somebody else who counts for the same key and kind.
    void close_until(std::string_view key, std::uint8_t kind, steady_time now, steady_time reopen);
    window_rule rule_of(std::uint8_t kind) const;
    /// New rules from the settings; windows already counted stay counted.
    void change_rules(std::vector<window_rule> rules);
    std::size_t size() const; // windows in memory, for a metric

private:
    friend class permit;
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace gateway::limits
