// What was given for each key, and by whom: the step between a source (the file, the environment) and the
// readers. Used by loader.cpp and environment.cpp only.
#pragma once
#include "settings/keys.hpp"

#include <yaml-cpp/yaml.h>

#include <map>
#include <string>
#include <string_view>

namespace gateway::settings {

inline constexpr std::string_view file_suffix = "_file";

struct given {
    YAML::Node value;
    std::string source; // "gateway.yaml, line 3", "environment variable TIKTOK_GATEWAY__LISTEN__PORT"
};
using given_values = std::map<std::string, given>; // by key

/// The row a key is read by: itself, or the secret whose file it names.
struct meaning {
    const key_row* row = nullptr;
    bool names_a_file = false;
};
meaning meaning_of(std::string_view key);

/// Leaves in `into` only what is meant: the partner of a secret (`x` and `x_file`) given by a weaker source
/// goes.
void put_over(given_values& into, const std::string& key, given value);

/// The rule of YAML that was broken and the place. Not what the library says in full: that may hold a piece
/// of the text, which may be a secret.
std::string not_yaml(const YAML::Exception& wrong);

} // namespace gateway::settings
