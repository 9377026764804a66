// SIGHUP (docs/contract.md §8; docs/promises.md K08): callers, limits, keys, certificates and the log level
// are read again, all of them or none. On the main thread, between start and drain.
#pragma once
#include <string>

namespace gateway::app {

class service;

/// Reads the settings again with the checks of the start. Valid ones apply to calls that begin from then on;
/// faults are logged with their key, and then nothing changes.
void reload(service& of, const std::string& settings_file);

} // namespace gateway::app
