// Dates of HTTP (RFC 9110 §5.6.7). Pure.
#pragma once
#include "base/clock.hpp"

#include <optional>
#include <string_view>

namespace gateway::http {

/// An IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT`; nothing for every other text, also for the two
/// obsolete forms, and for a day that is none or another day of the week.
std::optional<wall_time> read_date(std::string_view text);

} // namespace gateway::http
