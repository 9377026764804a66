#include "limits/share.hpp"

#include <algorithm>

namespace gateway::limits {
namespace {

/// Heartbeats per silent_max (store_limits): at least so many. The others may not have counted a replica yet
/// that has existed for less than two beats.
constexpr int beats_per_silence = 6;

milliseconds beat_interval(const replicas_seen& seen) {
    return seen.silent_max / beats_per_silence;
}

} // namespace

std::uint32_t usable_capacity(const share& of, std::uint32_t limit, milliseconds window,
                              const replicas_seen& seen, bool store_unavailable, steady_time now) {
    if (now < of.usable_until) return of.capacity;
    if (!store_unavailable) return 0; // request it from the store first
    const bool newcomer = seen.last_beat - seen.first_beat < 2 * beat_interval(seen);
    const std::uint32_t fair = newcomer ? 0 : limit / std::max(1U, seen.count);
    const auto silence = now - seen.last_beat;
    // If no replica reaches the store, all shares have ended by then, and their calls are out of TikTok's
    // window.
    if (silence >= seen.silent_max + share_held(window)) return fair;
    const auto spared_until = of.usable_until + share_spared;
    // After that time the store may grant this share to others as soon as it is back: after a short outage
    // they may request the whole limit, see most(). A share that the store had already released when it was
    // last reached may also belong to others.
    const bool still_ours = seen.last_beat < spared_until && silence >= share_usable;
    return now < spared_until || still_ours ? std::min(of.capacity, fair) : 0;
}

void replicas_seen::beat(steady_time began, std::uint32_t alive) {
    if (first_beat == steady_time{}) first_beat = last_beat = began;
    if (began - last_beat >= share_usable) back_since = began;
    // Other replicas reconnect a little later; until then as many as before count as alive.
    const bool just_back = back_since != steady_time{} && began - back_since < share_usable;
    count = just_back ? std::max(count, alive) : alive;
    last_beat = began;
}

std::uint32_t max_request(std::uint32_t limit, milliseconds window, const replicas_seen& seen,
                          steady_time now) {
    // The other replicas may reconnect up to two beats later, and use their parts until then.
    const auto others_told_after = share_call_max + window + 2 * beat_interval(seen);
    // Also true before the first beat after an outage, since a request for a share may come earlier.
    const bool just_back = now - seen.last_beat >= share_usable
                           || (seen.back_since != steady_time{} && now - seen.back_since < others_told_after);
    return just_back ? limit / std::max(1U, seen.count) : limit;
}

std::uint32_t request_size(std::uint32_t used, std::uint32_t waiting, std::uint32_t limit,
                           std::uint32_t replicas) {
    // Half of the replica's part. A larger batch lets reads continue longer while the store is away; a
    // smaller one leaves less unusable for some minutes after the replica dies.
    constexpr std::uint32_t parts = 2;
    const std::uint32_t batch = std::max(1U, limit / (parts * std::max(1U, replicas)));
    const std::uint64_t sum = std::uint64_t{used} + std::max(batch, waiting);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, limit));
}

} // namespace gateway::limits
