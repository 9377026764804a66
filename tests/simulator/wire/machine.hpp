// Builds the simulator and runs it on the calling thread until SIGTERM or SIGINT.
#pragma once
#include "configure/settings.hpp"

#include <functional>

namespace gateway::simulator {

/// Throws when it cannot start. `on_listening` gets the one line of JSON that says where.
void run(settings all, const std::function<void(const std::string& line)>& on_listening);

} // namespace gateway::simulator
