// Reads `callers`, the only setting that is a list of entries with keys.
#include "base/digest.hpp"
#include "base/ids.hpp"
#include "base/lists.hpp"
#include "base/named_files.hpp"
#include "base/secret_text.hpp"
#include "base/text.hpp"
#include "base/url_rules.hpp"
#include "settings/anonymous_caller.hpp"
#include "settings/loader.hpp"
#include "settings/readers.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

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

constexpr const char* no_signing_secret =
    "must be whsec_ and the base64 of 24 to 64 random bytes, or two of them, the newest first";

std::string add_signing_secret(std::vector<secret>& into, std::string_view text) {
    auto key = read_signing_secret(text);
    if (!key || into.size() == signing_secrets_max) return no_signing_secret;
    into.push_back(std::move(*key));
    return {};
}

/// One secret, or a list of them.
std::string read_signing_secrets(signing_secrets& into, const YAML::Node& value) {
    std::vector<secret> keys;
    const auto read = [&keys](const YAML::Node& one) -> std::string {
        std::string text;
        if (auto wrong = read_word(text, one); !wrong.empty()) return wrong;
        auto wrong = add_signing_secret(keys, text);
        wipe_bytes(text);
        return wrong;
    };
    if (!value.IsSequence()) {
        if (auto wrong = read(value); !wrong.empty()) return wrong;
    }
    for (std::size_t at = 0; value.IsSequence() && at < value.size(); ++at)
        if (auto wrong = read(value[at]); !wrong.empty()) return wrong;
    if (keys.empty()) return no_signing_secret;
    into = signing_secrets(std::move(keys));
    return {};
}

/// The same from a file with a line for each.
std::string read_signing_secrets_file(caller& into, const YAML::Node& value) {
    if (auto wrong = read_text(into.webhook_secret_file, value); !wrong.empty()) return wrong;
    auto file = read_named_file(into.webhook_secret_file, secret_file_bytes_max);
    if (!file.wrong.empty()) return "names " + into.webhook_secret_file + ", which " + file.wrong;
    std::vector<secret> keys;
    std::string wrong;
    for (std::string_view rest = without_line_ends(file.text); !rest.empty() && wrong.empty();) {
        const auto line = without_line_ends(next_piece(rest, '\n'));
        if (!line.empty()) wrong = add_signing_secret(keys, line);
    }
    wipe_bytes(file.text);
    if (wrong.empty() && keys.empty()) wrong = no_signing_secret;
    if (!wrong.empty()) return "names " + into.webhook_secret_file + ", and each line of it " + wrong;
    into.webhook_secrets = signing_secrets(std::move(keys));
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
    if (key == "webhook_url") return read_text(into.webhook_url, value);
    if (key == "webhook_secret") return read_signing_secrets(into.webhook_secrets, value);
    if (key == "webhook_secret_file") return read_signing_secrets_file(into, value);
    return "is not a key of a caller";
}

/// Reads one entry; adds what is wrong with it.
void read_caller(caller& into, const YAML::Node& entry, const std::string& place,
                 std::vector<entry_fault>& faults) {
    const auto add = [&](const std::string& key, const std::string& reason, const YAML::Node& at) {
        faults.push_back({place + "." + key, reason, at.Mark().line + 1});
    };
    std::unordered_set<std::string> seen, wrong;
    for (const auto& item : entry) {
        const std::string key = item.first.IsScalar() ? item.first.Scalar() : "?";
        const bool again = !seen.insert(key).second;
        const auto why = again ? "is given twice" : read_member(into, key, item.second);
        if (why.empty()) continue;
        add(key, why, item.first);
        wrong.insert(key);
    }
    const auto is_wrong = [&wrong](const char* key) { return wrong.contains(key); };
    if (const auto why = is_wrong("name") ? std::string{} : why_no_caller_name(into.name); !why.empty())
        add("name", why, entry);
    if (!is_wrong("key_sha256") && into.key_sha256.empty())
        add("key_sha256", "is missing: `tiktok-gateway new-key` makes a key and its hash", entry);
    if (seen.contains("webhook_secret") && seen.contains("webhook_secret_file"))
        add("webhook_secret", "is given twice: itself and as webhook_secret_file", entry);
    const bool secret_is_wrong = is_wrong("webhook_secret") || is_wrong("webhook_secret_file");
    if (!into.webhook_url.empty() && into.webhook_secrets.empty() && !secret_is_wrong)
        add("webhook_secret",
            "is missing: what signs the webhooks to webhook_url (or give webhook_secret_file)", entry);
}

/// Names and keys by the place of the caller that has them first.
class taken_values {
public:
    void check(const std::string& value, const std::string& place, const char* key, int line,
               std::vector<entry_fault>& faults) {
        if (value.empty()) return;
        const auto [first, is_new] = places_.try_emplace(key + (' ' + value), place);
        if (!is_new)
            faults.push_back({place + "." + key, "is that of callers" + first->second + ", too", line});
    }

private:
    std::unordered_map<std::string, std::string> places_;
};

/// Somebody has to read them.
void cut(std::vector<entry_fault>& faults) {
    constexpr std::size_t told_max = 20;
    if (faults.size() <= told_max) return;
    const auto more = faults.size() - told_max;
    faults.resize(told_max);
    faults.push_back({"", "has " + std::to_string(more) + " more faults of its entries"});
}

} // namespace

std::string why_no_caller_name(const std::string& name) {
    if (!is_plain_name(name)) return "must be 1 to 64 of A-Z a-z 0-9 _ . -";
    if (name == anonymous_caller) return "is that of everybody while there are no callers; take another one";
    return {};
}

std::vector<entry_fault> read_callers(std::vector<caller>& into, const YAML::Node& value) {
    if (!value.IsSequence()) return {{"", "must be a list"}};
    if (value.size() > callers_max)
        return {{"", "holds more than " + std::to_string(callers_max) + " entries"}};
    std::vector<caller> callers(value.size());
    std::vector<entry_fault> faults;
    taken_values taken;
    for (std::size_t at = 0; at < value.size(); ++at) {
        const std::string place = "[" + std::to_string(at) + "]";
        const int line = value[at].Mark().line + 1;
        if (!value[at].IsMap()) {
            faults.push_back({place, "must be `name: …` and what belongs to it", line});
            continue;
        }
        read_caller(callers[at], value[at], place, faults);
        if (why_no_caller_name(callers[at].name).empty())
            taken.check(callers[at].name, place, "name", line, faults);
        taken.check(callers[at].key_sha256, place, "key_sha256", line, faults);
    }
    into = std::move(callers); // what else is wrong with them is told, too
    cut(faults);
    return faults;
}

} // namespace gateway::settings
