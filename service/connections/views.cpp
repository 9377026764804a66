// The answers of the desk (desk.hpp) as JSON: a connection, a page of them, a begun login. What is not in a
// connection_view cannot get out here: no token is.
#include "base/json/write.hpp"
#include "connections/desk.hpp"

namespace gateway::connections {
namespace {

void append_text(std::string& out, std::string_view name, std::string_view value) {
    append_json_key(out, name);
    append_json_string(out, value);
}

void append_text_or_null(std::string& out, std::string_view name, std::string_view value) {
    if (!value.empty()) return append_text(out, name, value);
    append_json_key(out, name);
    out += "null";
}

} // namespace

std::string to_json(const connection_view& shown) {
    std::string out = "{";
    append_text(out, "user_id", shown.user.text());
    append_text(out, "open_id", shown.account.text());
    append_json_key(out, "scopes");
    out += '[';
    for (const auto& scope : shown.scopes) {
        if (!out.ends_with('[')) out += ',';
        append_json_string(out, scope);
    }
    out += ']';
    append_text(out, "state", name_of(shown.state));
    append_text_or_null(out, "cause", shown.cause);
    append_text(out, "access_expires_at", rfc3339(shown.access_expires_at));
    append_text(out, "refresh_expires_at", rfc3339(shown.refresh_expires_at));
    append_text(out, "connected_at", rfc3339(shown.connected_at));
    append_text(out, "updated_at", rfc3339(shown.updated_at));
    return out += '}';
}

std::string to_json(const connection_page& shown) {
    std::string out = R"({"users":[)";
    for (const auto& row : shown.rows) {
        if (!out.ends_with('[')) out += ',';
        out += to_json(row);
    }
    out += ']';
    append_text_or_null(out, "next_cursor", shown.next_cursor);
    return out += '}';
}

std::string to_json(const login_start& shown) {
    std::string out = "{";
    append_text(out, "authorize_url", shown.authorize_url);
    append_text(out, "expires_at", rfc3339(shown.expires_at));
    return out += '}';
}

} // namespace gateway::connections
