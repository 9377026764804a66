// A fact that callers are told by webhook (docs/contract.md §12). Its row is written in the transaction of
// the fact itself, so that neither is there without the other. Plain values.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "runtime/task.hpp"
#include "store/named_value.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace gateway::store {

class transaction;

enum class event_type {
    post_published,
    post_failed,
    post_in_inbox,
    post_unconfirmed,
    upload_failed,
    connection_connected,
    connection_reconnect_required,
    connection_revoked
};
inline constexpr std::size_t event_types = 8;
constexpr std::array<std::string_view, event_types> names_of(event_type) {
    return {"post.published",
            "post.failed",
            "post.in_inbox",
            "post.unconfirmed",
            "upload.failed",
            "connection.connected",
            "connection.reconnect_required",
            "connection.revoked"};
}

/// Made once: an id never comes with another body.
struct outgoing_event {
    std::string id;     // the webhook-id
    caller_name caller; // who is told of a post; empty for a connection: each caller who may act for the user
    user_id user;
    std::string subject; // a post's attempt, or the user: events of one subject are delivered in order
    event_type type = event_type::post_published;
    std::string body; // JSON, as it is sent
    wall_time created_at;
};

std::string new_event_id(wall_time now);

/// Inside the unit that writes the fact, after the row of its subject was changed: the events of one subject
/// are numbered in the order of its changes then.
task<void> add_event(transaction& at, const outgoing_event& event);

/// Inside the unit that changes a user's connection.
task<void> add_connection_event(transaction& at, event_type type, const user_id& user, const open_id& account,
                                std::string_view cause, wall_time now);

} // namespace gateway::store
