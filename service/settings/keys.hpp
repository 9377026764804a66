// The table of all settings. The loader, the refusal of unknown keys, --check-config and the test that
// compares config/gateway.yaml with the code use it. Pure values, built once.
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

/// What is wrong with one entry of a list, or with the list.
struct entry_fault {
    std::string place; // `[2].users`; empty: the list itself
    std::string reason;
    int line = 0; // in the file, from 1; 0: that of the key
};

struct key_row {
    std::string key;                   // as in the file, with dots between its parts
    bool is_secret = false;            // may be given as KEY_file; never shown
    std::string_view required_as = {}; // what it is, if it must be given; otherwise empty
    /// Reads the value into its member; gives what is wrong with it, or an empty text.
    std::function<std::string(all& into, const YAML::Node& value)> read;
    /// Instead of `read`, for a list whose entries have keys.
    std::function<std::vector<entry_fault>(all& into, const YAML::Node& value)> read_entries = {};
    std::function<bool(const all& one, const all& other)> same;
    bool is_live = false;       // applied by SIGHUP; the others only by a new start
    bool is_structured = false; // a list or a map: YAML also in the environment; all other values are literal
};

/// Every key, in the order of config/gateway.yaml.
const std::vector<key_row>& keys();

/// The row of a key, or null.
const key_row* find_key(std::string_view key);

/// Keys whose values differ and that only a new start applies, in the order of the table.
std::vector<std::string> changed_for_a_start(const all& running, const all& read);

} // namespace gateway::settings
