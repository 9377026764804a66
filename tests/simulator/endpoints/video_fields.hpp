// The fields of a public video in the display endpoints (docs/tiktok-wire.md §3.2). Pure.
#pragma once
#include "state/world.hpp"

#include <boost/json/object.hpp>

namespace gateway::simulator {

/// Only the fields asked for; nothing when one of them does not exist.
std::optional<boost::json::object> shown_fields(const video& one, const account& owner,
                                                const string_list& fields, wall_time now);

} // namespace gateway::simulator
