// Functions that read one YAML value into one member; each gives a short text with the expected value if it
// fails. Used by keys.cpp and callers.cpp only.
#pragma once
#include "settings/keys.hpp"
#include "settings/settings.hpp"

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

namespace gateway::settings {

/// Bounds of a number, in the unit of its key.
struct bounds {
    double min = 0;
    double max = 0;
};

/// Each gives what is wrong, or an empty string.
std::string read_text(std::string& into, const YAML::Node& value);
/// For values that are copied and must be exact: visible ASCII without a blank at either end. Line ends and a
/// byte order mark around it are removed; the reason never repeats the text.
std::string read_word(std::string& into, const YAML::Node& value);
std::string read_secret(secret& into, const YAML::Node& value);
std::string read_flag(bool& into, const YAML::Node& value);
std::string read_texts(std::vector<std::string>& into, const YAML::Node& value);
std::string read_map(std::map<std::string, std::string>& into, const YAML::Node& value);
/// All that is wrong with all entries (callers.cpp).
std::vector<entry_fault> read_callers(std::vector<caller>& into, const YAML::Node& value);
std::string read_bounded(std::uint64_t& into, const YAML::Node& value, bounds within);
std::string read_bounded(double& into, const YAML::Node& value, bounds within);

/// Unsigned numbers, decimals, and milliseconds.
template <class Number>
std::string read_number(Number& into, const YAML::Node& value, bounds within) {
    std::conditional_t<std::is_floating_point_v<Number>, double, std::uint64_t> number{};
    std::string wrong = read_bounded(number, value, within);
    if (wrong.empty()) into = static_cast<Number>(number);
    return wrong;
}

} // namespace gateway::settings
