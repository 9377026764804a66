// How connections end (connections.hpp): by a caller's request, or by TikTok's word.
#include "store/account_holders.hpp"
#include "store/connection_columns.hpp"
#include "store/connections.hpp"
#include "store/import_proofs.hpp"
#include "store/queries.hpp"
#include "store/revocations.hpp"

namespace gateway::store {
namespace {

constexpr std::uint64_t no_version = 0;    // the notified version of a connection that has ended
constexpr std::uint64_t revoked_max = 200; // users in one unit

/// Deletes everything of the user but the posts. `false`: there was no connection.
task<bool> forget_user(transaction& at, const user_id& user) {
    statement floor(
        "UPDATE counters SET value = greatest(value, "
        "coalesce((SELECT version FROM connections WHERE user_id = $1), 0), "
        "coalesce((SELECT max(version) FROM other_app_connections WHERE user_id = $1), 0)) "
        "WHERE name = 'version_floor'",
        user);
    co_await execute(at, std::move(floor));
    co_await forget_pairs_around(at, user);
    co_await execute(at, statement("DELETE FROM other_app_connections WHERE user_id = $1", user));
    co_await execute(at, statement("DELETE FROM oauth_states WHERE user_id = $1", user));
    co_await forget_imports(at, user);
    // Over at once: the next sweep of waiting grants revokes it at TikTok if nobody else holds the account.
    co_await execute(at, statement("UPDATE pending_grants SET expires_at = 0 WHERE user_id = $1", user));
    const bool changed =
        co_await changes_rows(at, statement("DELETE FROM connections WHERE user_id = $1", user));
    at.notify(change::of(user, no_version));
    co_return changed;
}

} // namespace

task<void> forget_pairs_around(transaction& at, const user_id& user) {
    co_await execute(at, statement("DELETE FROM kept_tokens WHERE user_id = $1", user));
    co_await execute(at, statement("DELETE FROM refresh_intents WHERE user_id = $1", user));
    co_await execute(at, statement("DELETE FROM leases WHERE user_id = $1", user));
}

task<result<std::vector<user_id>>> connections::revoke(open_id account, std::string app,
                                                       wall_time happened_at, std::string cause,
                                                       wall_time now, deadline until) {
    return run(engine_, unit::of(account), until, [=](transaction& at) -> task<std::vector<user_id>> {
        statement ask(
            "SELECT user_id FROM connections WHERE open_id = $1 AND app = $2 AND proven = 1 "
            "AND state <> 'revoked' AND connected_at <= $3 ORDER BY user_id LIMIT $4 FOR UPDATE",
            account, app, happened_at, revoked_max);
        const auto users = co_await all_of<user_id>(at, std::move(ask));
        const std::string wiped;
        for (const auto& user : users) {
            statement set(
                "UPDATE connections SET state = 'revoked', cause = $1, sealed_tokens = $2, updated_at = $3 "
                "WHERE user_id = $4",
                cause, blob(wiped), now, user);
            co_await execute(at, std::move(set));
            co_await forget_pairs_around(at, user);
            at.notify(change::of(user, no_version));
        }
        co_return users;
    });
}

task<result<bool>> connections::forget(user_id user, deadline until) {
    return run(engine_, unit::of(user), until, &forget_user, user);
}

task<result<connection_end>> connections::end(user_id user, std::uint64_t version,
                                              revocation_record to_revoke, wall_time now, deadline until) {
    using enum connection_end::kind;
    return run(
        engine_, unit::of(user, to_revoke.account), until, [=](transaction& at) -> task<connection_end> {
            connection_end out;
            const auto there = co_await hold_connection(at, user);
            if (!there) co_return out;
            out.what = changed;
            if (there->version != version || there->account != to_revoke.account
                || is_of_another_app(*there, to_revoke.app))
                co_return out;
            const bool held = co_await is_held(at, there->account, to_revoke.app, user, now);
            co_await forget_user(at, user);
            out.what = held ? held_by_others : alone;
            if (held || to_revoke.sealed_tokens.empty()) co_return out;
            out.revocation = co_await add_revocation(at, to_revoke);
            // It ends that grant as well; where nothing is revoked now, the sweep of waiting grants does it.
            statement waiting("DELETE FROM pending_grants WHERE user_id = $1 AND open_id = $2 AND app = $3",
                              user, there->account, to_revoke.app);
            co_await execute(at, std::move(waiting));
            co_return out;
        });
}

task<result<bool>> connections::renew_revocation(revocation_record with, deadline until) {
    statement renew(
        "UPDATE revocations SET sealed_tokens = $1 "
        "WHERE open_id = $2 AND app = $3 AND user_id = $4 AND version = $5",
        blob(with.sealed_tokens), with.account, with.app, with.user, with.version);
    return run(engine_, unit::of(with.account), until, &changes_rows, std::move(renew));
}

} // namespace gateway::store
