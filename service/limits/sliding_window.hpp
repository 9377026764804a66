// The slots of one key and class, pure; the table that contains it holds the lock. A take and its settling
// read one cache line of the table and write one more, because with many users each line is a cache miss.
#pragma once
#include "base/clock.hpp"
#include "base/quota_status.hpp"
#include "limits/slots_taken.hpp"
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
    /// For a larger limit slots are not stored one by one (see add_settled()).
    static constexpr std::uint32_t slots_apart_max = 1'024;
    /// The same where replicas share the window, because each tells the store when its slots become free.
    static constexpr std::uint32_t shared_slots_apart_max = 64;

    window_rule rule;

    /// Call before any other function, with the same `now`.
    void forget_past(steady_time now) {
        if (first_free_at_ <= now) forget_settled(now);
        drop_if([now](const open_slot& slot) { return slot.held_until <= now; });
    }
    bool empty(steady_time now) const { return used() == 0 && closed_until_ <= now; }
    bool free(steady_time now) const { return closed_until_ <= now && used() < rule.limit; }
    std::size_t used() const { return settled_count_ + open_.size(); }

    /// The number of the taken slot; nothing if none is free.
    std::optional<std::uint64_t> take(steady_time now, deadline until) {
        if (!free(now)) return std::nullopt;
        open_.push_back({++last_id_, std::max(now, until.at()) + rule.length});
        __builtin_prefetch(settled_.data() + settled_.size()); // settle() will write there
        return last_id_;
    }
    /// When the slot becomes free. Nothing: it was already held to its end.
    std::optional<steady_time> settle(std::uint64_t id, steady_time answered) {
        if (!drop(id)) return std::nullopt;
        return add_settled(answered);
    }
    bool drop(std::uint64_t id) {
        return drop_if([id](const open_slot& slot) { return slot.id == id; });
    }
    /// Adds a slot whose call was answered then. With a large limit, slots that become free within the same
    /// thousandth of the window become free together, at its end, so that a limit of millions takes no more
    /// memory than one of a thousand. Gives the time at which it becomes free.
    steady_time add_settled(steady_time answered);
    /// The same for a slot of the process before, by the time at which it becomes free.
    void recall(steady_time free_at) { add_settled(free_at - rule.length); }
    void close_until(steady_time reopen) { closed_until_ = std::max(closed_until_, reopen); }

    /// The time until a take can succeed; zero if it can now. Assumes that open calls are answered now.
    milliseconds wait(steady_time now) const;
    quota_status status(steady_time now) const;
    slots_taken taken() const;
    milliseconds closed_for(steady_time now) const;

private:
    /// A call that is not answered yet.
    struct open_slot {
        std::uint64_t id;
        steady_time held_until; // its deadline plus one window, in case it is never settled
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
    /// When the next slot becomes free; at least one must be taken.
    steady_time first_free(steady_time now) const;
    /// When the slot at position `n` of the next ones becomes free.
    steady_time nth_free(std::size_t n, steady_time now) const;

    steady_time closed_until_{};
    steady_time first_free_at_ = steady_time::max(); // of the settled ones
    std::size_t settled_count_ = 0;
    std::uint64_t last_id_ = 0;
    boost::container::small_vector<open_slot, 1> open_; // usually one
    std::size_t past_ = 0;
    std::vector<slots_end> settled_; // sorted; those before past_ are already free
};

} // namespace gateway::limits
