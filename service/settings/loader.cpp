#include "settings/loader.hpp"

#include "settings/keys.hpp"
#include "settings/readers.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <unistd.h>

namespace gateway::settings {

namespace {

constexpr std::string_view prefix = "TIKTOK_GATEWAY__";
constexpr std::string_view file_suffix = "_file";
constexpr std::size_t file_bytes_max = 1 << 20;
constexpr std::size_t secret_bytes_max = 64 * 1024;

using values_by_key = std::map<std::string, YAML::Node>;

/// The row a key is read by: itself, or the secret whose file it names.
struct meaning {
    const key_row* row = nullptr;
    bool names_a_file = false;
};

meaning meaning_of(std::string_view key) {
    if (const auto* row = find_key(key)) return {row, false};
    if (key.ends_with(file_suffix))
        if (const auto* row = find_key(key.substr(0, key.size() - file_suffix.size())); row && row->is_secret)
            return {row, true};
    return {};
}

bool is_section(std::string_view path) {
    const std::string begin = std::string(path) + ".";
    return std::any_of(keys().begin(), keys().end(),
                       [&](const key_row& row) { return row.key.starts_with(begin); });
}

void flatten(const YAML::Node& node, const std::string& path, values_by_key& into,
             std::vector<fault>& faults) {
    if (meaning_of(path).row) {
        if (node.IsNull())
            faults.push_back({path, "has no value"});
        else if (!into.emplace(path, node).second)
            faults.push_back({path, "is given twice"});
        return;
    }
    if (!path.empty() && !is_section(path)) {
        faults.push_back({path, "is not a setting"});
        return;
    }
    if (node.IsNull()) return; // a section of which every line is commented out
    if (!node.IsMap()) {
        faults.push_back({path, "must be a section with keys of its own"});
        return;
    }
    for (const auto& item : node) {
        const std::string name = item.first.IsScalar() ? item.first.Scalar() : "?";
        flatten(item.second, path.empty() ? name : path + "." + name, into, faults);
    }
}

/// Leaves in `into` only what is meant: the partner of a secret (`x` and `x_file`) given by a weaker source
/// goes.
void put_over(values_by_key& into, const std::string& key, YAML::Node value) {
    const meaning what = meaning_of(key);
    if (what.row->is_secret)
        into.erase(what.names_a_file ? std::string(what.row->key) : key + std::string(file_suffix));
    into[key] = std::move(value);
}

std::string key_of(std::string_view variable) {
    std::string key;
    for (std::size_t at = prefix.size(); at < variable.size(); ++at) {
        if (variable.substr(at, 2) == "__") {
            key += '.';
            ++at;
        } else {
            key += static_cast<char>(std::tolower(static_cast<unsigned char>(variable[at])));
        }
    }
    return key;
}

void add_environment(const environment& variables, values_by_key& into, std::vector<fault>& faults) {
    values_by_key from_here;
    for (const auto& [name, text] : variables) {
        const std::string key = key_of(name);
        const meaning what = meaning_of(key);
        if (!what.row) {
            faults.push_back({key, "is not a setting (environment variable " + name + ")"});
            continue;
        }
        try {
            // A secret is taken as it is; everything else is YAML, so that lists can be written.
            const bool verbatim = what.row->is_secret || what.names_a_file;
            from_here.emplace(key, verbatim ? YAML::Node(text) : YAML::Load(text));
        } catch (const YAML::Exception&) {
            faults.push_back({key, "is not YAML (environment variable " + name + ")"});
        }
    }
    for (const auto& [key, value] : from_here) {
        const meaning what = meaning_of(key);
        if (what.names_a_file && from_here.contains(std::string(what.row->key))) {
            faults.push_back({std::string(what.row->key), "is given twice: itself and as " + key});
            continue;
        }
        put_over(into, key, value);
    }
}

std::optional<std::string> read_file(const std::string& path, std::size_t bytes_max) {
    std::ifstream file(path, std::ios::binary);
    std::string text(bytes_max + 1, '\0');
    if (!file) return std::nullopt;
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || static_cast<std::size_t>(file.gcount()) > bytes_max) return std::nullopt;
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

void read_secret_file(const key_row& row, const std::string& key, const YAML::Node& value, loaded& into) {
    std::string path;
    if (const auto wrong = read_text(path, value); !wrong.empty()) {
        into.faults.push_back({key, wrong});
        return;
    }
    auto text = read_file(path, secret_bytes_max);
    while (text && !text->empty() && (text->back() == '\n' || text->back() == '\r'))
        text->pop_back();
    if (!text || text->empty())
        into.faults.push_back({key, "cannot read a secret from " + path});
    else
        row.read(into.values, YAML::Node(*text));
}

/// A reader of entries begins with the place it means: `[2].users must …`.
fault fault_at(const std::string& key, const std::string& wrong) {
    if (!wrong.starts_with('[')) return {key, wrong};
    const auto place_end = wrong.find(' ');
    return {key + wrong.substr(0, place_end), wrong.substr(place_end + 1)};
}

void read_values(const values_by_key& from, loaded& into) {
    for (const auto& [key, value] : from) {
        const meaning what = meaning_of(key);
        if (what.names_a_file) {
            if (from.contains(std::string(what.row->key)))
                into.faults.push_back({std::string(what.row->key), "is given twice: itself and as " + key});
            else
                read_secret_file(*what.row, key, value, into);
        } else if (const auto wrong = what.row->read(into.values, value); !wrong.empty()) {
            into.faults.push_back(fault_at(key, wrong));
        }
    }
    for (const auto& row : keys()) {
        const std::string key(row.key);
        const bool given =
            from.contains(key) || (row.is_secret && from.contains(key + std::string(file_suffix)));
        if (row.is_required && !given)
            into.faults.push_back({key, "is missing: " + std::string(row.expects)
                                            + (row.is_secret ? " (or give " + key + "_file)" : "")});
    }
}

} // namespace

environment read_environment() {
    environment found;
    for (char** line = environ; line && *line; ++line) {
        const std::string_view text(*line);
        const auto equals = text.find('=');
        if (text.starts_with(prefix) && equals != std::string_view::npos)
            found.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return found;
}

loaded load_text(const std::string& yaml, const environment& variables) {
    loaded result;
    values_by_key values;
    try {
        const YAML::Node root = YAML::Load(yaml);
        flatten(root, "", values, result.faults);
    } catch (const YAML::Exception& wrong) {
        // what() holds a place and a rule of YAML, nothing of the file's text.
        result.faults.push_back({"", std::string("is not YAML: ") + wrong.what()});
        return result;
    }
    add_environment(variables, values, result.faults);
    read_values(values, result);
    if (result.faults.empty()) result.faults = check_together(result.values);
    return result;
}

loaded load(const std::string& path, const environment& variables) {
    if (path.empty()) return load_text("", variables);
    const auto text = read_file(path, file_bytes_max);
    if (text) return load_text(*text, variables);
    loaded refused;
    refused.faults.push_back({"", "cannot read " + path + " (or it is larger than 1 MiB)"});
    return refused;
}

} // namespace gateway::settings
