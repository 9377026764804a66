// Reads `callers`, the only setting that is a list of entries with keys. Used by keys.cpp only.
#pragma once
#include "settings/settings.hpp"

#include <string>
#include <vector>

namespace YAML {
class Node;
}

namespace gateway::settings {

/// Gives what is wrong, with the entry and its key (`[2].key_sha256 …`), or an empty text.
std::string read_callers(std::vector<caller>& into, const YAML::Node& value);

} // namespace gateway::settings
