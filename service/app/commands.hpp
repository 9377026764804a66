// The commands of the program, one function each; main.cpp reads the command line and calls one of them. Each
// gives the exit status; `run` and `check_config` print what is wrong with the settings, by key, and give 78.
#pragma once
#include "settings/loader.hpp"

#include <string>

namespace gateway::app {

/// Serves until SIGTERM or SIGINT, then drains. `variables`: of the process's environment.
int run(const std::string& settings_file, const settings::environment& variables);
int check_config(const std::string& settings_file, const settings::environment& variables);
/// Copies a store in a file, also while a gateway runs on it, into a new file.
int backup(const std::string& settings_file, const settings::environment& variables, const std::string& into);
/// A new key for a caller: the key, and the hash that goes into the settings.
int new_key(const std::string& name);
/// One line for the file of vault.keys_file.
int new_vault_key();

} // namespace gateway::app
