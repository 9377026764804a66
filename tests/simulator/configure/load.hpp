// From a file, or from a JSON body of the control listener, to settings. Throws settings_error, naming the
// key.
#pragma once
#include "configure/node_reader.hpp"

namespace gateway::simulator {

/// Default settings, changed by what the file says. `apps` and `accounts` of a file replace the demo ones.
settings load_settings(const std::string& path);

/// Changes what may change while the simulator runs: consent, default_account, switches, limits, timing,
/// resolve, resolve_ca_file, and apps by client_key. Nothing is changed when anything is wrong.
void change_settings(settings& current, const std::string& json_or_yaml);

/// Reads one account; keys that are absent keep what `into` holds.
void read_account(node_reader from, account_settings& into);

} // namespace gateway::simulator
