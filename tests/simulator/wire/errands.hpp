// Outgoing requests of the simulator: it pulls URLs and sends events. Each is started by the host.
#pragma once
#include "wire/host.hpp"

namespace gateway::simulator {

/// Downloads all URLs of a post, one after another, and reports the results to the world.
boost::asio::awaitable<void> pull(host& h, pull_to_start what);

/// Sends an event until it is answered with 200, with growing pauses, or gives up (docs/tiktok-wire.md §7).
boost::asio::awaitable<void> deliver(host& h, event_to_send what);

} // namespace gateway::simulator
