// The end of connections (connection_service.hpp): by a caller's request, or by TikTok's webhook.
#include "base/backoff.hpp"
#include "connections/connection_service.hpp"
#include "runtime/waiter.hpp"
#include "store/connections.hpp"
#include "tiktok/oauth.hpp"
#include "tokens/token_service.hpp"
#include "vault/token_vault.hpp"

#include <algorithm>

namespace gateway::connections {
namespace {

constexpr milliseconds revoke_timeout{5'000}; // for one try
constexpr milliseconds tiktok_patience{30'000};
constexpr std::uint32_t repeats_max = 3;
constexpr milliseconds first_pause{200};
constexpr milliseconds pause_max{2'000};

/// The part of the call's time for TikTok; the rest is left for deleting the tokens.
deadline part_of(deadline until) {
    const auto share = until.left(steady_now()) * 3 / 4;
    return until.no_later_than(steady_now() + std::min<milliseconds>(share, tiktok_patience));
}

/// Revoking twice has the same effect as once, so it is also repeated after a lost answer.
bool may_pass(const failure& why) {
    if (why.code() == errc::tiktok_unreachable || why.code() == errc::deadline_exceeded) return true;
    const auto* details = why.details();
    if (details == nullptr || !details->tiktok) return false;
    return details->tiktok->status == 429 || details->tiktok->status >= 500;
}

task<bool> revoke_patiently(tiktok::oauth& ask, secret access_token, deadline until) {
    for (std::uint32_t repeats = 0;; ++repeats) {
        auto access = access_token.copy();
        const auto soon = until.no_later_than(steady_now() + revoke_timeout);
        const auto revoked = co_await ask.revoke(std::move(access), soon);
        if (revoked) co_return true;
        const auto pause = jittered_backoff(first_pause, repeats, pause_max, random_unit());
        if (!may_pass(revoked.error()) || repeats == repeats_max || until.left(steady_now()) <= pause)
            co_return false;
        co_await pause_until(until.no_later_than(steady_now() + pause));
    }
}

/// Whether a user other than `except` is connected to the account.
bool is_held(const std::vector<store::connection_summary>& of_account, const user_id* except) {
    return std::any_of(of_account.begin(), of_account.end(), [except](const store::connection_summary& one) {
        return !(except && one.user == *except) && one.state != store::connection_state::revoked;
    });
}

/// Causes of `authorization.removed` (docs/tiktok-wire.md §7).
std::string_view removal_cause(std::int64_t reason) {
    constexpr std::string_view causes[] = {"authorization_removed", "user_disconnected",
                                           "account_deleted",       "account_age_changed",
                                           "account_banned",        "revoked_by_developer"};
    return causes[reason >= 1 && reason <= 5 ? static_cast<std::size_t>(reason) : 0];
}

} // namespace

task<bool> connection_service::revoke_at_tiktok(user_id user, vault::shared_tokens tokens, wall_time now,
                                                deadline until) {
    if (now >= tokens->access_expires_at) {
        // TikTok needs a valid access token, and that of an idle user expired long ago (T17), while the
        // refresh token is valid for a year: without a new pair nothing would be revoked.
        auto fresh = co_await tokens_.access(std::move(user), until);
        if (!fresh || (*fresh)->account != tokens->account) co_return false;
        tokens = std::move(*fresh);
    }
    if (tokens->access_token.empty()) co_return false;
    co_return co_await revoke_patiently(ask_, tokens->access_token.copy(), until);
}

task<void> connection_service::give_back(secret access_token, open_id account, deadline until) {
    const auto holders = co_await connections_.of_account(std::move(account), until);
    // TikTok would end all of the app's access to the account. If it is unknown whether another user is
    // connected to it, the grant is left to expire.
    if (!holders || is_held(*holders, nullptr)) co_return;
    // Short, because a person waits for the page.
    static_cast<void>(co_await revoke_patiently(ask_, std::move(access_token),
                                                until.no_later_than(steady_now() + revoke_timeout)));
}

task<result<disconnected>> connection_service::disconnect(user_id user, wall_time now, deadline until) {
    const auto there = co_await vault_.load_again(user, until);
    if (!there) co_return there.error();
    const auto sharing = co_await connections_.of_account((*there)->account, until);
    if (!sharing) co_return sharing.error();
    const bool alone = !is_held(*sharing, &user);
    disconnected out;
    if (alone) out.revoked_at_tiktok = co_await revoke_at_tiktok(user, *there, now, part_of(until));
    // The tokens are deleted whatever TikTok answered, because the user asked for it.
    const auto gone = co_await vault_.forget(std::move(user), until);
    if (!gone) co_return gone.error();
    co_return out;
}

task<result<std::size_t>> connection_service::on_authorization_removed(open_id account, std::int64_t reason,
                                                                       wall_time happened_at, wall_time now,
                                                                       deadline until) {
    const auto found = co_await connections_.of_account(std::move(account), until);
    if (!found) co_return found.error();
    std::size_t count = 0;
    for (const auto& record : *found) {
        // TikTok repeats an event for up to 72 hours, so an event from before this grant does not affect it.
        // Its time has no milliseconds, so within the same second the order is unknown; then the grant is
        // kept, and if it is invalid, the next 401 shows that.
        const bool may_be_older = happened_at < record.connected_at;
        if (may_be_older || record.state == store::connection_state::revoked) continue;
        std::string cause{removal_cause(reason)};
        const auto known = co_await vault_.revoke(record.user, std::move(cause), now, until);
        if (!known) co_return known.error();
        ++count;
    }
    co_return count;
}

} // namespace gateway::connections
