#include "settings/given.hpp"

#include <utility>

namespace gateway::settings {

meaning meaning_of(std::string_view key) {
    if (const auto* row = find_key(key)) return {row, false};
    if (key.ends_with(file_suffix))
        if (const auto* row = find_key(key.substr(0, key.size() - file_suffix.size())); row && row->is_secret)
            return {row, true};
    return {};
}

void put_over(given_values& into, const std::string& key, given value) {
    const meaning what = meaning_of(key);
    if (what.row->is_secret) into.erase(what.names_a_file ? what.row->key : key + std::string(file_suffix));
    into[key] = std::move(value);
}

std::string not_yaml(const YAML::Exception& wrong) {
    return "is not YAML at line " + std::to_string(wrong.mark.line + 1) + ", column "
           + std::to_string(wrong.mark.column + 1) + ": " + wrong.msg.substr(0, wrong.msg.find(':'));
}

} // namespace gateway::settings
