#include "store/outgoing_event.hpp"

#include "base/json/values.hpp"
#include "store/queries.hpp"

#include <boost/json/object.hpp>

#include <utility>

namespace gateway::store {
namespace {

/// The word of docs/contract.md §2 that the event brings.
std::string_view state_of(event_type type) {
    switch (type) {
        case event_type::connection_reconnect_required:
            return "reconnect_required";
        case event_type::connection_revoked:
            return "revoked";
        default:
            return "connected";
    }
}

} // namespace

std::string new_event_id(wall_time now) {
    return "msg_" + new_ulid(now);
}

task<void> add_event(transaction& at, const outgoing_event& event) {
    statement add(
        "INSERT INTO webhook_events (event_id, caller, user_id, subject, type, body, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        event.id, event.caller, event.user, event.subject, event.type, event.body, event.created_at);
    return execute(at, std::move(add));
}

task<void> add_connection_event(transaction& at, event_type type, const user_id& user, const open_id& account,
                                std::string_view cause, wall_time now) {
    outgoing_event event;
    event.id = new_event_id(now);
    event.user = user;
    event.subject = "user:" + user.text();
    event.type = type;
    event.created_at = now;
    const boost::json::object body{{"type", name_of(type)},
                                   {"timestamp", rfc3339(now)},
                                   {"data",
                                    {{"user_id", user.text()},
                                     {"open_id", json_text_or_null(account.text())},
                                     {"state", state_of(type)},
                                     {"cause", json_text_or_null(cause)}}}};
    event.body = serialize_json(body);
    co_await add_event(at, event);
}

} // namespace gateway::store
