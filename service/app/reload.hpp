// SIGHUP (docs/contract.md §8; docs/promises.md K08): callers, limits, keys, certificates and the log level
// are read again, all of them or none. On the main thread, between start and drain.
#pragma once
#include <string>

namespace gateway::app {

class service;

/// Reads the settings of the start again and holds them against its checks. What is good is taken by calls
/// that begin from then on; what is not is told, by key, and nothing changes.
void reload(service& of, const std::string& settings_file);

} // namespace gateway::app
