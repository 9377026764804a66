// Reads the times of RFC 3339 that callers give, and writes those that they give back; clock.hpp writes the
// others, without a fraction. Pure.
#pragma once
#include "base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gateway {

/// 2026-11-23T16:18:36Z, with a fraction or an offset (`+01:00`) if there is one. A fraction is rounded up to
/// milliseconds, a leap second counts as the next one. Nothing: it is no such time, or before 1970.
std::optional<wall_time> parse_rfc3339(std::string_view text);

/// 2026-11-23T16:18:36.042Z: the very time when it is read again.
std::string rfc3339_with_milliseconds(wall_time t);

} // namespace gateway
