// Grants that wait for their caller's confirmation (connection_service.hpp), and the end of those that never
// become a connection.
#include "base/digest.hpp"
#include "connections/connection_service.hpp"
#include "connections/deadlines.hpp"
#include "store/connections.hpp"
#include "store/pending_grants.hpp"
#include "telemetry/sink.hpp"
#include "tiktok/oauth.hpp"
#include "vault/token_vault.hpp"

#include <algorithm>

namespace gateway::connections {
namespace {

constexpr milliseconds waiting_time{600'000};
constexpr std::uint32_t swept_at_once = 100;

std::string hash_of(std::string_view confirmation) {
    return std::string(as_text(sha256(confirmation)));
}

/// Without its hash, its tokens and its time.
store::pending_grant_record grant_of(const store::oauth_state_record& login, const vault::fresh_tokens& fresh,
                                     wall_time now) {
    store::pending_grant_record out;
    out.state_hash = login.state_hash;
    out.caller = login.caller;
    out.user = login.user;
    out.app = login.app;
    out.account = fresh.account;
    out.scopes = fresh.scopes;
    out.replace_account = login.replace_account;
    out.access_expires_at = now + fresh.access_lifetime;
    out.refresh_expires_at = now + fresh.refresh_lifetime;
    out.created_at = now;
    out.granted_at = fresh.granted_at.value_or(now);
    return out;
}

/// The same for each reason, so that nobody can find out anything by trying (docs/code-rules.md §13).
failure not_waiting() {
    // Whoever loads the shop's page again sends it a second time.
    constexpr auto confirmation_not_usable =
        "This confirmation cannot be used, or not once more. GET /v1/users/{user_id} says whether the user "
        "is "
        "connected; if not, begin a new login.";
    std::vector<field_fault> faults{
        {"confirmation",
         "is none that waits for this user and this key; one can be used once, within ten minutes"}};
    return failure{errc::invalid_input, confirmation_not_usable}.fields(std::move(faults));
}

failure not_connected(login_result why) {
    if (why == login_result::not_allowed)
        return failure{errc::forbidden, "This key may not do GATEWAY_CONFIRM for this user any more."};
    const bool full = why == login_result::account_full;
    std::vector<field_fault> faults{
        {"confirmation",
         full ? "account_full: the TikTok account has as many users as it may have"
              : "another_account: the user is connected to another TikTok account, and the login was begun "
                "without replace_account"}};
    std::string sentence = "This login was confirmed, and its grant cannot be connected: ";
    sentence +=
        full ? "the TikTok account has as many users as it may have; disconnect one of them."
             : "the user is connected to another TikTok account; begin a login with replace_account to "
               "change that.";
    return failure{errc::invalid_input, std::move(sentence)}.fields(std::move(faults));
}

} // namespace

task<login_result> connection_service::keep_waiting(const store::oauth_state_record& login,
                                                    const vault::fresh_tokens& fresh, secret confirmation,
                                                    wall_time now, deadline until) {
    const auto there = co_await connections_.find_summary(login.user, until);
    if (!there) co_return login_result::unavailable;
    // open_ids differ from app to app, so an account of another app is not another account.
    const bool ours = *there && vault_.is_surely_ours(**there);
    if (ours && (*there)->account != fresh.account && !login.replace_account)
        co_return login_result::another_account;
    auto grant = grant_of(login, fresh, now);
    grant.confirmation_hash = hash_of(confirmation.reveal());
    grant.expires_at = now + waiting_time;
    auto sealed = co_await vault_.seal_waiting(grant, fresh, until);
    if (!sealed) co_return login_result::unavailable;
    grant.sealed_tokens = std::move(*sealed);
    auto hash = grant.confirmation_hash;
    const auto kept = co_await pending_.put(std::move(grant), until);
    if (!kept) co_return login_result::unavailable;
    if (!*kept) co_return login_result::link_spent;
    if (rights_->caller_of(login)) co_return login_result::pending;
    // The caller has gone while the store took its time. If this fails, the sweep finds it.
    static_cast<void>(co_await pending_.drop(std::move(hash), until));
    co_return login_result::not_allowed;
}

/// Whoever shows a grant's hash, caller and user may know that it is there.
task<failure> connection_service::not_claimed(std::string confirmation_hash, caller_name caller, user_id user,
                                              wall_time now, deadline until) {
    const auto reserved = co_await pending_.reserved_for(std::move(confirmation_hash), std::move(caller),
                                                         std::move(user), now, until);
    if (!reserved) co_return reserved.error();
    if (!*reserved) co_return not_waiting();
    co_return failure{errc::in_progress, "Another call is confirming this login; ask again later."}
        .retry_after(std::max<milliseconds>(**reserved, seconds{1}));
}

/// What the claimed grant holds. not_waiting(): it cannot be used, and waits again for whoever can use it.
task<result<vault::fresh_tokens>> connection_service::open_claimed(const store::pending_grant_record& grant,
                                                                   wall_time now, deadline until) {
    auto tokens = co_await vault_.open_waiting(grant, until);
    const bool opens = tokens && *tokens, ours = grant.app == ask_.client_key();
    // Its end in the row is not authenticated, but its begin is.
    const bool late = now >= grant.created_at + waiting_time;
    if (opens && ours && !late) co_return std::move(**tokens);
    if (tokens && (late || !opens)) { // the row was changed
        login_end changed{login_result::unavailable};
        changed.cause = opens ? "record_is_too_old" : "record_does_not_open";
        report(grant.user, grant.caller, changed);
        // If this fails, the sweep does it at the time that was written in the row.
        if (opens && ours)
            static_cast<void>(co_await vault_.give_up(grant, std::move(**tokens), now, time_to_store()));
        co_return not_waiting();
    }
    static_cast<void>(co_await pending_.give_back(grant, time_to_store()));
    co_return tokens ? not_waiting() : tokens.error();
}

task<result<store::connection_summary>> connection_service::confirm(const settings::caller& by, user_id user,
                                                                    std::string confirmation, wall_time now,
                                                                    deadline until) {
    const auto hash = hash_of(confirmation);
    const auto caller = caller_name::trusted(by.name);
    const auto claimed = co_await pending_.claim(hash, caller, user, now, rest_of_call(until), until);
    if (!claimed) co_return claimed.error();
    if (!*claimed) co_return co_await not_claimed(hash, caller, std::move(user), now, until);
    const auto& grant = **claimed;
    auto tokens = co_await open_claimed(grant, now, until);
    if (!tokens) co_return tokens.error();
    auto copy = tokens->copy();
    store::grant_permit permit;
    permit.claimed = grant;
    permit.is_allowed = [rights = rights_, caller, user] { return rights->may_confirm(caller, user); };
    auto stored = co_await store_grant(user, std::move(copy), std::move(permit), grant.replace_account,
                                       grant.created_at, until);
    if (stored.result == login_result::unavailable) {
        // Where it was stored all the same, there is nothing to give back.
        static_cast<void>(co_await pending_.give_back(grant, time_to_store()));
        co_return *stored.why;
    }
    if (stored.result == login_result::link_spent) {
        // Ended meanwhile: if there is still a row, the sweep sees to its tokens, and need not wait for this.
        static_cast<void>(co_await pending_.give_back(grant, time_to_store()));
        co_return not_waiting();
    }
    login_end end{stored.result};
    end.scopes = stored.scopes;
    report(grant.user, grant.caller, end);
    co_await note_end(grant.state_hash, end.result, now);
    if (stored.result != login_result::connected) {
        // If this fails, the sweep finds it as one that was never confirmed.
        static_cast<void>(co_await vault_.give_up(grant, std::move(*tokens), now, time_to_store()));
        co_return not_connected(stored.result);
    }
    co_return co_await show(std::move(user), time_to_store());
}

task<void> connection_service::note_end(std::string state_hash, login_result result, wall_time now) {
    auto login = co_await begun_.find(std::move(state_hash), now, time_to_store());
    if (!login || !*login) co_return; // its time is over, so nobody can load its page again
    const auto noted = co_await vault_.open_login(**login, time_to_store());
    if (!noted || !*noted) co_return;
    auto outcome = read_outcome((*noted)->reveal());
    if (!outcome) co_return;
    outcome->result = result;
    co_await keep_outcome(std::move(**login), *outcome);
}

task<result<bool>> connection_service::end_unconfirmed(const store::pending_grant_record& grant,
                                                       wall_time now, deadline until) {
    auto tokens = co_await vault_.open_waiting(grant, until);
    if (!tokens) co_return tokens.error();
    if (*tokens) co_return co_await vault_.give_up(grant, std::move(**tokens), now, until);
    const auto dropped = co_await pending_.drop(grant.confirmation_hash, until); // nothing to revoke with
    if (!dropped) co_return dropped.error();
    co_return true;
}

task<result<std::size_t>> connection_service::sweep_unfinished(wall_time now, deadline until) {
    const auto imports = co_await vault_.give_up_old_imports(now, until);
    if (!imports) co_return imports.error();
    const auto due = co_await pending_.due(now, swept_at_once, until);
    if (!due) co_return due.error();
    std::size_t count = *imports;
    for (const auto& grant : *due) {
        const auto ended = co_await end_unconfirmed(grant, now, until);
        if (!ended || !*ended) continue; // of another replica's key, or by another replica
        ++count;
        const bool confirmed = grant.reserved_until > from_unix_ms(0); // and whoever did has died
        if (!confirmed) report(grant.user, grant.caller, login_end{login_result::not_confirmed});
    }
    co_return count;
}

} // namespace gateway::connections
