#include "settings/loader.hpp"

#include "base/named_files.hpp"
#include "base/secret_text.hpp"
#include "settings/given.hpp"
#include "settings/keys.hpp"
#include "settings/readers.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gateway::settings {

namespace {

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
        else if (const auto [there, is_first] = into.try_emplace(path, given{node, source, file}); !is_first)
            faults.push_back({path, "is given twice", there->second.source + ", and " + source});
        return;
    }
    if (!path.empty() && !is_section(path)) {
        faults.push_back({path, "is not a setting", source_at(file, node)});
        return;
    }
    if (node.IsNull()) return; // a section whose lines are all commented out
    if (!node.IsMap()) {
        faults.push_back({path,
                          path.empty() ? "the settings file must hold sections, such as `listen:`, with keys"
                                       : "must be a section with keys of its own",
                          source_at(file, node)});
        return;
    }
    for (const auto& item : node) {
        const std::string name = item.first.IsScalar() ? item.first.Scalar() : "?";
        flatten(item.second, path.empty() ? name : path + "." + name, file, into, faults);
    }
}

/// YAML forbids what many editors write, and its parser names another place.
std::string tab_before(const std::string& yaml, const YAML::Mark& mark) {
    std::size_t begin = 0;
    for (int line = 0; line < mark.line; ++line) {
        const auto end = yaml.find('\n', begin);
        if (end == std::string::npos) return "";
        begin = end + 1;
    }
    const auto end = yaml.find_first_not_of(" \t", begin);
    const bool has_tab =
        yaml.substr(begin, end == std::string::npos ? end : end - begin).find('\t') != std::string::npos;
    return has_tab ? "; the line begins with a tab, and YAML takes blanks alone" : "";
}

/// Not on a store's URL without a server, which is no secret, although its key is one.
void add_remark_on(const std::string& file, const std::string& key, const std::string& source, loaded& into) {
    const bool is_no_secret = key.starts_with("store.url") && into.values.store.in_file();
    if (const auto who = describe_shared_secret(file); !who.empty() && !is_no_secret)
        into.remarks.push_back({key, file + " " + who + ": " + cure_of_shared_secret, source});
}

void read_secret_file(const key_row& row, const std::string& key, const given& from, loaded& into) {
    std::string path;
    if (const auto wrong = read_text(path, from.value); !wrong.empty()) {
        into.faults.push_back({key, wrong, from.source});
        return;
    }
    auto read = read_named_file(path, secret_file_bytes_max);
    const std::string source = "file " + path + ", named by " + from.source;
    if (!read.wrong.empty())
        into.faults.push_back({key, read.wrong, source});
    else if (without_line_ends(read.text).empty())
        into.faults.push_back({key, "is empty but for line ends", source});
    else if (const auto wrong = row.read(into.values, YAML::Node(read.text)); !wrong.empty())
        into.faults.push_back({key, wrong, source});
    wipe_bytes(read.text);
    add_remark_on(path, key, from.source, into);
}

void add_remarks_on_signing_secrets(const given& from, loaded& into) {
    bool in_settings = false;
    for (std::size_t at = 0; at < into.values.callers.size(); ++at) {
        const auto& one = into.values.callers[at];
        const std::string key = "callers[" + std::to_string(at) + "].webhook_secret";
        if (!one.webhook_secret_file.empty())
            add_remark_on(one.webhook_secret_file, key + "_file", source_of(into.values, key), into);
        else if (!one.webhook_secrets.empty() && !from.file.empty() && !std::exchange(in_settings, true))
            add_remark_on(from.file, key, source_of(into.values, key), into);
    }
}

/// Each entry has a line of its own.
void read_entries(const key_row& row, const given& from, loaded& into) {
    for (std::size_t at = 0; !from.file.empty() && from.value.IsSequence() && at < from.value.size(); ++at)
        into.values.sources[row.key + "[" + std::to_string(at) + "]"] =
            from.file + ", line " + std::to_string(from.value[at].Mark().line + 1);
    for (auto& wrong : row.read_entries(into.values, from.value)) {
        const bool has_line = !from.file.empty() && wrong.line > 0;
        into.faults.push_back({row.key + wrong.place, std::move(wrong.reason),
                               has_line ? from.file + ", line " + std::to_string(wrong.line) : from.source});
    }
    add_remarks_on_signing_secrets(from, into);
}

