// What the three display endpoints share: their window and the `fields` parameter.
#pragma once
#include "endpoints/call.hpp"

namespace gateway::simulator {

/// 600 a minute per app and endpoint, or per token (W1); nothing when the call is taken.
std::optional<milliseconds> take_display_place(call& c, const std::string& endpoint);
/// The comma list of the query; nothing when it is absent, empty or has an empty item.
std::optional<string_list> requested_fields(call& c);
/// A JSON object from the body (empty body: an empty object); nothing when it is anything else, or a form
/// (W32).
std::optional<boost::json::object> json_body(const call& c);

} // namespace gateway::simulator
