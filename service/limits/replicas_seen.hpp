// What a replica knows by its heartbeats of the others that share the store, and of the store. Plain values.
#pragma once
#include "base/clock.hpp"

#include <cstdint>

namespace gateway::limits {

/// What this process's heartbeats found about the replicas that share the store.
struct replicas_seen {
    std::uint32_t count = 1; // alive, this one included
    steady_time first_beat, last_beat;
    steady_time back_since{};        // the first beat after a silence in which shares ended
    milliseconds silent_max{60'000}; // after this time without a beat the others treat this replica as dead
    steady_time failing_since{};     // the first one of the beats that were not answered; none: zero

    /// Notes a beat that was sent at `began` and found `alive` replicas.
    void beat(steady_time began, std::uint32_t alive);
    void beat_failed(steady_time began);
    /// How long the store has not answered. Counted in beats that were sent: a process that stood still for a
    /// while was silent, but the store was not.
    milliseconds silence(steady_time now) const;
};

/// The time between two heartbeats.
milliseconds beat_interval(milliseconds silent_max);

} // namespace gateway::limits
