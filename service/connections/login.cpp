// Logins (connection_service.hpp): `start` makes TikTok's authorize URL, `callback` handles the redirect
// back. Between them there is only a record in the store, for ten minutes: the hash of a single-use state,
// and the sealed PKCE verifier; so any replica can finish a login.
#include "base/digest.hpp"
#include "base/lists.hpp"
#include "base/url_rules.hpp"
#include "connections/authorize_url.hpp"
#include "connections/callback_page.hpp"
#include "connections/connection_service.hpp"
#include "tiktok/oauth.hpp"
#include "vault/token_vault.hpp"

#include <algorithm>

namespace gateway::connections {
namespace {

constexpr milliseconds login_time{600'000};
constexpr std::size_t state_bytes = 32;

std::string hash_of(std::string_view state) {
    return std::string(as_text(sha256(state)));
}

std::vector<field_fault> faults_of(const login_options& options, const settings::caller& by,
                                   const login_settings& logins) {
    std::vector<field_fault> out;
    for (std::size_t i = 0; i < options.scopes.size(); ++i) {
        const auto& known = logins.scopes;
        if (std::find(known.begin(), known.end(), options.scopes[i]) == known.end())
            out.push_back({"scopes[" + std::to_string(i) + "]",
                           "must be one of the scopes this gateway is set up for"});
    }
    const auto& url = options.return_url;
    const bool good =
        url.empty() || is_url_under(url, logins.public_url) || is_url_under_any(url, by.return_url_prefixes);
    if (!good)
        out.push_back(
            {"return_url", "must lie under the gateway's public_url or this key's return_url_prefixes"});
    return out;
}

callback_answer refused(std::string_view what_happened, std::string_view what_to_do = start_again) {
    return callback_page{400, refused_page(what_happened, what_to_do)};
}

/// For a login that was found: redirects to the caller's page if there is one, else shows `page`.
callback_end refused_with(const store::oauth_state_record& login, std::string page, std::string_view reason) {
    callback_end out{callback_page{400, std::move(page)}, login.user, login.caller, reason};
    if (!login.return_url.empty())
        out.shown = callback_redirect{with_result(login.return_url, login.user.text(), "refused", reason)};
    return out;
}
callback_end refused(const store::oauth_state_record& login, std::string_view what_happened,
                     std::string_view what_to_do = start_again) {
    constexpr std::string_view no_reason;
    return refused_with(login, refused_page(what_happened, what_to_do), no_reason);
}

/// Whether the answer has everything needed: a grant without a refresh token would expire within hours (T09).
bool complete(const tiktok::token_answer& answer) {
    return !answer.refresh_token.empty() && answer.refresh_lifetime.count() > 0 && !answer.account.empty();
}

} // namespace

task<result<login_start>> connection_service::start(const settings::caller& by, user_id user,
                                                    login_options options, wall_time now, deadline until) {
    auto faults = faults_of(options, by, logins_);
    if (!faults.empty())
        co_return failure{errc::invalid_input, "This login cannot be started."}.fields(std::move(faults));
    if (options.scopes.empty()) options.scopes = logins_.scopes;

    const std::string state = to_base64url(random_bytes(state_bytes));
    const secret verifier = new_verifier();
    const std::string challenge = challenge_of(verifier.reveal(), logins_.pkce);
    store::oauth_state_record record;
    record.state_hash = hash_of(state);
    record.caller = caller_name::trusted(by.name);
    record.user = std::move(user);
    if (!challenge.empty()) {
        auto sealed = co_await vault_.seal_verifier(record.state_hash, verifier.copy(), until);
        if (!sealed) co_return sealed.error();
        record.sealed_verifier = std::move(*sealed);
    }
    record.return_url = options.return_url;
    record.scopes = joined(options.scopes);
    record.expires_at = now + login_time;
    record.replace_account = options.replace_account;
    const auto stored = co_await begun_.put(std::move(record), until);
    if (!stored) co_return stored.error();

    const authorize_request request{
        logins_.authorize_url, ask_.client_key(),        ask_.redirect_uri(), state, challenge,
        options.scopes,        options.disable_auto_auth};
    co_return login_start{authorize_url(request), now + login_time};
}

task<callback_end> connection_service::callback(callback_query query, wall_time now, deadline until) {
    if (query.state.empty()) co_return callback_end{refused("This link is not complete."), {}, {}};
    auto taken = co_await begun_.take(hash_of(query.state), now, until);
    if (!taken) co_return callback_end{refused("The service could not look up this login."), {}, {}};
    if (!*taken)
        co_return callback_end{refused("This link was used before, or is older than ten minutes."), {}, {}};
    const auto& login = **taken;
    if (!query.error.empty()) {
        const refusal_words words = words_for(query.error);
        co_return refused(login, words.what_happened, words.what_to_do);
    }
    if (query.code.empty()) co_return refused(login, "TikTok sent no code.");
    co_return co_await finish(login, std::move(query.code), now, until);
}

task<callback_end> connection_service::finish(const store::oauth_state_record& login, std::string code,
                                              wall_time now, deadline until) {
    secret verifier;
    if (!login.sealed_verifier.empty()) {
        auto opened = vault_.open_verifier(login.state_hash, login.sealed_verifier);
        if (!opened) co_return refused(login, "This login can no longer be finished.");
        verifier = std::move(*opened);
    }
    auto outcome = co_await ask_.exchange(std::move(code), std::move(verifier), until);
    auto* answer = std::get_if<tiktok::token_answer>(&outcome);
    if (answer == nullptr) co_return refused(login, "TikTok did not accept the code of this login.");
    if (!complete(*answer)) co_return refused(login, "TikTok's answer was not complete.");

    vault::fresh_tokens fresh{
        answer->access_token.copy(), std::move(answer->refresh_token), answer->account, answer->scopes,
        answer->access_lifetime,     answer->refresh_lifetime};
    const auto saved =
        co_await vault_.save_grant(login.user, std::move(fresh), now, until, !login.replace_account);
    if (!saved) co_return refused(login, "The connection could not be kept.");
    if (!*saved) {
        co_await give_back(std::move(answer->access_token), std::move(answer->account), until);
        co_return refused_with(login, another_account_page(), "another_account");
    }
    callback_end out{{}, login.user, login.caller};
    if (!login.return_url.empty())
        out.shown = callback_redirect{with_result(login.return_url, login.user.text(), "connected")};
    else
        out.shown = callback_page{200, connected_page(split_list(login.scopes), (*saved)->scopes())};
    co_return out;
}

} // namespace gateway::connections
