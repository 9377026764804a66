// The end of connections (connection_service.hpp): by a caller's request, or by TikTok's webhook.
#include "connections/connection_service.hpp"
#include "connections/deadlines.hpp"
#include "store/connection_causes.hpp"
#include "store/connections.hpp"
#include "store/pending_grants.hpp"
#include "telemetry/sink.hpp"
#include "tokens/token_service.hpp"
#include "vault/token_vault.hpp"

#include <algorithm>
#include <string>

namespace gateway::connections {
namespace {

constexpr int races_max = 8; // each lost race means that another call stored a grant or a refresh

/// Whether there is an access token to revoke with, or one may be had by a refresh.
bool is_revocable(const vault::token_set& tokens, wall_time now) {
    if (tokens.access_token.empty()) return false;
    if (now < tokens.access_expires_at) return true;
    return !tokens.is_over() && !tokens.refresh_token.empty() && now < tokens.refresh_expires_at;
}

disconnected not_revoked(std::string_view reason) {
    return {false, reason};
}

disconnected told(revoke_end end) {
    switch (end) {
        case revoke_end::revoked:
            return {true, {}};
        case revoke_end::ended:
            return not_revoked("already_ended");
        case revoke_end::not_wanted:
            return not_revoked("used_by_another_user");
        case revoke_end::lost:  // given up, because TikTok's answer is not known
        case revoke_end::later: // tried again in the background
            break;
    }
    return not_revoked("tiktok_unreachable");
}

/// Causes of `authorization.removed` (docs/tiktok-wire.md §7).
std::string_view removal_cause(std::int64_t reason) {
    constexpr auto& causes = store::cause::by_removal;
    return causes[reason > 0 && reason < std::ssize(causes) ? static_cast<std::size_t>(reason) : 0];
}

} // namespace

/// TikTok needs a valid access token, and that of an idle user expired long ago (T17), while the refresh
/// token is valid for a year. Without a new pair nothing would be revoked.
task<connection_service::revocable> connection_service::make_revocable(vault::shared_tokens seen,
                                                                       wall_time now, deadline until) {
    revocable out{seen, is_revocable(*seen, now)};
    const bool is_given = seen->proof == store::account_proof::pair;
    if (!out.has_grant || (is_given && now < seen->access_expires_at)) co_return out;
    const auto others = co_await connections_.of_account(seen->account, vault_.app(), 2, until);
    const bool shared = others && std::any_of(others->begin(), others->end(), [&seen](const auto& one) {
                            return one.user != seen->user;
                        });
    if (shared) co_return out;           // the others are tried first (revoking.cpp)
    if (now < seen->access_expires_at) { // only the import's caller says when it ends
        const auto renewed = co_await tokens_.renew(seen->user, seen->version, until);
        // A refresh that goes on must not meet a second one of the same token.
        out.tiktok_is_away = !renewed && renewed.error().code() == errc::deadline_exceeded;
        const auto there = co_await vault_.load_again(seen->user, until);
        if (!there) co_return out;
        out.tokens = *there;
        out.has_grant = is_revocable(**there, now);
        co_return out;
    }
    auto fresh = co_await tokens_.access(seen->user, until, until.by());
    if (fresh)
        out.tokens = std::move(*fresh);
    else if (fresh.error().code() == errc::reconnect_required)
        out.has_grant = false;
    else
        out.tiktok_is_away = true;
    co_return out;
}

task<result<disconnected>> connection_service::disconnect(user_id user, wall_time now, deadline until,
                                                          caller_name by) {
    const auto gone = co_await end_connection(user, now, until);
    if (gone && counts_)
        counts_->log(telemetry::level::info, "disconnected",
                     {{"user", user.text()},
                      {"caller", by.text()},
                      {"revoked_at_tiktok", gone->revoked_at_tiktok ? "true" : "false"},
                      {"reason", gone->reason}});
    co_return gone;
}

task<result<disconnected>> connection_service::end_connection(user_id user, wall_time now, deadline until) {
    using kind = store::connection_end::kind;
    for (int races = 0; races < races_max; ++races) {
        const auto there = co_await vault_.load_again(user, until);
        const bool absent = !there && there.error().code() == errc::user_not_connected;
        if (!there && !absent) co_return there.error();
        if (absent || (*there)->of_another_app) {
            const auto gone = co_await vault_.end_elsewhere(user, now, until);
            if (!gone) co_return gone.error();
            if (*gone == kind::absent && absent) co_return there.error();
            if (*gone == kind::changed || *gone == kind::absent) continue;
            co_return not_revoked(store::cause::other_app);
        }
        const auto pair = co_await make_revocable(*there, now, part_for_tiktok(until));
        const auto for_tiktok = part_for_tiktok(until); // made before the row, which is reserved by it
        const auto own_try = time_of_own_try(until, for_tiktok, pair.tiktok_is_away, steady_now());
        auto ended = co_await vault_.end(pair.tokens, pair.has_grant, own_try, now, until);
        if (!ended) co_return ended.error();
        if (ended->what == kind::changed || ended->what == kind::absent) continue;
        if (ended->what == kind::held_by_others) co_return not_revoked("used_by_another_user");
        if (!ended->to_revoke) co_return not_revoked("already_ended");
        if (pair.tiktok_is_away) co_return told(revoke_end::later);
        const auto end = co_await revoking_.carry_out(std::move(*ended->to_revoke), for_tiktok);
        co_return told(end);
    }
    co_return failure{errc::vault_unavailable,
                      "This user's connection is being changed by others; try again."};
}

task<result<revocation_round>> connection_service::retry_revocations(deadline until) {
    return revoking_.carry_out_due(until);
}

task<result<std::size_t>> connection_service::on_authorization_removed(open_id account, std::int64_t reason,
                                                                       wall_time happened_at, wall_time now,
                                                                       deadline until) {
    // TikTok repeats an event for up to 72 hours, so an event from before a grant does not affect it: both
    // times are by TikTok's clock, but for a grant whose answer has not told it. They have no milliseconds,
    // so within the same second the order is unknown; then the grant is kept, and if it is invalid, the next
    // 401 shows that.
    // What waits goes by the same rule, and first, so that no confirmation makes a connection of it
    // afterwards: nothing of it is left to connect or to revoke.
    const auto dropped = co_await pending_.drop_of_account(account, vault_.app(), happened_at, until);
    if (!dropped) co_return dropped.error();
    std::string cause{removal_cause(reason)};
    const auto ended = co_await vault_.revoke(account, happened_at, cause, now, until);
    if (!ended) co_return ended.error();
    if (counts_ && *ended > 0)
        counts_->log(telemetry::level::info, "disconnected",
                     {{"account", account.text()}, {"users", std::to_string(*ended)}, {"reason", cause}});
    co_return *ended;
}

} // namespace gateway::connections
