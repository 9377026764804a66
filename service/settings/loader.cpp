#include "settings/loader.hpp"

#include "base/secret_text.hpp"
#include "settings/given.hpp"
#include "settings/keys.hpp"
#include "settings/readers.hpp"

#include <algorithm>
#include <fstream>
#include <optional>

namespace gateway::settings {

namespace {

constexpr std::size_t file_bytes_max = 1 << 20;
constexpr std::size_t secret_bytes_max = 64 * 1024;

bool is_section(std::string_view path) {
    const std::string begin = std::string(path) + ".";
    return std::any_of(keys().begin(), keys().end(),
                       [&](const key_row& row) { return row.key.starts_with(begin); });
}

std::string source_at(const std::string& file, const YAML::Node& node) {
    return file + ", line " + std::to_string(node.Mark().line + 1);
}

void flatten(const YAML::Node& node, const std::string& path, const std::string& file, given_values& into,
             std::vector<fault>& faults) {
    if (meaning_of(path).row) {
        const std::string source = source_at(file, node);
        if (node.IsNull())
            faults.push_back({path, "has no value", source});
        else if (const auto [there, is_first] = into.try_emplace(path, given{node, source}); !is_first)
            faults.push_back({path, "is given twice", there->second.source + ", and " + source});
        return;
    }
    if (!path.empty() && !is_section(path)) {
        faults.push_back({path, "is not a setting", source_at(file, node)});
        return;
    }
    if (node.IsNull()) return; // a section whose lines are all commented out
    if (!node.IsMap()) {
        faults.push_back({path, "must be a section with keys of its own", source_at(file, node)});
        return;
    }
    for (const auto& item : node) {
        const std::string name = item.first.IsScalar() ? item.first.Scalar() : "?";
        flatten(item.second, path.empty() ? name : path + "." + name, file, into, faults);
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

void read_secret_file(const key_row& row, const std::string& key, const given& from, loaded& into) {
    std::string path;
    if (const auto wrong = read_text(path, from.value); !wrong.empty()) {
        into.faults.push_back({key, wrong, from.source});
        return;
    }
    auto text = read_file(path, secret_bytes_max);
    const std::string source = "file " + path + ", named by " + from.source;
    if (!text)
        into.faults.push_back({key, "cannot be read (or is larger than 64 KiB)", source});
    else if (without_line_ends(*text).empty())
        into.faults.push_back({key, "holds nothing", source});
    else if (const auto wrong = row.read(into.values, YAML::Node(*text)); !wrong.empty())
        into.faults.push_back({key, wrong, source});
    if (text) wipe_bytes(*text);
}

/// A reader of list entries begins its text with the entry: `[2].users must …`.
fault fault_at(const std::string& key, const std::string& wrong, const std::string& source) {
    if (!wrong.starts_with('[')) return {key, wrong, source};
    const auto place_end = wrong.find(' ');
    return {key + wrong.substr(0, place_end), wrong.substr(place_end + 1), source};
}

void read_values(const given_values& from, loaded& into) {
    for (const auto& [key, one] : from) {
        into.values.sources[key] = one.source;
        const meaning what = meaning_of(key);
        if (what.names_a_file) {
            if (const auto itself = from.find(what.row->key); itself != from.end())
                into.faults.push_back({itself->first, "is given twice: itself and as " + key,
                                       itself->second.source + ", and " + one.source});
            else
                read_secret_file(*what.row, key, one, into);
        } else if (const auto wrong = what.row->read(into.values, one.value); !wrong.empty()) {
            into.faults.push_back(fault_at(key, wrong, one.source));
        }
    }
    for (const auto& row : keys()) {
        const auto& key = row.key;
        const bool is_given =
            from.contains(key) || (row.is_secret && from.contains(key + std::string(file_suffix)));
        if (!row.required_as.empty() && !is_given)
            into.faults.push_back({key, "is missing: " + std::string(row.required_as)
                                            + (row.is_secret ? " (or give " + key + "_file)" : "")});
    }
}

} // namespace

std::string text_of(const fault& one) {
    return one.key + (one.key.empty() ? "" : ": ") + one.reason
           + (one.source.empty() ? "" : " (" + one.source + ")");
}

std::string text_about(const all& values, const std::string& key, const std::string& reason) {
    return text_of({key, reason, source_of(values, key)});
}

std::string source_of(const all& values, std::string_view key) {
    const std::string name(key.substr(0, key.find('['))); // without the index of an entry
    for (const auto& one : {name, name + std::string(file_suffix)})
        if (const auto found = values.sources.find(one); found != values.sources.end()) return found->second;
    return {};
}

loaded load_text(const std::string& yaml, const environment& variables, const std::string& file) {
    loaded result;
    given_values values;
    try {
        const YAML::Node root = YAML::Load(yaml);
        flatten(root, "", file, values, result.faults);
    } catch (const YAML::Exception& wrong) {
        result.faults.push_back({"", not_yaml(wrong), file});
        return result;
    }
    add_environment(variables, values, result.faults);
    read_values(values, result);
    if (!result.faults.empty()) return result;
    result.faults = check_together(result.values);
    for (auto& one : result.faults)
        if (one.source.empty()) one.source = source_of(result.values, one.key);
    return result;
}

loaded load(const std::string& path, const environment& variables) {
    if (path.empty()) return load_text("", variables);
    auto text = read_file(path, file_bytes_max);
    if (text) {
        auto read = load_text(*text, variables, path);
        wipe_bytes(*text);
        return read;
    }
    loaded refused;
    refused.faults.push_back({"", "cannot read " + path + " (or it is larger than 1 MiB)"});
    return refused;
}

} // namespace gateway::settings
