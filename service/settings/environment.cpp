// Settings from the environment: `TIKTOK_GATEWAY__A__B` for the key `a.b`. A value is taken literally; only a
// list or a map is parsed as YAML. An empty variable counts as absent, so that `${KEY:-}` of a compose file
// sets nothing.
#include "base/failpoint.hpp"
#include "base/memory/failing_new.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "settings/given.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>

namespace gateway::settings {

namespace {

constexpr std::string_view prefix = "TIKTOK_GATEWAY__", short_prefix = "TIKTOK_GATEWAY_";

std::string key_of(std::string_view variable) {
    std::string key;
    for (std::size_t at = prefix.size(); at < variable.size(); ++at) {
        if (variable.substr(at, 2) == "__") {
            key += '.';
            ++at;
        } else {
            key += lower(variable[at]);
        }
    }
    return key;
}

std::string variable_of(std::string_view key) {
    std::string name(prefix);
    for (const char c : key) {
        if (c == '.')
            name += "__";
        else
            name += is_letter(c) ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return name;
}

/// The variable that somebody may have meant by one with single underscores; empty if it is none of ours.
std::string meant_by(std::string_view name) {
    auto letters = lower_ascii(name.substr(short_prefix.size()));
    std::erase(letters, '_');
    for (const auto& row : keys()) {
        std::string plain;
        std::copy_if(row.key.begin(), row.key.end(), std::back_inserter(plain), is_alphanumeric);
        if (letters == plain) return variable_of(row.key);
        if (row.is_secret && letters == plain + "file")
            return variable_of(row.key + std::string(file_suffix));
    }
    return {};
}

void add_variable(const std::string& name, const std::string& text, given_values& into,
                  std::vector<fault>& faults) {
    const std::string key = key_of(name);
    const std::string source = "environment variable " + name;
    const meaning what = meaning_of(key);
    if (!what.row) {
        faults.push_back({key, "is not a setting", source});
        return;
    }
    try {
        const bool is_yaml = what.row->is_structured && !what.names_a_file;
        const auto [there, is_first] =
            into.try_emplace(key, given{is_yaml ? YAML::Load(text) : YAML::Node(text), source});
        if (!is_first) faults.push_back({key, "is given twice", there->second.source + ", and " + source});
    } catch (const YAML::Exception& wrong) {
        faults.push_back({key, not_yaml(wrong), source});
    }
}

} // namespace

environment take_environment() {
    environment found;
    for (char** line = environ; line && *line; ++line) {
        const std::string_view text(*line);
        const auto equals = text.find('=');
        if (!text.starts_with(short_prefix) || equals == std::string_view::npos) continue;
        const auto name = text.substr(0, equals), value = text.substr(equals + 1);
        if (!name.starts_with(prefix)) {
            // Kubernetes gives such names to the addresses of services. No value: it may be a secret.
            if (!value.starts_with("tcp://")) found.emplace(name, std::string{});
            continue;
        }
        found.emplace(name, value);
        const meaning what = meaning_of(key_of(name));
        const bool may_hold_secret = what.row && (what.row->is_secret || what.row->read_entries);
        if (may_hold_secret && !what.names_a_file) wipe_bytes({*line + equals + 1, value.size()});
    }
    return found;
}

void arm_failpoint_of_environment() {
    const auto arm = [](const char* name, const auto& with) {
        const char* const spec = std::getenv(name);
        const std::string wrong = spec ? with(spec) : std::string();
        if (!wrong.empty()) throw std::runtime_error(name + (": " + wrong));
    };
    arm("TIKTOK_GATEWAY_FAILPOINT", arm_failpoint);
    arm("TIKTOK_GATEWAY_FAILING_MEMORY", arm_allocation_fault);
}

void add_environment(const environment& variables, given_values& into, std::vector<fault>& faults,
                     std::vector<fault>& remarks) {
    given_values from_here;
    for (const auto& [name, text] : variables) {
        const bool is_ours = name.starts_with(prefix);
        if (is_ours && !text.empty()) add_variable(name, text, from_here, faults);
        if (const auto meant = is_ours ? std::string{} : meant_by(name); !meant.empty())
            remarks.push_back(
                {"", "the environment variable " + name + " is not read; is " + meant + " meant?"});
    }
    for (const auto& [key, one] : from_here) {
        const meaning what = meaning_of(key);
        const auto itself = from_here.find(what.row->key);
        if (what.names_a_file && itself != from_here.end()) {
            faults.push_back({itself->first, "is given twice: itself and as " + key,
                              itself->second.source + ", and " + one.source});
            continue;
        }
        put_over(into, key, one);
    }
}

} // namespace gateway::settings
