// The `data` of a status that the gateway tells in its own words, as TikTok would (docs/contract.md §4).
// Pure.
#pragma once
#include "base/ids.hpp"
#include "posts/ask_status.hpp"

#include <string>

namespace gateway::actions {

/// A JSON object.
std::string status_object(const publish_id& id, const posts::status_answer& known);

} // namespace gateway::actions
