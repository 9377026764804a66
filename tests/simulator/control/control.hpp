// The control listener: faults, the history, and everything else that a test changes directly. JSON over
// plain HTTP; README.md describes each call.
#pragma once
#include "endpoints/request.hpp"
#include "state/world.hpp"

namespace gateway::simulator {

answer control(world& w, const request& in);

/// 200 with this JSON.
answer json_answer(const boost::json::value& value, int status = 200);
/// 400 (or another status) with {"error": why}.
answer control_error(const std::string& why, int status = 400);
/// The JSON object of the body; an empty body is an empty object; nothing when it is anything else.
std::optional<boost::json::object> control_body(const request& in);
std::string text_of(const boost::json::object& from, std::string_view key);
std::int64_t number_of(const boost::json::object& from, std::string_view key, std::int64_t otherwise);

} // namespace gateway::simulator
