// The slots of one window that are not free, at one moment. Plain values.
#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <vector>

namespace gateway::limits {

/// Slots that become free at the same time.
struct slots_end {
    steady_time free_at;
    std::uint32_t count = 0;
};

struct slots_taken {
    std::uint32_t used = 0;      // of open calls, whose end is not known yet, and of answered ones
    std::vector<slots_end> ends; // of the answered ones; the next one first
};

} // namespace gateway::limits
