// Log lines for frequent events: each is only counted, and the counts are logged periodically.
#pragma once
#include "runtime/task.hpp"

namespace gateway::inbound {
struct listener_state;
}
namespace gateway::telemetry {
class sink;
}

namespace gateway::app {

/// On one worker; runs until it is cancelled.
task<void> run_count_reports(telemetry::sink& sink, inbound::listener_state& listeners);

} // namespace gateway::app
