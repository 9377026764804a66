// JSON of connections (connection_service.hpp): a connection, a page of them, a started login. They contain
// only what store::connection_summary has, so no token.
#include "base/json/values.hpp"
#include "base/lists.hpp"
#include "connections/connection_service.hpp"

namespace gateway::connections {
namespace {

namespace json = boost::json;

json::object object_of(const store::connection_summary& shown) {
    return {{"user_id", shown.user.text()},
            {"open_id", shown.account.text()},
            {"scopes", json_list(split_list(shown.scopes))},
            {"state", name_of(shown.state)},
            {"cause", json_text_or_null(shown.cause)},
            {"access_expires_at", rfc3339(shown.access_expires_at)},
            {"refresh_expires_at", rfc3339(shown.refresh_expires_at)},
            {"connected_at", rfc3339(shown.connected_at)},
            {"updated_at", rfc3339(shown.updated_at)}};
}

} // namespace

std::string to_json(const store::connection_summary& shown) {
    return serialize_json(object_of(shown));
}

std::string to_json(const store::page_of<store::connection_summary>& shown) {
    json::array users;
    for (const auto& row : shown.rows)
        users.push_back(object_of(row));
    return serialize_json(
        json::object{{"users", std::move(users)}, {"next_cursor", json_text_or_null(shown.next)}});
}

std::string to_json(const login_start& shown) {
    return serialize_json(
        json::object{{"authorize_url", shown.authorize_url}, {"expires_at", rfc3339(shown.expires_at)}});
}

} // namespace gateway::connections
