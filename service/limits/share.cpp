#include "limits/share.hpp"

#include <algorithm>
#include <chrono>

namespace gateway::limits {
namespace {

/// Several within the fence and within the time after which a replica counts as dead.
constexpr int beats_per_silence = 12;

/// Other replicas reconnect up to two beats later, and use their parts until then.
milliseconds others_told_after(milliseconds window, const replicas_seen& seen) {
    return share_call_max + window + 2 * beat_interval(seen.silent_max);
}

steady_time fence_of(const share& of, const replicas_seen& seen) {
    return std::max(seen.last_beat, of.granted_at) + share_fence;
}

bool is_usable(const share& of, steady_time fence, steady_time now) {
    return now < std::min(of.granted_at + share_usable, fence);
}

} // namespace

milliseconds beat_interval(milliseconds silent_max) {
    return silent_max / beats_per_silence;
}

void share::forget_past(steady_time now) {
    const auto kept =
        std::find_if(told.begin(), told.end(), [now](const slots_end& each) { return each.free_at > now; });
    for (auto each = told.begin(); each != kept; ++each)
        capacity -= std::min(capacity, each->count);
    told.erase(told.begin(), kept);
}

void share::reduce(std::uint32_t capacity_at_most, const slots_taken& to_tell) {
    capacity = std::min(capacity, capacity_at_most);
    told = to_tell.ends;
}

steady_time send_by(const share& of, const replicas_seen& seen, steady_time now) {
    const auto fence = fence_of(of, seen);
    return is_usable(of, fence, now) ? fence : steady_time::max(); // else it is a part of its own
}

std::uint32_t usable_capacity(const share& of, std::uint32_t limit, milliseconds window,
                              const replicas_seen& seen, bool store_unavailable, steady_time now) {
    if (is_usable(of, fence_of(of, seen), now)) return of.capacity;
    if (!store_unavailable) return 0; // request it from the store first
    // If no replica reaches the store, all shares have ended by then, and their calls are out of TikTok's
    // window. The others may have been heard up to two beats later.
    const auto ended_after = silent_share_held(window) + 2 * beat_interval(seen.silent_max);
    if (seen.silence(now) < ended_after) return 0;
    // The others may not have counted a replica yet that has existed for less than two beats.
    const bool newcomer = seen.last_beat - seen.first_beat < 2 * beat_interval(seen.silent_max);
    return newcomer ? 0 : limit / std::max(1U, seen.count);
}

void replicas_seen::beat(steady_time began, const others_seen& others) {
    if (first_beat == steady_time{}) first_beat = last_beat = began;
    if (began - last_beat >= share_usable) back_since = began;
    others_back_until = std::max(others_back_until, began + others.back_for);
    // After an outage, and not only after a kill. Who is back says so some beats later.
    const bool follows_outage = others.back_for > milliseconds{0}
                                || (waited_for_store && others.silence && *others.silence >= share_usable);
    if (follows_outage && began - first_beat <= 3 * beat_interval(silent_max))
        nothing_until = started_at + share_usable; // one window
    // Other replicas reconnect a little later; until then as many as before count as alive.
    const bool just_back = back_since != steady_time{} && began - back_since < share_usable;
    const auto alive = 1 + (others_back_until > began ? others.known : others.alive);
    count = just_back ? std::max(count, alive) : alive;
    last_beat = std::max(last_beat, began);
    failing_since = {};
}

void replicas_seen::beat_failed(steady_time began) {
    const bool was_answered_since = began <= last_beat; // two may be on their way
    if (failing_since == steady_time{} && !was_answered_since) failing_since = began;
}

milliseconds replicas_seen::silence(steady_time now) const {
    if (failing_since == steady_time{}) return milliseconds{0};
    return std::chrono::floor<milliseconds>(now - failing_since);
}

std::uint32_t max_request(std::uint32_t limit, milliseconds window, const replicas_seen& seen,
                          steady_time now) {
    if (now < seen.nothing_until) return 0;
    const bool just_back = until_max_request(window, seen, now) > milliseconds{0};
    return just_back ? limit / std::max(1U, seen.count) : limit;
}

milliseconds until_all_is_told(milliseconds window, const replicas_seen& seen, steady_time now) {
    const auto told_after = others_told_after(window, seen);
    if (seen.first_beat == steady_time{}) return milliseconds{0};
    // Also before the first beat after an outage, since a request for a share may come earlier.
    if (now - seen.last_beat >= share_usable) return told_after;
    if (seen.back_since == steady_time{}) return milliseconds{0};
    return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(seen.back_since + told_after - now));
}

milliseconds until_max_request(milliseconds window, const replicas_seen& seen, steady_time now) {
    const auto others_told = std::max(seen.others_back_until, seen.nothing_until);
    return std::max(until_all_is_told(window, seen, now), std::chrono::ceil<milliseconds>(others_told - now));
}

std::uint32_t request_size(std::uint32_t used, std::uint32_t waiting, std::uint32_t limit) {
    // A larger batch lets reads continue longer while the store is away; of a smaller one less is kept from
    // the others when the replica dies.
    constexpr std::uint32_t batches = 16;
    const std::uint32_t batch = std::max(1U, limit / batches);
    const std::uint64_t sum = std::uint64_t{used} + std::max(batch, waiting);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, limit));
}

} // namespace gateway::limits
