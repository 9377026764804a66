// What the simulator does outside by itself: it pulls URLs and sends events. Started by the host, each on its
// own.
#pragma once
#include "wire/host.hpp"

namespace gateway::simulator {

/// Downloads all URLs of a post, one after another, and tells the world how it went.
boost::asio::awaitable<void> pull(host& h, pull_to_start what);

/// Sends an event until it is answered with 200, with growing pauses, or gives up (docs/tiktok-wire.md §7).
boost::asio::awaitable<void> deliver(host& h, event_to_send what);

} // namespace gateway::simulator
