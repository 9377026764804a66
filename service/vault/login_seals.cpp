// Sealed values of logins: the PKCE verifier of a running one, what became of one that has ended, and the
// tokens of a grant that waits for its confirmation. What decides where a grant goes is authenticated with
// them, so that a row which was changed in the store does not open (docs/promises.md V05).
#include "base/digest.hpp"
#include "base/sized_text.hpp"
#include "store/logins.hpp"
#include "store/pending_grants.hpp"
#include "vault/sealing.hpp"
#include "vault/token_vault.hpp"

#include <initializer_list>

namespace gateway::vault {
namespace {

std::string_view flag(bool is) {
    return is ? "1" : "0";
}

std::string time_text(wall_time at) {
    return std::to_string(unix_ms(at));
}

std::string owner_of(std::initializer_list<std::string_view> parts) {
    std::string out;
    for (const auto part : parts)
        append_sized(out, part);
    return out;
}

std::string owner_of(const store::oauth_state_record& login) {
    return owner_of({login.state_hash, login.caller.text(), login.user.text(), login.app, login.return_url,
                     login.scopes, flag(login.replace_account), flag(login.confirm),
                     time_text(login.expires_at)});
}

/// So that neither stands for the other.
record_name name_of(const store::oauth_state_record& login, std::string_view owner) {
    const bool ended = login.progress == store::login_progress::ended;
    return {ended ? "login_outcome" : "login", owner, 0};
}

std::string owner_of(const store::pending_grant_record& grant) {
    return owner_of({grant.confirmation_hash, grant.state_hash, grant.caller.text(), grant.user.text(),
                     grant.app, grant.account.text(), grant.scopes, flag(grant.replace_account),
                     time_text(grant.access_expires_at), time_text(grant.refresh_expires_at),
                     time_text(grant.created_at), time_text(grant.granted_at)});
}

} // namespace

task<result<std::string>> token_vault::seal_login(const store::oauth_state_record& login, secret what,
                                                  deadline until) {
    const auto keys = co_await ring_to_seal(1, until);
    if (!keys) co_return keys.error();
    ++sealed_;
    const auto owner = owner_of(login);
    co_return seal(**keys, name_of(login, owner), what.reveal());
}

task<result<std::optional<secret>>> token_vault::open_login(const store::oauth_state_record& login,
                                                            deadline until) {
    const auto owner = owner_of(login);
    auto plain = open(*ring(), name_of(login, owner), login.sealed_verifier);
    if (!plain) {
        const auto unopened = co_await note_unopened(login.sealed_verifier, "This login is", until);
        if (!unopened) co_return unopened.error();
        co_return std::optional<secret>{};
    }
    ++opened_;
    co_return result<std::optional<secret>>(boost::system::in_place_value, std::move(*plain));
}

task<result<std::string>> token_vault::seal_waiting(const store::pending_grant_record& grant,
                                                    const fresh_tokens& tokens, deadline until) {
    const auto keys = co_await ring_to_seal(1, until);
    if (!keys) co_return keys.error();
    ++sealed_;
    const token_text text{
        tokens.access_token.copy(), tokens.refresh_token.copy(), grant.account.text(),    grant.scopes,
        grant.created_at,           grant.access_expires_at,     grant.refresh_expires_at};
    const secret plain = write_token_text(text);
    const auto owner = owner_of(grant);
    co_return seal(**keys, {"waiting_grant", owner, 0}, plain.reveal());
}

task<result<std::optional<fresh_tokens>>> token_vault::open_waiting(const store::pending_grant_record& grant,
                                                                    deadline until) {
    const auto owner = owner_of(grant);
    const auto plain = open(*ring(), {"waiting_grant", owner, 0}, grant.sealed_tokens);
    if (!plain) {
        const auto unopened = co_await note_unopened(grant.sealed_tokens, "This grant is", until);
        if (!unopened) co_return unopened.error();
        co_return std::optional<fresh_tokens>{};
    }
    ++opened_;
    auto text = read_token_text(plain->reveal());
    if (!text) co_return std::optional<fresh_tokens>{};
    fresh_tokens out;
    out.access_token = std::move(text->access_token);
    out.refresh_token = std::move(text->refresh_token);
    out.account = grant.account;
    out.scopes = grant.scopes;
    out.access_lifetime = grant.access_expires_at - grant.created_at;
    out.refresh_lifetime = grant.refresh_expires_at - grant.created_at;
    out.granted_at = grant.granted_at;
    co_return result<std::optional<fresh_tokens>>(boost::system::in_place_value, std::move(out));
}

} // namespace gateway::vault
