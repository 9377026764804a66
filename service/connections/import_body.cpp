#include "connections/import_body.hpp"

#include "base/json_strict.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <string>

namespace gateway::connections {
namespace {

constexpr std::int64_t lifetime_max_seconds = 10LL * 365 * 24 * 3600;
constexpr std::size_t token_size_max = 4096;
constexpr std::size_t open_id_size_max = 128;
constexpr std::size_t scopes_size_max = 1024;

class reader {
public:
    explicit reader(const boost::json::object& from) : from_(from) {}

    std::string text(std::string_view name, std::size_t size_max, bool may_be_empty) {
        const auto* value = from_.if_contains(name);
        if (value == nullptr || !value->is_string()) return refuse(name, "must be a string, and is required");
        const std::string_view text = value->get_string();
        const bool plain =
            std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
        if (!plain || text.size() > size_max || (text.empty() && !may_be_empty))
            return refuse(name, "must be 1 to " + std::to_string(size_max) + " visible ASCII characters");
        return std::string(text);
    }

    milliseconds lifetime(std::string_view name) {
        const auto* value = from_.if_contains(name);
        const bool whole =
            value != nullptr && (value->is_uint64() || (value->is_int64() && value->get_int64() > 0));
        if (!whole) {
            refuse(name, "must be a whole number of seconds above 0, and is required");
            return milliseconds{0};
        }
        if (value->is_uint64()) return seconds{lifetime_max_seconds};
        return seconds{std::min(value->get_int64(), lifetime_max_seconds)};
    }

    void token_type() {
        const auto* value = from_.if_contains("token_type");
        if (value != nullptr && (!value->is_string() || value->get_string() != "Bearer"))
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
    if (!parsed->is_object()) return failure{errc::malformed_json, "The body must be a JSON object."};
    reader from{parsed->get_object()};
    vault::fresh_tokens out;
    out.access_token = secret{from.text("access_token", token_size_max, false)};
    out.access_lifetime = from.lifetime("expires_in");
    out.refresh_token = secret{from.text("refresh_token", token_size_max, false)};
    out.refresh_lifetime = from.lifetime("refresh_expires_in");
    out.account = open_id::trusted(from.text("open_id", open_id_size_max, false));
    out.scopes = from.text("scope", scopes_size_max, true);
    from.token_type();
    auto faults = from.faults();
    if (!faults.empty())
        return failure{errc::invalid_input, "These are not TikTok's tokens."}.fields(std::move(faults));
    return out;
}

} // namespace gateway::connections
