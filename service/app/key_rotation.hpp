// Moves what is sealed under an older vault key to the newest, in the background, and tells when a key is
// needed no longer (docs/promises.md V07) or has sealed nearly too often (V08). On one worker.
#pragma once
#include "runtime/task.hpp"

namespace gateway::vault {
class token_vault;
}
namespace gateway::telemetry {
class sink;
}

namespace gateway::app {

/// Runs until it is cancelled: at start, after each change of the ring, and again later where something was
/// left.
task<void> keep_newest_key(vault::token_vault& vault, telemetry::sink& sink);

} // namespace gateway::app
