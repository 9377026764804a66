// One connection from the first byte to the last: reads requests, lets the world answer them, and does to the
// answers what the faults ask for.
#pragma once
#include "wire/host.hpp"

namespace gateway::simulator {

enum class door { api, upload, control };
std::string_view name_of(door which);

/// Ends when the connection does.
boost::asio::awaitable<void> serve(host& h, std::unique_ptr<stream> bytes, door which);

} // namespace gateway::simulator
