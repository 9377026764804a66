#include "endpoints/authorize_request.hpp"

#include "rules/redirect_uri.hpp"

#include <algorithm>

namespace gateway::simulator {

namespace {

constexpr std::string_view basic = "user.info.basic";

bool holds(const string_list& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_hex_digest(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

page_fault malformed(std::string type) {
    return {std::move(type), "invalid_request", 0};
}

std::optional<page_fault> fault_of_challenge(const authorize_request& asked, const switches& choice,
                                             const form_fields& fields) {
    constexpr int wrong_challenge = 10'007;
    const bool needed = needs_challenge(*asked.app, asked.redirect_uri);
    const page_fault refused{"code_challenge", "param_error", wrong_challenge};
    if (asked.code_challenge.empty()) {
        return needed || choice.web_pkce == "required" ? std::optional(refused) : std::nullopt;
    }
    if (field_or_empty(fields, "code_challenge_method") != "S256") return malformed("code_challenge_method");
    const bool on_page = needed && choice.desktop_pkce == "hex_on_page";
    return on_page && !is_hex_digest(asked.code_challenge) ? std::optional(refused) : std::nullopt;
}

/// One scope that the app does not have makes TikTok refuse all; every app has user.info.basic.
bool may_ask(const authorize_request& asked, const switches& choice) {
    if (choice.basic_scope == "required" && !holds(asked.scopes, basic)) return false;
    return !asked.scopes.empty()
           && std::all_of(asked.scopes.begin(), asked.scopes.end(), [&](const std::string& one) {
                  return one == basic || holds(asked.app->scopes, one);
              });
}

std::optional<page_fault> fault_of_app(const authorize_request& asked, const switches& choice,
                                       const form_fields& fields) {
    if (asked.app->draft) return page_fault{"client_key", "unauthorized_client", 0};
    if (!is_registered(*asked.app, asked.redirect_uri)
        || !fault_of_registration(*asked.app, asked.redirect_uri).empty()) {
        return malformed("redirect_uri");
    }
    if (!may_ask(asked, choice)) return page_fault{"scope", "invalid_scope", 0};
    if (auto fault = fault_of_challenge(asked, choice, fields)) return fault;
    if (choice.state == "required" && asked.state.value_or("").empty()) return malformed("state");
    return std::nullopt;
}

std::optional<page_fault> find_user(call& c, const form_fields& fields, authorize_request& asked) {
    const std::string name = field_or_empty(fields, "account");
    asked.user = name.empty() ? c.w.default_account() : c.w.find_account(name);
    if (!asked.user) return page_fault{"no_such_account", "access_denied", 0};
    const std::string& username = asked.user->facts.username;
    c.record.account = username;
    if (!asked.app->sandbox || holds(asked.app->target_users, username)) return std::nullopt;
    return page_fault{"non_sandbox_target", "access_denied", 0};
}

} // namespace

bool needs_challenge(const app_settings& app, std::string_view redirect_uri) {
    return app.kind == "desktop" || is_loopback(redirect_uri);
}

authorize_request read_authorize_request(call& c, const form_fields& fields) {
    authorize_request asked;
    asked.app = c.w.find_app(field_or_empty(fields, "client_key"));
    if (!asked.app) {
        constexpr int unknown_key = 10'003;
        asked.fault = page_fault{"client_key", "param_error", unknown_key};
        return asked;
    }
    c.record.client_key = asked.app->client_key;
    asked.redirect_uri = field_or_empty(fields, "redirect_uri");
    asked.scopes = split_list(field_or_empty(fields, "scope"));
    if (const std::string* state = find_field(fields, "state")) asked.state = *state;
    asked.code_challenge = field_or_empty(fields, "code_challenge");
    asked.response_type = field_or_empty(fields, "response_type");
    asked.fault = fault_of_app(asked, c.w.config.choice, fields);
    if (!asked.fault) asked.fault = find_user(c, fields, asked);
    return asked;
}

std::string_view scope_given_always(const switches& choice) {
    return choice.basic_scope == "given" ? basic : std::string_view{};
}

string_list granted_scopes(const switches& choice, const string_list& asked,
                           const std::optional<string_list>& ticked) {
    string_list granted;
    if (!scope_given_always(choice).empty()) granted.emplace_back(basic);
    for (const std::string& scope : asked) {
        if ((!ticked || holds(*ticked, scope)) && !holds(granted, scope)) granted.push_back(scope);
    }
    return granted;
}

} // namespace gateway::simulator
