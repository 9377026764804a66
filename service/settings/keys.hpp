// The one table of everything that can be set: the loader, the refusal of unknown keys, --check-config and
// the test that holds config/gateway.yaml against the code all read from here. Pure values, built once.
#pragma once
#include "settings/settings.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace YAML {
class Node;
}

namespace gateway::settings {

struct key_row {
    std::string_view key;     // as in the file, parts joined by dots
    std::string_view expects; // what a person should write there
    bool is_secret = false;   // may be given as KEY_file, is never shown
    bool is_required = false;
    /// Reads the value into its member; gives what is wrong with it, or nothing.
    std::function<std::string(all& into, const YAML::Node& value)> read;
    std::function<bool(const all& one, const all& other)> same;
    bool is_live = false; // taken by SIGHUP, not by a new start only
    bool is_structured =
        false; // a list or a map: YAML in the environment too; all else is taken as it stands
};

/// Every key, in the order of config/gateway.yaml.
const std::vector<key_row>& keys();

/// The row of a key, or null.
const key_row* find_key(std::string_view key);

/// Keys that only a new start takes and whose values differ, in the order of the table.
std::vector<std::string_view> changed_for_a_start(const all& running, const all& read);

/// Keys of one entry of `callers`.
const std::vector<std::string_view>& caller_keys();

} // namespace gateway::settings
