// Reads settings from a file or from a JSON body of the control listener. Throws settings_error with the key.
#pragma once
#include "configure/node_reader.hpp"

namespace gateway::simulator {

/// Default settings, changed by the file. `apps` and `accounts` of a file replace the demo ones.
settings load_settings(const std::string& path);

/// Changes the settings that may change while the simulator runs: consent, default_account, switches, limits,
/// timing, resolve, resolve_ca_file, and apps by client_key. Changes nothing if anything is wrong.
void change_settings(settings& current, const std::string& json_or_yaml);

/// Reads one account; absent keys keep their value in `into`.
void read_account(node_reader from, account_settings& into);

} // namespace gateway::simulator
