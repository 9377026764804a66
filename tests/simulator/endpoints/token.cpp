// POST /v2/oauth/token/ and /v2/oauth/revoke/ (docs/tiktok-wire.md §1.2 to §1.4).
#include "base/secret.hpp"
#include "endpoints/authorize_request.hpp"
#include "endpoints/endpoints.hpp"
#include "rules/names.hpp"
#include "rules/pkce.hpp"

#include <boost/json/serialize.hpp>

#include <set>

namespace gateway::simulator {

namespace {

constexpr std::string_view malformed = "The request parameters are malformed.";
constexpr std::string_view missing = "The request is missing a required parameter.";

/// The form; nothing if it is malformed. At TikTok a charset parameter makes it malformed, too.
std::optional<form_fields> read_form(const request& in) {
    if (in.header("content-type") != "application/x-www-form-urlencoded") return std::nullopt;
    auto fields = parse_form(in.body);
    if (!fields) return std::nullopt;
    std::set<std::string> names;
    for (const auto& [name, value] : *fields) {
        if (!names.insert(name).second) return std::nullopt;
    }
    return fields;
}

bool any_missing(const form_fields& fields, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        if (field_or_empty(fields, name).empty()) return true;
    }
    return false;
}

answer token_answer(call& c, const token_pair& pair, const grant& consent) {
    c.record.account = consent.username;
    if (const token* made = c.w.tokens.find(pair.access_token)) c.record.token_id = made->id;
    answer out;
    out.headers.emplace_back("Cache-Control", "no-store");
    out.body = boost::json::serialize(
        boost::json::object{{"access_token", pair.access_token},
                            {"expires_in", pair.expires_in_s},
                            {"open_id", c.w.open_id(consent.client_key, consent.username)},
                            {"refresh_expires_in", pair.refresh_expires_in_s},
                            {"refresh_token", pair.refresh_token},
                            {"scope", join_list(consent.scopes)},
                            {"token_type", "Bearer"}});
    return out;
}

/// Whether the verifier matches the challenge, if there was one (W2).
bool proves_itself(const switches& choice, const app_settings& app, const authorization_code& code,
                   const std::string& verifier) {
    if (code.code_challenge.empty()) return true;
    if (choice.verifier_length == "enforced" && !is_code_verifier(verifier)) return false;
    const bool hex_only = needs_challenge(app, code.redirect_uri) && choice.desktop_pkce != "any";
    return verifier_fits(verifier, code.code_challenge, hex_only);
}

answer exchange_code(call& c, const app_settings& app, const form_fields& fields) {
    // Also if the exchange is refused, because the verifier is a secret of the client.
    if (const auto sent = field_or_empty(fields, "code_verifier"); !sent.empty()) c.w.verifiers.insert(sent);
    if (any_missing(fields, {"code", "redirect_uri"})) return refuse_oauth(c, "invalid_request", missing);
    authorization_code* code = c.w.tokens.find_code(field_or_empty(fields, "code"));
    if (!code || code->client_key != app.client_key || code->used) {
        return refuse_oauth(c, "invalid_grant", "Authorization code is invalid.");
    }
    c.record.account = code->username;
    if (c.w.now() >= code->expires_at)
        return refuse_oauth(c, "invalid_grant", "Authorization code is expired.");
    if (field_or_empty(fields, "redirect_uri") != code->redirect_uri) {
        return refuse_oauth(c, "invalid_request",
                            "Redirect_uri is not matched with the uri when requesting code.");
    }
    if (!proves_itself(c.w.config.choice, app, *code, field_or_empty(fields, "code_verifier"))) {
        return refuse_oauth(c, "invalid_request", "Code verifier or code challenge is invalid.");
    }
    code->used = true;
    const timing_settings& timing = c.w.config.timing;
    const token_pair pair = c.w.tokens.issue(app.client_key, code->username, code->scopes,
                                             timing.expires_in_s, timing.refresh_expires_in_s, c.w.now());
    return token_answer(c, pair, c.w.tokens.grant_number(pair.grant_number));
}

answer refresh_token(call& c, const app_settings& app, const form_fields& fields) {
    if (any_missing(fields, {"refresh_token"})) return refuse_oauth(c, "invalid_request", missing);
    const std::string sent = field_or_empty(fields, "refresh_token");
    if (const token* known = c.w.tokens.find(sent)) {
        c.record.account = c.w.tokens.grant_of(*known).username;
        c.record.token_id = known->id;
    }
    const auto pair =
        c.w.tokens.refresh(app.client_key, sent, c.w.config.choice, c.w.config.timing, c.w.now());
    if (!pair) return refuse_oauth(c, "invalid_grant", "Refresh token is invalid or expired.");
    return token_answer(c, *pair, c.w.tokens.grant_number(pair->grant_number));
}

answer client_token(call&) {
    answer out;
    out.headers.emplace_back("Cache-Control", "no-store");
    out.body = boost::json::serialize(boost::json::object{
        {"access_token", new_client_token()}, {"expires_in", 7200}, {"token_type", "Bearer"}});
    return out;
}

/// The app, if its secret is right; otherwise the refusal.
const app_settings* check_client(call& c, const form_fields& fields) {
    const app_settings* app = c.w.find_app(field_or_empty(fields, "client_key"));
    if (app && !equal_in_constant_time(app->client_secret, field_or_empty(fields, "client_secret")))
        return nullptr;
    if (app) c.record.client_key = app->client_key;
    return app;
}

} // namespace

