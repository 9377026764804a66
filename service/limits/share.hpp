// One replica's share of a window that several replicas use together. The store grants shares whose sum never
// exceeds the limit; within its share each replica counts by itself, so that a call costs no query. A share
// may be used for one window after the store last confirmed it. Pure.
//
// While the store is away: a share stays valid to its end; after that no replica uses more than limit /
// replicas. A replica whose share was smaller may use that much only when the larger shares of others have
// certainly ended. (Not covered: a single replica that is cut off for minutes and still receives calls.
// Keeping its part free would close the windows of all replicas after every crash. It reports not ready
// meanwhile, and TikTok's 429 closes its window.)
#pragma once
#include "base/clock.hpp"

#include <cstdint>

namespace gateway::limits {

/// How long a share may be used after the store granted it: one window.
inline constexpr milliseconds share_usable{60'000};
/// How long a part of the share stays usable after that while the store does not answer. The store still
/// holds the share for that time, so the calls it allows are covered even if a few answers are lost.
inline constexpr milliseconds share_spared{60'000};
/// A share in use is confirmed again when this much of its time is left.
inline constexpr milliseconds share_renewed_before{20'000};
/// After this time a call that the share allowed has been sent or never will be (`deadlines.post_ms`).
inline constexpr milliseconds share_call_max{60'000};

/// How long the store reserves a share for its holder: while it is used, while its last calls are sent, and
/// while their slots are held.
constexpr milliseconds share_held(milliseconds window) {
    return share_usable + share_spared + share_call_max + window;
}

struct share {
    std::uint32_t capacity = 0;
    steady_time usable_until{}; // counted from before the request to the store
};

/// What this process's heartbeats found about the replicas that share the store.
struct replicas_seen {
    std::uint32_t count = 1; // alive, this one included
    steady_time first_beat, last_beat;
    steady_time back_since{};        // the first beat after a silence in which shares ended
    milliseconds silent_max{60'000}; // after this time without a beat the others treat this replica as dead

    /// Notes a beat that was sent at `began` and found `alive` replicas.
    void beat(steady_time began, std::uint32_t alive);
};

/// How many calls this replica may have in its window now.
std::uint32_t usable_capacity(const share& of, std::uint32_t limit, milliseconds window,
                              const replicas_seen& seen, bool store_unavailable, steady_time now);

/// The most that this replica may request: the whole limit, except for one window after the store was away,
/// when it does not include yet what the others used meanwhile.
std::uint32_t max_request(std::uint32_t limit, milliseconds window, const replicas_seen& seen,
                          steady_time now);

/// How much a replica requests that uses `used` and has `waiting` calls to make: a little more than it needs
/// if the limit is large.
std::uint32_t request_size(std::uint32_t used, std::uint32_t waiting, std::uint32_t limit,
                           std::uint32_t replicas);

} // namespace gateway::limits
