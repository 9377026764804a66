// One replica's share of a window that several replicas use together. The store grants shares whose sum never
// exceeds the limit; within its share each replica counts by itself, so that most calls cost no query. Pure.
//
// A share shrinks: the store knows when each slot that was used before the last request becomes free, and
// from then on it belongs to nobody. So what the store tells of a slot's end stays true whatever becomes of
// its user, and of a killed replica only the slots that it had taken since are kept longer.
//
// The fence: a share may be used only for a short time after the store last heard this replica. So the store
// can count the share of a silent replica until one window after that, and no longer, whether the replica is
// dead, frozen or cut off: a frozen one that wakes up has to ask first.
//
// While the store is away: a share is used to its fence, then nothing, until all shares have ended and their
// calls are out of TikTok's window; from then on no replica uses more than limit / replicas. When it is back,
// each says with its heartbeats how long that counts, also for one that starts then. (Not covered: a single
// replica that is cut off for so long and still receives calls. It reports not ready; TikTok's 429 closes the
// window.)
#pragma once
#include "base/clock.hpp"
#include "limits/replicas_seen.hpp"
#include "limits/slots_taken.hpp"

#include <cstdint>
#include <vector>

namespace gateway::limits {

/// How long a share may be used after the store granted it: one window.
inline constexpr milliseconds share_usable{60'000};
/// How long it may be used after the store last heard this replica, by a heartbeat or a request. Several
/// heartbeats, so that a short restart of the database ends no share.
inline constexpr milliseconds share_fence{15'000};
/// A share in use is confirmed again when this much of its time is left.
inline constexpr milliseconds share_renewed_before{20'000};
/// After this time a call that the share allowed has been sent or never will be (`deadlines.post_ms`).
inline constexpr milliseconds share_call_max{60'000};

/// How long the store holds a share for a replica that it hears: while it is used, while its last calls are
/// sent, and while their slots are held.
constexpr milliseconds share_held(milliseconds window) {
    return share_usable + share_call_max + window;
}
/// The same after it last heard the replica, which may have used all of it until its fence.
constexpr milliseconds silent_share_held(milliseconds window) {
    return share_fence + window;
}
// A replica that wakes up must not find its share usable when the store has given it to others. (Every window
// of TikTok's is a minute.)
static_assert(share_usable <= silent_share_held(milliseconds{60'000}));

struct share {
    std::uint32_t capacity = 0;  // slots, with those of `told`
    std::uint32_t others = 0;    // what the others have, as of the grant
    steady_time granted_at{};    // before the request to the store
    std::vector<slots_end> told; // slots whose end the store knows, the next one first

    /// Takes away what belongs to nobody by now. Call before any use.
    void forget_past(steady_time now);
    /// Before the store is told: it may do what it is asked for even if its answer is lost, so the share is
    /// only what it is in both cases.
    void reduce(std::uint32_t capacity_at_most, const slots_taken& to_tell);
};

/// How many calls this replica may have in its window now.
std::uint32_t usable_capacity(const share& of, std::uint32_t limit, milliseconds window,
                              const replicas_seen& seen, bool store_unavailable, steady_time now);

/// When a call that takes its slot now must be on its way: later the store may have given the slot to others.
steady_time send_by(const share& of, const replicas_seen& seen, steady_time now);

/// For how long the store cannot know all that this replica used while it was away.
milliseconds until_all_is_told(milliseconds window, const replicas_seen& seen, steady_time now);
/// The most that this replica may request: the whole limit, except while the store does not know yet what
/// replicas used when it was away.
std::uint32_t max_request(std::uint32_t limit, milliseconds window, const replicas_seen& seen,
                          steady_time now);
/// The time until it may request the whole limit.
milliseconds until_max_request(milliseconds window, const replicas_seen& seen, steady_time now);

/// How much a replica requests that uses `used` and has `waiting` calls to make: a little more than it needs
/// if the limit is large.
std::uint32_t request_size(std::uint32_t used, std::uint32_t waiting, std::uint32_t limit);

} // namespace gateway::limits
