// Connections of a caller's users: list, show, import, disconnect. Answers contain no tokens.
#include "actions/rows.hpp"
#include "base/digest.hpp"
#include "base/json/values.hpp"
#include "base/refused_inputs.hpp"
#include "connections/connection_service.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <utility>

namespace gateway::actions {

failure no_cursor_of_ours() {
    std::vector<field_fault> faults{{"cursor", "must be the next_cursor of the page before"}};
    return refused_inputs(std::move(faults));
}

namespace {

/// The cursor is the last user_id in base64url, so that it may stand in a query as it is: a `+` of the
/// user_id would be read as a blank, and its `|` would be refused.
task<result<answer>> list_users(call& c, connections::connection_service& connections) {
    auto after = from_base64url(c.input.text("cursor"));
    if (!after) co_return no_cursor_of_ours();
    auto found = co_await connections.list(c.by, std::move(*after),
                                           static_cast<std::uint32_t>(c.input.integer("limit")), c.until);
    if (!found) co_return found.error();
    found->next = to_base64url(found->next);
    co_return json_answer(connections::to_json(*found));
}

task<result<answer>> show_user(call& c, connections::connection_service& connections) {
    const auto found = co_await connections.show(c.user, c.until);
    if (!found) co_return found.error();
    co_return json_answer(connections::to_json(*found));
}

task<result<answer>> import_tokens(call& c, connections::connection_service& connections) {
    auto body = std::move(c.raw_body);
    auto by = c.caller();
    const auto stored =
        co_await connections.import_tokens(c.user, std::move(body), c.now, c.until, std::move(by));
    if (!stored) co_return stored.error();
    co_return json_answer(connections::to_json(*stored));
}

task<result<answer>> disconnect(call& c, connections::connection_service& connections) {
    auto by = c.caller();
    const auto gone = co_await connections.disconnect(c.user, c.now, c.until, std::move(by));
    if (!gone) co_return gone.error();
    boost::json::object content{{"user_id", c.user.text()}, {"revoked_at_tiktok", gone->revoked_at_tiktok}};
    if (!gone->revoked_at_tiktok) content["reason"] = gone->reason;
    co_return json_answer(serialize_json(content));
}

} // namespace

row list_users_row() {
    return {.slug = "GATEWAY_LIST_USERS",
            .method = verb::get,
            .path = "/v1/users",
            .inputs = page_inputs,
            .run = list_users};
}

row show_user_row() {
    return {
        .slug = "GATEWAY_SHOW_USER", .method = verb::get, .path = "/v1/users/{user_id}", .run = show_user};
}

row import_tokens_row() {
    return {.slug = "GATEWAY_IMPORT_TOKENS",
            .method = verb::put,
            .path = "/v1/users/{user_id}/tokens",
            .takes = body::document,
            .takes_time = deadline_class::post, // a refresh cannot be repeated
            .body_bytes_max = 16 * 1024,
            .run = import_tokens};
}

row disconnect_row() {
    return {.slug = "GATEWAY_DISCONNECT",
            .method = verb::delete_,
            .path = "/v1/users/{user_id}",
            .takes_time = deadline_class::post,
            .run = disconnect};
}

} // namespace gateway::actions
