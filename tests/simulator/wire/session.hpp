// One connection: reads requests, has them answered, and applies faults to the answers.
#pragma once
#include "wire/host.hpp"

namespace gateway::simulator {

enum class door { api, upload, control };
std::string_view name_of(door which);

/// Ends when the connection does.
boost::asio::awaitable<void> serve(host& h, std::unique_ptr<stream> bytes, door which);

} // namespace gateway::simulator
