// The authorize page (docs/tiktok-wire.md §1.1). At TikTok it is on another host than the API, and accepts
// its path with or without the last slash.
#include "endpoints/authorize_request.hpp"
#include "endpoints/consent_page.hpp"
#include "endpoints/endpoints.hpp"

namespace gateway::simulator {

namespace {

answer fault_page(call& c, const std::string& what) {
    c.record.error_code = what;
    return error_page(what, c.record.log_id);
}

/// TikTok redirects the browser to the same page with the fault in its address, and not to the app.
answer refuse_on_page(call& c, const form_fields& fields, const page_fault& fault) {
    answer out = fault_page(c, fault.type);
    if (c.in.method != "GET" || find_field(fields, "error_type")) return out;
    std::string address = c.in.path + "?" + c.in.query + (c.in.query.empty() ? "" : "&");
    address += "error=" + form_encoded(fault.error);
    if (fault.number != 0) address += "&errCode=" + std::to_string(fault.number);
    out.status = 302;
    out.headers.emplace_back("Location", address + "&error_type=" + form_encoded(fault.type));
    return out;
}

answer back_to_app(const authorize_request& asked, std::string query) {
    if (asked.state) query += "&state=" + form_encoded(*asked.state);
    answer out;
    out.status = 302;
    out.content_type = "text/html; charset=utf-8";
    out.headers.emplace_back("Location", asked.redirect_uri + "?" + query);
    out.headers.emplace_back("Cache-Control", "no-store");
    return out;
}

answer refused(call& c, const authorize_request& asked, std::string_view error,
               std::string_view description) {
    c.record.error_code = error;
    return back_to_app(asked,
                       "error=" + form_encoded(error) + "&error_description=" + form_encoded(description));
}

answer decide(call& c, const authorize_request& asked, bool allowed,
              const std::optional<string_list>& ticked) {
    authorization_code code;
    if (allowed) code.scopes = granted_scopes(c.w.config.choice, asked.scopes, ticked);
    if (code.scopes.empty()) return refused(c, asked, "access_denied", "The user has denied the request.");
    code.client_key = asked.app->client_key;
    code.username = asked.user->facts.username;
    code.redirect_uri = asked.redirect_uri;
    code.code_challenge = asked.code_challenge;
    code.expires_at = c.w.now() + milliseconds{c.w.config.timing.code_lifetime_ms};
    const std::string scopes = join_list(code.scopes);
    const authorization_code& kept = c.w.tokens.add_code(std::move(code));
    return back_to_app(asked, "code=" + form_encoded(kept.text) + "&scopes=" + form_encoded(scopes));
}

/// The answer if the user has nothing to decide.
std::optional<answer> not_to_be_decided(call& c, const form_fields& fields, const authorize_request& asked) {
    if (asked.fault) return refuse_on_page(c, fields, *asked.fault);
    if (asked.response_type == "code") return std::nullopt;
    return refused(c, asked, "unsupported_response_type", "The response type is not supported.");
}

} // namespace

answer show_authorize_page(call& c) {
    const auto fields = parse_form(c.in.query);
    if (!fields) return fault_page(c, "request");
    const authorize_request asked = read_authorize_request(c, *fields);
    if (auto out = not_to_be_decided(c, *fields, asked)) return *out;
    // `simulate` and `grant` are parameters of the simulator, for programs.
    std::string wish = field_or_empty(*fields, "simulate");
    if (wish.empty()) wish = c.w.config.consent;
    std::optional<string_list> ticked;
    if (const std::string* granted = find_field(*fields, "grant")) ticked = split_list(*granted);
    if (wish == "allow" || wish == "refuse") return decide(c, asked, wish == "allow", ticked);
    const switches& choice = c.w.config.choice;
    return consent_page(*asked.app, asked.user->facts, granted_scopes(choice, asked.scopes, std::nullopt),
                        scope_given_always(choice), *fields);
}

answer decide_consent(call& c) {
    const auto fields = parse_form(c.in.body);
    if (!fields) return fault_page(c, "request");
    const authorize_request asked = read_authorize_request(c, *fields);
    if (auto out = not_to_be_decided(c, *fields, asked)) return *out;
    string_list ticked;
    for (const auto& [name, value] : *fields) {
        if (name == "granted") ticked.push_back(value);
    }
    return decide(c, asked, field_or_empty(*fields, "decision") == "allow", ticked);
}

} // namespace gateway::simulator
