#include "limits/share.hpp"

#include <algorithm>

namespace gateway::limits {
namespace {

/// Beats come at least so often (store_limits.silent_max / 6). A replica that had time for fewer than two may
/// not have been counted by the others.
constexpr int beats_per_silence = 6;

} // namespace

std::uint32_t allowed(const share& of, std::uint32_t limit, milliseconds window, const replicas_seen& seen,
                      bool store_is_away, steady_time now) {
    if (now < of.usable_until) return of.capacity;
    if (!store_is_away) return 0; // it is asked for first
    const bool newcomer = seen.last_beat - seen.first_beat < 2 * seen.silent_max / beats_per_silence;
    const std::uint32_t fair = newcomer ? 0 : limit / std::max(1U, seen.count);
    // After so long the others take this one for silent, have given up what they held beyond that, and TikTok
    // has forgotten it.
    const bool others_ended = now - seen.last_beat >= seen.silent_max + share_held(window);
    return others_ended ? fair : std::min(of.capacity, fair);
}

std::uint32_t wanted(std::uint32_t used, std::uint32_t waiting, std::uint32_t limit, std::uint32_t replicas) {
    constexpr std::uint32_t parts = 4;
    const std::uint32_t batch = std::max(1U, limit / (parts * std::max(1U, replicas)));
    const std::uint64_t sum = std::uint64_t{used} + std::max(batch, waiting);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, limit));
}

} // namespace gateway::limits
