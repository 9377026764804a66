// Connecting a user: the start of a login, the callback page, and the confirmation of the caller.
#include "actions/rows.hpp"
#include "base/url.hpp"
#include "connections/connection_service.hpp"
#include "http/query.hpp"
#include "telemetry/call_record.hpp"

#include <utility>
#include <variant>

namespace gateway::actions {
namespace {

task<result<answer>> start_login(call& c, connections::connection_service& connections) {
    connections::login_options options;
    options.scopes = c.input.texts("scopes");
    options.return_url = c.input.text("return_url");
    if (c.input.has("disable_auto_auth")) options.disable_auto_auth = c.input.flag("disable_auto_auth");
    options.replace_account = c.input.flag("replace_account");
    options.confirm = c.input.flag("confirm");
    const auto started = co_await connections.start(c.by, c.user, std::move(options), c.now, c.until);
    if (!started) co_return started.error();
    co_return json_answer(connections::to_json(*started));
}

task<result<answer>> confirm_login(call& c, connections::connection_service& connections) {
    auto confirmation = c.input.text("confirmation");
    const auto connected =
        co_await connections.confirm(c.by, c.user, std::move(confirmation), c.now, c.until);
    if (!connected) co_return connected.error();
    co_return json_answer(connections::to_json(*connected));
}

/// The query of TikTok's redirect; unreadable values stay empty, and the callback has a page for that.
connections::callback_query read_callback(std::string_view query) {
    constexpr std::size_t value_bytes_max = 2048;
    connections::callback_query out;
    const auto parsed = http::query::parse(query);
    if (!parsed || parsed->repeated()) return out;
    const auto take = [&](std::string_view name, std::string& into) {
        const auto* value = parsed->find(name);
        if (value && value->size() <= value_bytes_max) into = *value;
    };
    take("code", out.code);
    take("state", out.state);
    take("scopes", out.scopes);
    take("error", out.error);
    take("error_description", out.error_description);
    return out;
}

task<result<answer>> finish_login(call& c, connections::connection_service& connections) {
    auto query = read_callback(c.query);
    auto end = co_await connections.callback(std::move(query), c.now, c.until);
    c.record.user = end.user.text();
    c.record.caller = end.caller.text();
    c.record.note = end.reason;
    c.record.log_id = end.log_id;
    if (auto* onward = std::get_if<connections::callback_redirect>(&end.shown)) {
        redirect out{.to = std::move(onward->to)};
        co_return answer{std::move(out)};
    }
    auto& content = std::get<connections::callback_page>(end.shown);
    page out{.status = content.status, .html = std::move(content.html)};
    co_return answer{std::move(out)};
}

} // namespace

row connect_row() {
    static const input inputs[] = {
        {.name = "scopes", .type = kind::text_list, .min = 1, .max = 20},
        {.name = "return_url", .type = kind::text, .min = 1, .max = max_url_bytes},
        {.name = "disable_auto_auth", .type = kind::boolean}, // by default: wherever nothing is confirmed
        {.name = "replace_account", .type = kind::boolean, .fallback = "false"},
        {.name = "confirm", .type = kind::boolean, .fallback = "false"},
    };
    return {.slug = "GATEWAY_CONNECT",
            .method = verb::post,
            .path = "/v1/users/{user_id}/connect",
            .takes = body::json,
            .inputs = inputs,
            .run = start_login};
}

row confirm_row() {
    static const input inputs[] = {
        {.name = "confirmation", .type = kind::text, .required = true, .min = 1, .max = 512},
    };
    return {.slug = "GATEWAY_CONFIRM",
            .method = verb::post,
            .path = "/v1/users/{user_id}/connect/confirm",
            .takes = body::json,
            .inputs = inputs,
            .takes_time = deadline_class::post, // a grant that is refused is revoked at TikTok
            .run = confirm_login};
}

row callback_row() {
    return {
        .slug = "GATEWAY_CALLBACK",
        .method = verb::get,
        .path = "/oauth/callback",
        .opened_by = auth::open,
        .reads_query_itself = true,
        .head_runs = false,                 // a HEAD, as link scanners send it, would use up state and code
        .takes_time = deadline_class::post, // more time, because the exchange of the code cannot be repeated
        .works_without_store = true,        // a browser gets a page
        .run = finish_login};
}

} // namespace gateway::actions
