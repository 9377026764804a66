// Log lines for what happens too often for a line each: counted where it happens, told from time to time.
#pragma once
#include "runtime/task.hpp"

namespace gateway::inbound {
struct door_state;
}
namespace gateway::telemetry {
class sink;
}

namespace gateway::app {

/// On one worker; runs until it is cancelled.
task<void> keep_telling_counts(telemetry::sink& sink, inbound::door_state& doors);

} // namespace gateway::app
