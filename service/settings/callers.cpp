// Reads `callers`, the only setting that is a list of entries with keys.
#include "base/digest.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"
#include "base/url_rules.hpp"
#include "settings/anonymous_caller.hpp"
#include "settings/readers.hpp"

#include <algorithm>

namespace gateway::settings {

namespace {

constexpr std::size_t callers_max = 10'000;

bool is_plain_name(const std::string& name) {
    return !name.empty() && name.size() <= 64 && consists_of(name, [](char c) {
        return is_alphanumeric(c) || c == '_' || c == '-' || c == '.';
    });
}

std::string read_hash(std::string& into, const YAML::Node& value) {
    if (auto wrong = read_word(into, value); !wrong.empty()) return wrong;
    into = lower_ascii(into);
    const auto bytes = from_hex(into);
    if (!bytes || bytes->size() != 32)
        return "must be the 64 hex characters that `tiktok-gateway new-key` prints as key_sha256";
    if (*bytes == as_text(sha256("")))
        return "is the hash of an empty key: let `tiktok-gateway new-key` make one";
    if (bytes->find_first_not_of('\0') == std::string::npos)
        return "is a placeholder of zeros: let `tiktok-gateway new-key` make a key and its hash";
    return {};
}

/// A pattern that no user_id can match would refuse every user of its caller without an error at start, so it
/// is refused here.
std::string read_users(std::vector<std::string>& into, const YAML::Node& value) {
    if (auto wrong = read_texts(into, value); !wrong.empty()) return wrong;
    for (const auto& pattern : into) {
        std::string letters = pattern;
        user_id unused;
        const bool has_wildcard = std::erase(letters, '*') > 0;
        const bool fits_some = (has_wildcard && letters.find_first_not_of('.') == std::string::npos)
                               || check_user_id(letters, unused).has_value();
        if (!fits_some)
            return "holds " + pattern + ", which no user_id fits (1 to 128 of A-Z a-z 0-9 . _ ~ : @ + | = -)";
    }
    return {};
}

std::string read_return_url_prefixes(std::vector<std::string>& into, const YAML::Node& value) {
    if (auto wrong = read_texts(into, value); !wrong.empty()) return wrong;
    for (const auto& prefix : into) {
        const auto address = read_web_address(prefix);
        if (!address || !(address->secure || address->on_loopback()))
            return "holds " + prefix
                   + ", and must begin with https:// (http:// on loopback only), a host, perhaps a port and a path; "
                     "no user, query, fragment or wildcard";
    }
    return {};
}

std::string read_member(caller& into, const std::string& key, const YAML::Node& value) {
    if (key == "name") return read_text(into.name, value);
    if (key == "key_sha256") return read_hash(into.key_sha256, value);
    if (key == "users") return read_users(into.users, value);
    if (key == "actions") return read_texts(into.actions, value);
    if (key == "requests_per_minute") return read_number(into.requests_per_minute, value, {1, 10'000'000});
    if (key == "return_url_prefixes") return read_return_url_prefixes(into.return_url_prefixes, value);
    if (key == "confirm_logins") return read_flag(into.confirm_logins, value);
    return "is not a key of a caller";
}

std::string read_caller(caller& into, const YAML::Node& entry) {
    if (!entry.IsMap()) return " must be `name: …` and what belongs to it";
    std::vector<std::string> seen;
    for (const auto& item : entry) {
        const std::string key = item.first.IsScalar() ? item.first.Scalar() : "?";
        if (std::find(seen.begin(), seen.end(), key) != seen.end()) return "." + key + " is given twice";
        seen.push_back(key);
        if (const auto wrong = read_member(into, key, item.second); !wrong.empty())
            return "." + key + " " + wrong;
    }
    if (!is_plain_name(into.name)) return ".name must be 1 to 64 of A-Z a-z 0-9 _ . -";
    if (into.name == anonymous_caller)
        return ".name is that of everybody while there are no callers; take another one";
    if (into.key_sha256.empty()) return ".key_sha256 is missing";
    return {};
}

} // namespace

std::string read_callers(std::vector<caller>& into, const YAML::Node& value) {
    if (!value.IsSequence()) return "must be a list";
    if (value.size() > callers_max) return "holds more than " + std::to_string(callers_max) + " entries";
    std::vector<caller> callers;
    for (std::size_t place = 0; place < value.size(); ++place) {
        caller one;
        if (const auto wrong = read_caller(one, value[place]); !wrong.empty())
            return "[" + std::to_string(place) + "]" + wrong;
        for (const auto& other : callers)
            if (other.name == one.name || other.key_sha256 == one.key_sha256)
                return "[" + std::to_string(place) + "] has the name or the key of another caller";
        callers.push_back(std::move(one));
    }
    into = std::move(callers);
    return {};
}

} // namespace gateway::settings