void read_values(const given_values& from, loaded& into, const std::string& file) {
    for (const auto& [key, one] : from) {
        into.values.sources[key] = one.source;
        const meaning what = meaning_of(key);
        if (what.names_a_file) {
            if (const auto itself = from.find(what.row->key); itself != from.end())
                into.faults.push_back({itself->first, "is given twice: itself and as " + key,
                                       itself->second.source + ", and " + one.source});
            else
                read_secret_file(*what.row, key, one, into);
        } else if (what.row->read_entries) {
            read_entries(*what.row, one, into);
        } else if (const auto wrong = what.row->read(into.values, one.value); !wrong.empty()) {
            into.faults.push_back({key, wrong, one.source});
        } else if (what.row->is_secret && !one.file.empty()) {
            add_remark_on(one.file, key, one.source, into);
        }
    }
    for (const auto& row : keys()) {
        const auto& key = row.key;
        const bool is_given =
            from.contains(key) || (row.is_secret && from.contains(key + std::string(file_suffix)));
        if (!row.required_as.empty() && !is_given)
            into.faults.push_back({key,
                                   "is missing: " + std::string(row.required_as)
                                       + (row.is_secret ? " (or give " + key + "_file)" : ""),
                                   file.empty() ? "no --config FILE is given" : ""});
    }
}

/// Rules about several keys, by the key that their fault names, and the other keys.
constexpr std::pair<std::string_view, std::string_view> joint_rules[] = {
    {"admin.port", "listen.port"},
    {"admin.port", "listen.address"},
    {"admin.port", "admin.address"},
    {"callers", "listen.address"},
    {"listen.tls.certificate_file", "listen.tls.private_key_file"},
    {"listen.tls.private_key_file", "listen.tls.certificate_file"},
    {"drain.delay_ms", "drain.deadline_ms"},
    {"posts.keep_days", "uploads.keep_hours"},
    {"webhooks.keep_days", "webhooks.retry_hours"},
};

/// Such a value is still the default, so a rule would judge what nobody gave.
bool rests_on_a_wrong_value(std::string_view key, const std::vector<fault>& faults) {
    if (is_wrong(key, faults)) return true;
    return std::any_of(std::begin(joint_rules), std::end(joint_rules),
                       [&](const auto& rule) { return rule.first == key && is_wrong(rule.second, faults); });
}

} // namespace

std::string text_of(const fault& one) {
    return one.key + (one.key.empty() ? "" : ": ") + one.reason
           + (one.source.empty() ? "" : " (" + one.source + ")");
}

std::string text_about(const all& values, const std::string& key, const std::string& reason) {
    return text_of({key, reason, source_of(values, key)});
}

bool is_about(const fault& one, std::string_view key) {
    const auto name = std::string_view(one.key).substr(0, one.key.find('['));
    return name == key || (name.starts_with(key) && name.substr(key.size()) == file_suffix);
}

bool is_wrong(std::string_view key, const std::vector<fault>& faults) {
    return std::any_of(faults.begin(), faults.end(), [key](const fault& one) { return is_about(one, key); });
}

std::string source_of(const all& values, std::string_view key) {
    const std::string name(key.substr(0, key.find('['))); // without the index of an entry
    const std::string entry(key.substr(0, std::min(key.find(']'), key.size() - 1) + 1)); // with it
    for (const auto& one : {entry, name, name + std::string(file_suffix)})
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
        result.faults.push_back(
            {"", "the settings file " + not_yaml(wrong) + tab_before(yaml, wrong.mark), file});
        return result;
    }
    add_environment(variables, values, result.faults, result.remarks);
    read_values(values, result, file);
    const auto of_values = result.faults;
    for (auto& one : check_together(result.values)) {
        if (rests_on_a_wrong_value(one.key, of_values)) continue;
        if (one.source.empty()) one.source = source_of(result.values, one.key);
        result.faults.push_back(std::move(one));
    }
    return result;
}

loaded load(const std::string& path, const environment& variables) {
    if (path.empty()) return load_text("", variables, "");
    auto file = read_named_file(path, public_file_bytes_max);
    if (file.wrong.empty() || file.is_empty) { // the environment may give all
        auto read = load_text(file.text, variables, path);
        wipe_bytes(file.text);
        return read;
    }
    loaded refused;
    refused.faults.push_back({"", "the settings file " + path + " " + file.wrong});
    return refused;
}

} // namespace gateway::settings
