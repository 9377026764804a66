// Formats one event as one line of JSON, appended to a string that the caller reuses. It does not accept the
// type `secret`; every text is escaped, so no byte of a request can end a line or start another
// (docs/promises.md G06). Pure.
#pragma once
#include "base/clock.hpp"
#include "telemetry/call_record.hpp"
#include "telemetry/log_queue.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway::telemetry {

/// A member of an event: a name from the code, and a value from any source.
using member = std::pair<std::string_view, std::string_view>;

void append_event(std::string& out, level l, std::string_view event, const std::vector<member>& members,
                  wall_time now);

/// The line of one call; `took` runs from its first byte to its answer.
void append_call(std::string& out, level l, const call_record& call, std::chrono::microseconds took,
                 wall_time now);

} // namespace gateway::telemetry
