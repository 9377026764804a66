// Settings that come from the environment: `TIKTOK_GATEWAY__A__B` for the key `a.b`. A value is taken as it
// stands; only a list, or a map, is YAML. An empty variable counts as absent, so that `${KEY:-}` of a compose
// file gives nothing.
#pragma once
#include "settings/given.hpp"
#include "settings/loader.hpp"

#include <vector>

namespace gateway::settings {

/// Lays the variables over what the file gave.
void add_environment(const environment& variables, given_values& into, std::vector<fault>& faults);

} // namespace gateway::settings
