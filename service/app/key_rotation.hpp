// Re-encrypts values that are sealed under an older vault key with the newest, in the background, and logs
// when a key is no longer needed (docs/promises.md V07) or has sealed nearly too often (V08). On one worker.
#pragma once
#include "runtime/task.hpp"

namespace gateway::vault {
class token_vault;
}
namespace gateway::telemetry {
class sink;
}

namespace gateway::app {

/// Runs until it is cancelled: at start, after each change of the key ring, and again later if something was
/// left.
task<void> keep_newest_key(vault::token_vault& vault, telemetry::sink& sink);

} // namespace gateway::app
