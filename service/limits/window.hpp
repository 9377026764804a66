// Sliding windows, pure: one per (key, class). A slot frees one window after its call was *answered* (or, if
// no answer came, after its deadline), so that network jitter never makes TikTok count one call more than we
// did. Slots of a limit above 1,024 become free up to a thousandth of the window later, together with others
// (of a window that replicas share: above 64, a 64th).
#pragma once
#include "base/clock.hpp"
#include "base/memory/worker_memory.hpp"
#include "base/quota_status.hpp"
#include "limits/slots_taken.hpp"

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
    std::uint32_t whole = 0;      // the limit to report where `limit` is only a part of it; 0: `limit`
    std::uint32_t attainable = 0; // in that case: the slots of `whole` that others have not taken
};

class window_table;
struct window_journal;

/// One taken slot, for one request; only window_table makes them. Settle it when the answer arrives, or when
/// the call ends without one and may have reached TikTok; a slot that is never settled is held until the
/// deadline of its call plus one window, as if TikTok had received it then.
class permit {
public:
    /// For who sends the request. Throws std::logic_error the second time: each request takes its own slot.
    void use();
    /// Prefetches the window's memory, since settle() follows soon.
    void prefetch() const;
    /// The answer came at `answered`. Gives the state of the window then.
    quota_status settle(steady_time answered);
    /// The request was certainly not sent: the slot is free at once.
    void give_back();
    /// TikTok answered 429: no more slots for this key and class until `reopen`.
    void close_until(steady_time reopen);
    quota_status status(steady_time now) const;
    /// The first byte of its request must leave by then, or the request is not sent.
    void must_be_sent_by(steady_time at) { send_by_ = at; }
    steady_time send_by() const { return send_by_; }

private:
    friend class window_table;
    permit() = default; // of a kind without a window
    permit(window_table& table, std::string_view key, std::uint8_t kind, std::size_t hash, std::uint64_t slot,
           std::uint32_t entry)
        : table_(&table), key_(key), kind_(kind), entry_(entry), hash_(hash), slot_(slot) {}

    /// The table is not owned, and a permit that was moved from has none. A destructor has nothing to do: the
    /// window itself holds an unsettled slot until its deadline plus one window.
    struct leave {
        void operator()(window_table*) const {}
    };
    std::unique_ptr<window_table, leave> table_;
    worker_string key_; // lives as long as the call
    std::uint8_t kind_ = 0;
    bool used_ = false;
    std::uint32_t entry_ = 0; // in the journal
    std::size_t hash_ = 0;    // of the key
    std::uint64_t slot_ = 0;
    steady_time send_by_ = steady_time::max();
};

/// Refused, with the time until a slot is free.
struct no_slot {
    milliseconds wait{0};
    quota_status status;
};

/// All windows of one purpose. Thread-safe: sharded by key, each lock held for nanoseconds and never across a
/// wait. Empty windows are removed.
class window_table {
public:
    /// `rules[kind]` is the rule of class `kind`; kinds are small numbers of the owner's choice.
    explicit window_table(std::vector<window_rule> rules);
    /// One that goes on with the windows of the process before, and writes its own down for the next one.
    window_table(std::vector<window_rule> rules, window_journal kept);
    ~window_table();

    /// Prefetches the memory of this key's windows, which are used soon.
    void prefetch(std::string_view key) const;
    /// A limit of 0 means that this kind has no window: always granted, nothing stored.
    std::variant<permit, no_slot> take(std::string_view key, std::uint8_t kind, steady_time now,
                                       deadline until);
    /// The same with a rule for this key, e.g. a caller's quota, instead of rules[kind].
    std::variant<permit, no_slot> take(std::string_view key, std::uint8_t kind, window_rule rule,
                                       steady_time now, deadline until);
    /// Takes a slot and settles it at once, for calls that count when they arrive. A limit of 0 means no
    /// limit.
    std::variant<quota_status, no_slot> count(std::string_view key, std::uint8_t kind, window_rule rule,
                                              steady_time now);
    quota_status status(std::string_view key, std::uint8_t kind, steady_time now) const;
    /// Slots that are not free: of open calls, and of calls answered less than one window ago.
    slots_taken taken(std::string_view key, std::uint8_t kind, steady_time now) const;
    /// For how long TikTok's 429 keeps it closed; zero: it is open.
    milliseconds closed_for(std::string_view key, std::uint8_t kind, steady_time now) const;
    /// TikTok answered 429 to another replica for the same key and kind.
    void close_until(std::string_view key, std::uint8_t kind, steady_time now, steady_time reopen);
    window_rule rule_of(std::uint8_t kind) const;
    /// New rules from the settings; calls already counted stay counted.
    void change_rules(std::vector<window_rule> rules);
    std::size_t size() const; // windows in memory, for a metric

private:
    friend class permit;
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace gateway::limits
