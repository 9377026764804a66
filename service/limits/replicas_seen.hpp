// What a replica knows by its heartbeats of the others that share the store, and of the store. Plain values.
#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <optional>

namespace gateway::limits {

/// What one heartbeat found about the other replicas.
struct others_seen {
    std::uint32_t alive = 0;
    std::uint32_t known = 0;             // with the silent ones that may be cut off
    std::optional<milliseconds> silence; // since the last of them was heard; none: there are no others
    milliseconds back_for{0};            // so long they may have used slots that nobody was told of
};

/// What this process's heartbeats found about the replicas that share the store.
struct replicas_seen {
    std::uint32_t count = 1; // alive, this one included
    steady_time first_beat, last_beat;
    steady_time back_since{}; // the first beat after a silence in which shares ended
    steady_time started_at{};
    bool waited_for_store = false;   // at its start
    steady_time others_back_until{}; // until then others may have used slots that they have not told
    steady_time nothing_until{};     // the same of an earlier life of this one, which ended before its start
    milliseconds silent_max{60'000}; // after this time without a beat the others treat this replica as dead
    steady_time failing_since{};     // the first one of the beats that were not answered; none: zero

    /// Notes a beat that was sent at `began`.
    void beat(steady_time began, const others_seen& others);
    void beat_failed(steady_time began);
    /// How long the store has not answered. Counted in beats that were sent: a process that stood still for a
    /// while was silent, but the store was not.
    milliseconds silence(steady_time now) const;
};

/// The time between two heartbeats.
milliseconds beat_interval(milliseconds silent_max);

} // namespace gateway::limits
