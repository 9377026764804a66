// How a limit stands for one key: the words that windows, the record of a call and the RateLimit headers
// share.
#pragma once
#include "base/clock.hpp"

#include <cstdint>

namespace gateway::limits {

/// What the RateLimit headers tell: the rule, what is left, and when more becomes free.
struct standing {
    std::uint32_t limit = 0;
    std::uint32_t remaining = 0;
    milliseconds length{0};
    milliseconds until_more{0};
};

} // namespace gateway::limits
