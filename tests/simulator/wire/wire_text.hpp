// Answers as bytes, and the changes by faults. Pure.
#pragma once
#include "base/clock.hpp"
#include "endpoints/request.hpp"
#include "state/fault_book.hpp"

namespace gateway::simulator {

/// Status line, header fields and body; `close` adds Connection: close.
std::string as_bytes(const answer& out, const std::string& log_id, wall_time now, bool close,
                     bool without_body);

/// Applies status, body, headers and merge patch of a fault.
void distort(answer& out, const fault_effect& effect);

/// RFC 7386.
void merge_patch(boost::json::value& target, const boost::json::value& patch);

} // namespace gateway::simulator
