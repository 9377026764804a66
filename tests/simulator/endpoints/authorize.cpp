// The authorize page (tiktok-api §1.1). Faults of the app are shown on TikTok's own page and never reach the
// callback.
#include "endpoints/consent_page.hpp"
#include "endpoints/endpoints.hpp"
#include "rules/redirect_uri.hpp"

#include <algorithm>

namespace gateway::simulator {

namespace {

/// What the query asks for, or the page that says what is wrong with it.
struct authorize_request {
    const app_settings* app = nullptr;
    std::string redirect_uri, state, code_challenge;
    string_list scopes;
    account* user = nullptr;
    std::optional<answer> page;
};

bool is_hex_digest(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Empty when the challenge is as this kind of app has to send it (U2).
std::string fault_of_challenge(const app_settings& app, const switches& choice, const form_fields& fields) {
    const std::string challenge = field_or_empty(fields, "code_challenge");
    const bool required = app.kind == "desktop" || choice.web_pkce == "required";
    if (challenge.empty()) return required ? "code_challenge" : "";
    if (field_or_empty(fields, "code_challenge_method") != "S256") return "code_challenge_method";
    if (app.kind == "desktop" && !is_hex_digest(challenge)) return "code_challenge";
    return "";
}

answer fault_page(call& c, const std::string& what) {
    c.record.error_code = what;
    return error_page(what, c.record.log_id);
}

bool all_enabled(const string_list& scopes, const app_settings& app) {
    return !scopes.empty() && std::all_of(scopes.begin(), scopes.end(), [&](const std::string& one) {
        return std::find(app.scopes.begin(), app.scopes.end(), one) != app.scopes.end();
    });
}

answer back_to_app(const authorize_request& asked, const std::string& query) {
    answer out;
    out.status = 302;
    out.content_type = "text/html; charset=utf-8";
    out.headers.emplace_back("Location",
                             asked.redirect_uri + "?" + query + "&state=" + form_encoded(asked.state));
    out.headers.emplace_back("Cache-Control", "no-store");
    return out;
}

answer refused(call& c, const authorize_request& asked, std::string_view error,
               std::string_view description) {
    c.record.error_code = error;
    return back_to_app(asked,
                       "error=" + form_encoded(error) + "&error_description=" + form_encoded(description));
}

void check_user(call& c, const form_fields& fields, authorize_request& asked) {
    const std::string name = field_or_empty(fields, "account");
    asked.user = name.empty() ? c.w.default_account() : c.w.find_account(name);
    if (!asked.user) {
        asked.page = fault_page(c, "no_such_account");
        return;
    }
    const std::string& username = asked.user->facts.username;
    c.record.account = username;
    const string_list& targets = asked.app->target_users;
    if (asked.app->sandbox && std::find(targets.begin(), targets.end(), username) == targets.end()) {
        asked.page = fault_page(c, "non_sandbox_target");
    }
}

authorize_request check(call& c, const form_fields& fields) {
    authorize_request asked;
    asked.app = c.w.find_app(field_or_empty(fields, "client_key"));
    if (!asked.app) {
        asked.page = fault_page(c, "client_key");
        return asked;
    }
    c.record.client_key = asked.app->client_key;
    asked.redirect_uri = field_or_empty(fields, "redirect_uri");
    asked.scopes = split_list(field_or_empty(fields, "scope"));
    asked.state = field_or_empty(fields, "state");
    asked.code_challenge = field_or_empty(fields, "code_challenge");
    if (asked.app->draft) {
        asked.page = fault_page(c, "unauthorized_client");
    } else if (!is_registered(*asked.app, asked.redirect_uri)
               || !fault_of_registration(*asked.app, asked.redirect_uri).empty()) {
        asked.page = fault_page(c, "redirect_uri");
    } else if (!all_enabled(asked.scopes, *asked.app)) {
        asked.page = fault_page(c, "scope");
    } else if (const std::string fault = fault_of_challenge(*asked.app, c.w.config.choice, fields);
               !fault.empty()) {
        asked.page = fault_page(c, fault);
    } else if (asked.state.empty()) {
        asked.page = fault_page(c, "state");
    } else if (field_or_empty(fields, "response_type") != "code") {
        asked.page = refused(c, asked, "unsupported_response_type", "The response type is not supported.");
    } else {
        check_user(c, fields, asked);
    }
    return asked;
}

answer decide(call& c, const authorize_request& asked, bool allowed,
              const std::optional<string_list>& chosen) {
    if (!allowed) return refused(c, asked, "access_denied", "The user has denied the request.");
    authorization_code code;
    code.client_key = asked.app->client_key;
    code.username = asked.user->facts.username;
    code.redirect_uri = asked.redirect_uri;
    code.code_challenge = asked.code_challenge;
    for (const std::string& scope : asked.scopes) {
        if (!chosen || std::find(chosen->begin(), chosen->end(), scope) != chosen->end())
            code.scopes.push_back(scope);
    }
    if (code.scopes.empty()) return refused(c, asked, "access_denied", "The user has denied the request.");
    code.expires_at = c.w.now() + milliseconds{c.w.config.timing.code_lifetime_ms};
    const std::string scopes = join_list(code.scopes);
    const authorization_code& kept = c.w.tokens.add_code(std::move(code));
    return back_to_app(asked, "code=" + form_encoded(kept.text) + "&scopes=" + form_encoded(scopes));
}

} // namespace

answer show_authorize_page(call& c) {
    const auto fields = parse_form(c.in.query);
    if (!fields) return fault_page(c, "request");
    const authorize_request asked = check(c, *fields);
    if (asked.page) return *asked.page;
    // `simulate` and `grant` are ours: the way through the page without a person.
    std::string wish = field_or_empty(*fields, "simulate");
    if (wish.empty()) wish = c.w.config.consent;
    std::optional<string_list> chosen;
    if (const std::string* granted = find_field(*fields, "grant")) chosen = split_list(*granted);
    if (wish == "allow" || wish == "refuse") return decide(c, asked, wish == "allow", chosen);
    return consent_page(*asked.app, asked.user->facts, asked.scopes, *fields);
}

answer decide_consent(call& c) {
    const auto fields = parse_form(c.in.body);
    if (!fields) return fault_page(c, "request");
    const authorize_request asked = check(c, *fields);
    if (asked.page) return *asked.page;
    string_list chosen;
    for (const auto& [name, value] : *fields) {
        if (name == "granted") chosen.push_back(value);
    }
    return decide(c, asked, field_or_empty(*fields, "decision") == "allow", chosen);
}

} // namespace gateway::simulator