answer give_token(call& c) {
    const auto fields = read_form(c.in);
    if (!fields) return refuse_oauth(c, "invalid_request", malformed);
    c.record.grant_type = field_or_empty(*fields, "grant_type");
    if (any_missing(*fields, {"client_key", "client_secret", "grant_type"})) {
        return refuse_oauth(c, "invalid_request", missing);
    }
    const app_settings* app = check_client(c, *fields);
    if (!app) return refuse_oauth(c, "invalid_client", "Client key or secret is incorrect.");
    if (app->draft)
        return refuse_oauth(c, "unauthorized_client", "The client is not authorized to use this method.");
    if (c.record.grant_type == "authorization_code") return exchange_code(c, *app, *fields);
    if (c.record.grant_type == "refresh_token") return refresh_token(c, *app, *fields);
    if (c.record.grant_type == "client_credentials") return client_token(c);
    return refuse_oauth(c, "unsupported_grant_type", "The grant type is not supported.");
}

answer revoke_token(call& c) {
    const auto fields = read_form(c.in);
    if (!fields) return refuse_oauth(c, "invalid_request", malformed);
    if (any_missing(*fields, {"client_key", "client_secret", "token"})) {
        return refuse_oauth(c, "invalid_request", missing);
    }
    const app_settings* app = check_client(c, *fields);
    if (!app) return refuse_oauth(c, "invalid_client", "Client key or secret is incorrect.");
    const token* known = c.w.tokens.find(field_or_empty(*fields, "token"));
    const bool counts = known && !known->refresh && c.w.tokens.is_valid(*known, c.w.now())
                        && c.w.tokens.grant_of(*known).client_key == app->client_key;
    if (counts) {
        constexpr int revoked_by_developer = 5;
        c.record.account = c.w.tokens.grant_of(*known).username;
        c.record.token_id = known->id;
        c.w.withdraw(c.record.account, app->client_key, revoked_by_developer);
    }
    if (!counts && c.w.config.choice.dead_token_revoke == "refuse")
        return refuse_oauth(c, "invalid_grant", "The token is invalid.");
    // Revoking an invalid token succeeds (RFC 7009 §2.2); what TikTok does is not documented.
    answer out;
    out.content_type.clear();
    return out;
}

} // namespace gateway::simulator
