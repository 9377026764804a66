// The value given for each key and its source: the step between a source (the file, the environment) and the
// readers. Used by loader.cpp and environment.cpp only.
#pragma once
#include "settings/keys.hpp"
#include "settings/loader.hpp"

#include <yaml-cpp/yaml.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::settings {

inline constexpr std::string_view file_suffix = "_file";

struct given {
    YAML::Node value;
    std::string source;    // "gateway.yaml, line 3", "environment variable TIKTOK_GATEWAY__LISTEN__PORT"
    std::string file = {}; // the settings file it stands in; empty for a variable
};
using given_values = std::map<std::string, given>; // by key

/// The row that reads a key: its own, or that of the secret whose file it names.
struct meaning {
    const key_row* row = nullptr;
    bool names_a_file = false;
};
meaning meaning_of(std::string_view key);

/// Sets the key and removes its counterpart (`x` for `x_file` and the reverse) if a weaker source gave that.
void put_over(given_values& into, const std::string& key, given value);

/// Sets the variables' values over those of the file, and remarks those that are not read though they nearly
/// have the name of a setting (environment.cpp).
void add_environment(const environment& variables, given_values& into, std::vector<fault>& faults,
                     std::vector<fault>& remarks);

/// The YAML error and its position, without the library's full text, which may contain a piece of the file
/// and so a secret.
std::string not_yaml(const YAML::Exception& wrong);

} // namespace gateway::settings
