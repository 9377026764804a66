// One replica's share of one window that several replicas use together. The store grants shares whose sum
// never exceeds the limit; within its share each replica counts for itself, so that a call costs no query. A
// share is used for one window after the store last confirmed it. Pure.
//
// While the store is away: a share goes on to its end, then no replica uses more than limit / replicas. One
// that had less until then may have so much only when the larger shares of others have certainly ended. (A
// replica that alone is cut off for minutes, and is still called, comes on top: to keep its part free would
// close the windows of all after every crash. It is not ready meanwhile, and TikTok's 429 closes its window.)
#pragma once
#include "base/clock.hpp"

#include <cstdint>

namespace gateway::limits {

/// A share may be used so long after the store granted it: one window.
inline constexpr milliseconds share_usable{60'000};
/// While the store does not answer a part of it goes on for so long: each call that it still allows is
/// covered by what the store holds, should only a few answers be lost.
inline constexpr milliseconds share_spared{60'000};
/// It is confirmed again while it is used and this little of that is left.
inline constexpr milliseconds share_renewed_before{20'000};
/// A call that a share allowed has left, or never will, after so long (`deadlines.post_ms`).
inline constexpr milliseconds share_call_max{60'000};

/// So long the store keeps a share for its holder: it is used, calls are on their way, their slots are held.
constexpr milliseconds share_held(milliseconds window) {
    return share_usable + share_spared + share_call_max + window;
}

struct share {
    std::uint32_t capacity = 0;
    steady_time usable_until{}; // counted from before the store was asked
};

/// This process among those that share the store, as its beats found them.
struct replicas_seen {
    std::uint32_t count = 1; // alive, this one included
    steady_time first_beat, last_beat;
    steady_time back_since{};        // the first beat after a silence in which shares ended
    milliseconds silent_max{60'000}; // after so long without a beat the others take this one for dead

    /// A beat that was sent at `began` found so many alive.
    void beat(steady_time began, std::uint32_t alive);
};

/// What this replica may have in its window now.
std::uint32_t allowed(const share& of, std::uint32_t limit, milliseconds window, const replicas_seen& seen,
                      bool store_is_away, steady_time now);

/// As much as this replica may ask for: the whole, but for a window after the store was away, when the others
/// have not told it yet what they used meanwhile.
std::uint32_t most(std::uint32_t limit, milliseconds window, const replicas_seen& seen, steady_time now);

/// How much a replica asks for that uses `used` and has `waiting` calls to make: a little more than it needs,
/// where the limit is wide.
std::uint32_t wanted(std::uint32_t used, std::uint32_t waiting, std::uint32_t limit, std::uint32_t replicas);

} // namespace gateway::limits
