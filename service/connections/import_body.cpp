#include "connections/import_body.hpp"

#include "base/json/strict.hpp"
#include "base/lists.hpp"
#include "base/refused_inputs.hpp"
#include "base/text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

namespace gateway::connections {
namespace {

constexpr std::int64_t lifetime_max_seconds = 10LL * 365 * 24 * 3600;
constexpr std::size_t token_size_max = 4096;
constexpr std::size_t open_id_size_max = 128;
constexpr std::size_t scopes_size_max = 1024;

std::optional<std::int64_t> seconds_of(const boost::json::value& value) {
    if (value.is_uint64()) return lifetime_max_seconds; // larger than an int64
    if (value.is_int64()) return std::min(value.get_int64(), lifetime_max_seconds);
    return std::nullopt;
}

class reader {
public:
    explicit reader(const boost::json::object& from) : from_(from) {}

    std::string text(std::string_view name, std::size_t size_max) {
        const auto* value = from_.if_contains(name);
        if (value == nullptr || !value->is_string()) return refuse(name, "must be a string, and is required");
        const std::string_view text = value->get_string();
        if (!consists_of(text, is_visible) || text.size() > size_max || text.empty())
            return refuse(name, "must be 1 to " + std::to_string(size_max) + " visible ASCII characters");
        return std::string(text);
    }

    /// Separated by commas as in TikTok's answers, by blanks as in OAuth, or both.
    std::string scopes(std::string_view name) {
        const auto* value = from_.if_contains(name);
        if (value == nullptr || !value->is_string()) return refuse(name, "must be a string, and is required");
        std::string text(value->get_string());
        std::replace(text.begin(), text.end(), ' ', ',');
        if (!consists_of(text, is_visible) || text.size() > scopes_size_max)
            return refuse(name, "must be at most " + std::to_string(scopes_size_max)
                                    + " ASCII characters: scopes with commas or blanks between them");
        return joined(split_list(text));
    }

    milliseconds lifetime(std::string_view name) {
        const auto* value = from_.if_contains(name);
        const auto given = value ? seconds_of(*value) : std::nullopt;
        if (given && *given > 0) return seconds{*given};
        refuse(name, "must be a whole number of seconds above 0, and is required");
        return milliseconds{0};
    }

    /// The expiry of a token from another store may be unknown; then it counts as expired.
    milliseconds lifetime_or_none(std::string_view name) {
        const auto* value = from_.if_contains(name);
        if (value == nullptr || value->is_null()) return milliseconds{0};
        const auto given = seconds_of(*value);
        if (!given) refuse(name, "must be a whole number of seconds where it is given");
        return seconds{std::max<std::int64_t>(given.value_or(0), 0)};
    }

    void token_type() {
        const auto* value = from_.if_contains("token_type");
        if (value == nullptr || value->is_null()) return;
        if (!value->is_string() || lower_ascii(std::string_view(value->get_string())) != "bearer")
            refuse("token_type", "must be Bearer where it is given");
    }

    std::vector<field_fault>&& faults() { return std::move(faults_); }

private:
    std::string refuse(std::string_view name, std::string reason) {
        faults_.push_back({std::string(name), std::move(reason)});
        return {};
    }

    const boost::json::object& from_;
    std::vector<field_fault> faults_;
};

} // namespace

result<vault::fresh_tokens> read_import(std::string_view body) {
    const auto parsed = parse_json(body);
    if (!parsed) return parsed.error();
    if (!parsed->is_object())
        return failure{errc::malformed_json,
                       "The body must be a JSON object: TikTok's answer with the tokens."};
    reader from{parsed->get_object()};
    vault::fresh_tokens out;
    out.access_token = secret{from.text("access_token", token_size_max)};
    out.access_lifetime = from.lifetime_or_none("expires_in");
    out.refresh_token = secret{from.text("refresh_token", token_size_max)};
    out.refresh_lifetime = from.lifetime("refresh_expires_in");
    out.account = open_id::trusted(from.text("open_id", open_id_size_max));
    out.scopes = from.scopes("scope");
    from.token_type();
    auto faults = from.faults();
    if (!faults.empty()) return refused_inputs(std::move(faults));
    return out;
}

} // namespace gateway::connections
