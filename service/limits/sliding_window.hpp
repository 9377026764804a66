// The slots of one key and class, pure; the table around it holds the lock. A take and its settling read one
// place of the table's memory and write one place more: with many users each place is a miss of the
// processor's caches.
#pragma once
#include "base/clock.hpp"
#include "base/standing.hpp"
#include "limits/window.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace gateway::limits {

class sliding_window {
public:
    /// Of a larger limit no slot is remembered by itself (see add_settled()).
    static constexpr std::uint32_t slots_apart_max = 1'024;

    window_rule rule;

    /// Before everything else, with the same `now`.
    void forget_past(steady_time now) {
        if (first_free_at_ <= now) forget_settled(now);
        drop_if([now](const open_slot& slot) { return slot.held_until <= now; });
    }
    bool empty(steady_time now) const { return used() == 0 && closed_until_ <= now; }
    bool free(steady_time now) const { return closed_until_ <= now && used() < rule.limit; }
    std::size_t used() const { return settled_count_ + open_.size(); }

    /// The number of the slot, unless none is free.
    std::optional<std::uint64_t> take(steady_time now, deadline until) {
        if (!free(now)) return std::nullopt;
        open_.push_back({++last_id_, std::max(now, until.at()) + rule.length});
        __builtin_prefetch(settled_.data() + settled_.size()); // where settle() will write
        return last_id_;
    }
    void settle(std::uint64_t id, steady_time answered) {
        if (drop(id)) add_settled(answered); // else: held to its end already
    }
    bool drop(std::uint64_t id) {
        return drop_if([id](const open_slot& slot) { return slot.id == id; });
    }
    /// One more slot, whose call was answered then. Of a large limit those that free within a thousandth of
    /// the window free together, at its end, so that a limit of millions takes no more memory than one of a
    /// thousand.
    void add_settled(steady_time answered);
    void close_until(steady_time reopen) { closed_until_ = std::max(closed_until_, reopen); }

    /// How long until a take can succeed; zero if it can now. An open call is guessed to be answered now.
    milliseconds wait(steady_time now) const;
    standing stands(steady_time now) const;

private:
    /// A call whose answer is not there yet.
    struct open_slot {
        std::uint64_t id;
        steady_time held_until; // its deadline and one window, should nobody ever settle it
    };
    /// Slots that free at the same moment.
    struct settled_slots {
        steady_time free_at;
        std::uint32_t count;
    };

    template <class Condition>
    bool drop_if(Condition condition) {
        const auto kept = std::remove_if(open_.begin(), open_.end(), condition);
        const bool some = kept != open_.end();
        open_.erase(kept, open_.end());
        return some;
    }
    void forget_settled(steady_time now);
    steady_time on_the_grid(steady_time at) const;
    steady_time guess(const open_slot& slot, steady_time now) const {
        return std::min(slot.held_until, now + rule.length);
    }
    /// When the next slot is free; there is one that is taken.
    steady_time first_free(steady_time now) const;
    /// When the slot in place `n` of those that free next is free.
    steady_time nth_free(std::size_t n, steady_time now) const;

    steady_time closed_until_{};
    steady_time first_free_at_ = steady_time::max(); // of the settled ones
    std::size_t settled_count_ = 0;
    std::uint64_t last_id_ = 0;
    boost::container::small_vector<open_slot, 1> open_; // few
    std::size_t past_ = 0;
    std::vector<settled_slots> settled_; // sorted; those before past_ are free already
};

} // namespace gateway::limits
