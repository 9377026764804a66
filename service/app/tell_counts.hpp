// Log lines for frequent events: each is only counted, and the counts are logged periodically.
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
