// Settings from the environment: `TIKTOK_GATEWAY__A__B` for the key `a.b`. A value is taken literally; only a
// list or a map is parsed as YAML. An empty variable counts as absent, so that `${KEY:-}` of a compose file
// sets nothing.
#pragma once
#include "settings/given.hpp"
#include "settings/loader.hpp"

#include <vector>

namespace gateway::settings {

/// Sets the variables' values over those of the file.
void add_environment(const environment& variables, given_values& into, std::vector<fault>& faults);

} // namespace gateway::settings
