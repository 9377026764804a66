// Tokens made, expired and revoked by a test.
#include "control/calls.hpp"
#include "endpoints/request.hpp"

#include <boost/json/array.hpp>

namespace gateway::simulator {

namespace {

/// The app named by `client_key`, or the first one.
const app_settings* app_of(const world& w, const boost::json::object& body) {
    const std::string client_key = text_of(body, "client_key");
    if (!client_key.empty()) return w.find_app(client_key);
    return w.config.apps.empty() ? nullptr : &w.config.apps.front();
}

std::string account_of(world& w, const boost::json::object& body) {
    const std::string username = text_of(body, "account");
    if (!username.empty()) return w.find_account(username) ? username : "";
    const account* usual = w.default_account();
    return usual ? usual->facts.username : "";
}

/// `scopes` as a list or a comma list; absent: all of the app.
string_list scopes_of(const app_settings& app, const boost::json::object& body) {
    const auto* wanted = body.if_contains("scopes");
    if (!wanted) return app.scopes;
    if (wanted->is_string()) return split_list(std::string_view(wanted->as_string()));
    string_list scopes;
    if (wanted->is_array()) {
        for (const boost::json::value& one : wanted->as_array()) {
            if (one.is_string()) scopes.emplace_back(one.as_string());
        }
    }
    return scopes;
}

} // namespace

answer make_tokens(world& w, const request& in) {
    const auto body = control_body(in);
    if (!body) return control_error("the body must be a JSON object");
    const app_settings* app = app_of(w, *body);
    const std::string username = account_of(w, *body);
    if (!app || username.empty()) return control_error("no such client_key or account");
    const token_pair pair =
        w.tokens.issue(app->client_key, username, scopes_of(*app, *body),
                       number_of(*body, "expires_in", w.config.timing.expires_in_s),
                       number_of(*body, "refresh_expires_in", w.config.timing.refresh_expires_in_s), w.now());
    return json_answer({{"access_token", pair.access_token},
                        {"expires_in", pair.expires_in_s},
                        {"open_id", w.open_id(app->client_key, username)},
                        {"refresh_expires_in", pair.refresh_expires_in_s},
                        {"refresh_token", pair.refresh_token},
                        {"scope", join_list(w.tokens.grant_number(pair.grant_number).scopes)},
                        {"token_type", "Bearer"}});
}

answer expire_tokens(world& w, const request& in) {
    const auto body = control_body(in);
    if (!body) return control_error("the body must be a JSON object");
    std::string kind = text_of(*body, "kind");
    if (kind.empty()) kind = "access";
    if (kind != "access" && kind != "refresh" && kind != "all")
        return control_error("kind: access, refresh or all");
    const std::string username = account_of(w, *body);
    if (username.empty()) return control_error("no such account");
    return json_answer({{"expired", w.tokens.expire(username, kind, w.now())}});
}

answer revoke_account(world& w, const request& in) {
    const auto body = control_body(in);
    if (!body) return control_error("the body must be a JSON object");
    const std::string username = account_of(w, *body);
    if (username.empty()) return control_error("no such account");
    constexpr std::int64_t user_disconnected = 1;
    const std::int64_t reason = number_of(*body, "reason", user_disconnected);
    w.withdraw(username, text_of(*body, "client_key"), static_cast<int>(reason));
    return json_answer({{"ok", true}});
}

} // namespace gateway::simulator
