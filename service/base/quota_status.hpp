// The state of a limit for one key, shared by windows, the record of a call and the RateLimit headers.
#pragma once
#include "base/clock.hpp"

#include <cstdint>

namespace gateway::limits {

/// The values of the RateLimit headers: the rule, what is left, and when more becomes free.
struct quota_status {
    std::uint32_t limit = 0;
    std::uint32_t remaining = 0;
    milliseconds length{0};
    milliseconds until_more{0};
};

} // namespace gateway::limits
