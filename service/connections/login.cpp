// Logins (connection_service.hpp): `start` makes TikTok's authorize URL, `callback` handles the redirect
// back. Between them there is only a record in the store, for ten minutes: the hash of a single-use state,
// and the sealed PKCE verifier, which authenticates the record; so any replica can finish a login. The record
// stays until its time is over, with what became of the login.
#include "base/digest.hpp"
#include "base/lists.hpp"
#include "base/refused_inputs.hpp"
#include "connections/authorize_url.hpp"
#include "connections/connection_service.hpp"
#include "connections/deadlines.hpp"
#include "telemetry/sink.hpp"
#include "tiktok/oauth.hpp"
#include "vault/token_vault.hpp"

#include <algorithm>

namespace gateway::connections {
namespace {

constexpr milliseconds login_time{600'000};
constexpr std::size_t state_bytes = 32;
constexpr milliseconds account_name_within{2'000}; // a person waits for the page

std::string hash_of(std::string_view state) {
    return std::string(as_text(sha256(state)));
}

std::vector<field_fault> faults_of(const login_options& options, const settings::caller& by,
                                   const login_settings& logins, const login_rights& rights) {
    std::vector<field_fault> out;
    for (std::size_t i = 0; i < options.scopes.size(); ++i) {
        const auto& known = logins.scopes;
        if (std::find(known.begin(), known.end(), options.scopes[i]) == known.end())
            out.push_back({"scopes[" + std::to_string(i) + "]",
                           "must be one of the gateway's tiktok.scopes: " + joined(known, ", ")});
    }
    const auto& url = options.return_url;
    if (!url.empty() && !rights.may_return_to(url, by))
        out.push_back(
            {"return_url", "must lie under the gateway's public_url or this key's return_url_prefixes"});
    else if (has_result(url))
        out.push_back({"return_url",
                       "must not have user_id, result, reason or confirmation in its query: the gateway adds "
                       "them"});
    if (url.empty() && options.confirm)
        out.push_back({"return_url",
                       "is required where the login is confirmed (confirm, or the key's confirm_logins): the "
                       "browser brings the confirmation there"});
    return out;
}

page_facts facts_of(const store::oauth_state_record& login, std::string_view account_name) {
    return {account_name, login.app, login.caller.text(), login.user.text()};
}

std::string page_of(const store::oauth_state_record& login, const login_end& end) {
    const auto facts = facts_of(login, end.account_name);
    if (end.result == login_result::connected)
        return connected_page(split_list(login.scopes), split_list(end.scopes), facts);
    if (end.result == login_result::another_account) return another_account_page(facts);
    const auto words = end.words.value_or(words_for(end.result));
    return refused_page(words.what_happened, words.what_to_do, facts);
}

/// The browser goes on to the caller's page if there is one, and `may_go_on`.
callback_end shown(const store::oauth_state_record& login, const login_end& end,
                   std::string_view confirmation, bool may_go_on) {
    callback_end out{{}, login.user, login.caller, {}, end.tiktok.log_id};
    const bool refused = is_refusal(end.result);
    if (refused) out.reason = name_of(end.result);
    if (!login.return_url.empty() && may_go_on) {
        const bool pending = end.result == login_result::pending;
        out.shown = callback_redirect{with_result(login.return_url, login.user.text(),
                                                  refused ? "refused" : name_of(end.result), out.reason,
                                                  pending ? confirmation : std::string_view{})};
    } else {
        out.shown = callback_page{refused ? 400 : 200, page_of(login, end)};
    }
    return out;
}

/// For a login that nobody began, or whose record cannot be believed.
callback_end unknown(login_result result, std::string_view what_happened = {}) {
    auto words = words_for(result);
    if (!what_happened.empty()) words.what_happened = what_happened;
    callback_page page{400, result == login_result::link_spent
                                ? unusable_link_page(words.what_happened)
                                : refused_page(words.what_happened, words.what_to_do)};
    return {std::move(page), {}, {}, name_of(result)};
}

} // namespace

task<result<login_start>> connection_service::start(const settings::caller& by, user_id user,
                                                    login_options options, wall_time now, deadline until) {
    options.confirm = options.confirm || by.confirm_logins;
    auto faults = faults_of(options, by, logins_, *rights_);
    if (!faults.empty()) co_return refused_inputs(std::move(faults));
    if (options.scopes.empty()) options.scopes = logins_.scopes;

    const std::string state = to_base64url(random_bytes(state_bytes));
    secret verifier = new_verifier();
    const std::string challenge = challenge_of(verifier.reveal(), logins_.pkce);
    if (challenge.empty()) verifier.wipe();
    store::oauth_state_record record;
    record.state_hash = hash_of(state);
    record.caller = caller_name::trusted(by.name);
    record.user = std::move(user);
    record.return_url = options.return_url;
    record.scopes = joined(options.scopes);
    record.expires_at = now + login_time;
    record.replace_account = options.replace_account;
    record.app = ask_.client_key();
    record.confirm = options.confirm;
    auto sealed = co_await vault_.seal_login(record, std::move(verifier), until);
    if (!sealed) co_return sealed.error();
    record.sealed_verifier = std::move(*sealed);
    const auto stored = co_await begun_.put(std::move(record), until);
    if (!stored) co_return stored.error();

    // Nobody has to click where TikTok agrees at once, so by default TikTok asks wherever nobody confirms.
    const bool ask_always = options.disable_auto_auth.value_or(!options.confirm);
    const authorize_request request{
        logins_.authorize_url, ask_.client_key(), ask_.redirect_uri(), state, challenge,
        options.scopes,        ask_always};
    co_return login_start{authorize_url(request), now + login_time};
}

void connection_service::report(const user_id& user, const caller_name& caller, const login_end& end) const {
    if (counts_ == nullptr) return;
    counts_->login_ended(name_of(end.result));
    if (end.result == login_result::pending) return; // its end follows
    if (is_refusal(end.result))
        counts_->log(telemetry::level::warn, "login_failed",
                     {{"reason", name_of(end.result)},
                      {"user", user.text()},
                      {"caller", caller.text()},
                      {"tiktok_code", end.tiktok.code},
                      {"log_id", end.tiktok.log_id},
                      {"cause", end.cause}});
    else
        counts_->log(telemetry::level::info, "connected",
                     {{"user", user.text()},
                      {"caller", caller.text()},
                      {"scopes", end.scopes},
                      {"log_id", end.tiktok.log_id}});
}

callback_end connection_service::show_again(const store::oauth_state_record& login, std::string_view noted,
                                            const std::string& code) const {
    if (login.progress != store::login_progress::ended) {
        callback_page page{400, unfinished_page()}; // who has only the link is told nothing
        return {std::move(page), {}, {}};
    }
    const auto outcome = read_outcome(noted);
    if (!outcome || !equal_in_constant_time(outcome->code_proof, proof_of_code(outcome->salt, code)))
        return unknown(login_result::link_spent);
    login_end end{outcome->result};
    const bool allowed = rights_->caller_of(login).has_value();
    if (!allowed && end.result == login_result::pending) end.result = login_result::not_allowed;
    end.account_name = outcome->account_name;
    end.scopes = outcome->scopes;
    const bool may_go_on = allowed && end.result != login_result::not_allowed;
    return shown(login, end, confirmation_of(outcome->salt, code).reveal(), may_go_on);
}

/// If it fails, a second load of the page tells what was known before: that the login is being finished, or
/// that it waits for its confirmation.
task<void> connection_service::keep_outcome(store::oauth_state_record login, const login_outcome& outcome) {
    login.progress = store::login_progress::ended;
    secret text{write_outcome(outcome)};
    auto sealed = co_await vault_.seal_login(login, std::move(text), time_to_store());
    if (!sealed) co_return;
    static_cast<void>(
        co_await begun_.note_outcome(std::move(login.state_hash), std::move(*sealed), time_to_store()));
}

/// A login can be taken once, so it is not taken by a replica that has not got the key to open it.
task<result<std::optional<store::oauth_state_record>>> connection_service::take_login(std::string state_hash,
                                                                                      wall_time now,
                                                                                      deadline until) {
    auto there = co_await begun_.find(state_hash, now, until);
    if (!there || !*there) co_return std::move(there);
    const auto opened = co_await vault_.open_login(**there, until);
    if (!opened) co_return opened.error();
    co_return co_await begun_.take(std::move(state_hash), now, until);
}

task<callback_end> connection_service::callback(callback_query query, wall_time now, deadline until) {
    const auto count = [this](login_result result) {
        if (counts_) counts_->login_ended(name_of(result));
    };
    const auto unavailable = [this](std::string cause) {
        login_end end{login_result::unavailable};
        end.cause = std::move(cause);
        report({}, {}, end);
        return unknown(end.result);
    };
    if (store_is_there_ && !*store_is_there_) co_return unavailable("the store is not there yet");
    if (query.state.empty()) {
        count(login_result::link_spent);
        co_return unknown(login_result::link_spent, "This link is not complete.");
    }
    auto taken = co_await take_login(hash_of(query.state), now, until);
    if (!taken) co_return unavailable(taken.error().message());
    if (!*taken) {
        count(login_result::link_spent);
        co_return unknown(login_result::link_spent);
    }
    const auto& login = **taken;
    const auto opened = co_await vault_.open_login(login, until);
    if (!opened || !*opened) {
        // Its names are not to be believed, so neither page nor browser goes by them.
        login_end end{login_result::unavailable};
        end.cause = opened ? "record_does_not_open" : opened.error().message();
        report(login.user, login.caller, end);
        co_return unknown(login_result::unavailable);
    }
    if (login.progress != store::login_progress::begun)
        co_return show_again(login, (*opened)->reveal(), query.code);

    login_outcome kept;
    kept.salt = new_salt();
    kept.code_proof = proof_of_code(kept.salt, query.code);
    auto end = co_await finish(login, (*opened)->copy(), query, kept, now, until);
    if (end.result == login_result::connected && login.return_url.empty() && account_name_)
        end.account_name =
            co_await account_name_(login.user, until.no_later_than(steady_now() + account_name_within));
    report(login.user, login.caller, end);
    kept.result = end.result;
    kept.scopes = end.scopes;
    kept.account_name = end.account_name;
    // One that waits on the disk has not ended: what takes it from there notes its outcome.
    if (!end.waits_on_disk) co_await keep_outcome(login, kept);
    const auto confirmation = confirmation_of(kept.salt, query.code);
    co_return shown(login, end, confirmation.reveal(), end.result != login_result::not_allowed);
}

} // namespace gateway::connections
