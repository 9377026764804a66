// How connections end (connections.hpp): by a caller's request, or by TikTok's word.
#include "store/account_holders.hpp"
#include "store/connection_causes.hpp"
#include "store/connection_columns.hpp"
#include "store/connections.hpp"
#include "store/import_proofs.hpp"
#include "store/outgoing_event.hpp"
#include "store/queries.hpp"
#include "store/revocations.hpp"

namespace gateway::store {
namespace {

constexpr std::uint64_t no_version = 0;    // the notified version of a connection that has ended
constexpr std::uint64_t revoked_max = 200; // users in one unit

/// Ends what may become a connection of the user.
task<void> end_logins(transaction& at, const user_id& user) {
    co_await execute(at, statement("DELETE FROM oauth_states WHERE user_id = $1", user));
    co_await forget_imports(at, user);
    // Over at once, by the clock of each replica: the next sweep of waiting grants revokes it at TikTok if
    // nobody else holds the account. Upkeep leaves it until its tokens have expired.
    statement over("UPDATE pending_grants SET expires_at = 0 WHERE user_id = $1 AND expires_at > 0", user);
    co_await execute(at, std::move(over));
}

/// Deletes everything of the user but the posts.
task<void> forget_user(transaction& at, const user_id& user) {
    statement floor(
        "UPDATE counters SET value = greatest(value, "
        "coalesce((SELECT version FROM connections WHERE user_id = $1), 0), "
        "coalesce((SELECT max(version) FROM other_app_connections WHERE user_id = $1), 0)) "
        "WHERE name = 'version_floor'",
        user);
    co_await execute(at, std::move(floor));
    co_await forget_pairs_around(at, user);
    co_await execute(at, statement("DELETE FROM other_app_connections WHERE user_id = $1", user));
    co_await end_logins(at, user);
    co_await execute(at, statement("DELETE FROM connections WHERE user_id = $1", user));
    at.notify(change::of(user, no_version));
}

bool is_as_seen(const connection_summary& there, const leaving_user& seen) {
    return there.version == seen.version && there.account == seen.pair.account
           && !is_of_another_app(there, seen.pair.app);
}

/// Ends the connection that was seen; gives what became of its pair.
task<connection_end> end_connection(transaction& at, const leaving_user& seen, wall_time now) {
    connection_end out;
    const auto& pair = seen.pair;
    const auto& app = pair.app.empty() ? seen.running_app : pair.app;
    const bool held = co_await is_held(at, pair.account, app, seen.user, now);
    co_await forget_user(at, seen.user);
    out.what = held ? connection_end::kind::held_by_others : connection_end::kind::alone;
    if (held || pair.sealed_tokens.empty()) co_return out;
    out.revocation = co_await add_revocation(at, pair);
    co_return out;
}

task<connection_end> end_user(transaction& at, const leaving_user& seen, wall_time now) {
    connection_end out;
    const auto there = co_await hold_connection(at, seen.user);
    if (!there && seen.version > 0) co_return out;
    const bool same_beside = co_await hold_beside(at, seen.user, seen.beside);
    if (!same_beside || (there && !is_as_seen(*there, seen))) {
        out.what = connection_end::kind::changed;
        co_return out;
    }
    if (there)
        out = co_await end_connection(at, seen, now);
    else if (!seen.beside.empty())
        co_await forget_user(at, seen.user);
    else // nothing that other replicas or later versions need to know of
        co_await end_logins(at, seen.user);
    if (there && there->state != connection_state::revoked) // else it was told before
        co_await add_connection_event(at, event_type::connection_revoked, seen.user, there->account,
                                      cause::disconnected, now);
    for (const auto& pair : seen.beside)
        if (!pair.sealed_tokens.empty()) static_cast<void>(co_await add_revocation(at, pair));
    co_return out;
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
            "SELECT user_id FROM connections WHERE open_id = $1 AND app = $2 AND proof <> 'none' "
            "AND state <> 'revoked' AND connected_at <= $3 ORDER BY user_id LIMIT $4 FOR UPDATE",
            account, app, happened_at, revoked_max);
        auto users = co_await all_of<user_id>(at, std::move(ask));
        const std::string wiped;
        for (const auto& user : users) {
            statement set(
                "UPDATE connections SET state = 'revoked', cause = $1, sealed_tokens = $2, updated_at = $3 "
                "WHERE user_id = $4",
                cause, blob(wiped), now, user);
            co_await execute(at, std::move(set));
            co_await forget_pairs_around(at, user);
            at.notify(change::of(user, no_version));
            co_await add_connection_event(at, event_type::connection_revoked, user, account, cause, now);
        }
        const auto beside = co_await revoke_beside(at, account, app, happened_at, cause, now);
        users.insert(users.end(), beside.begin(), beside.end());
        co_return users;
    });
}

task<result<connection_end>> connections::end(leaving_user seen, wall_time now, deadline until) {
    const auto how = seen.version > 0 ? unit::of(seen.user, seen.pair.account) : unit::of(seen.user);
    return run(engine_, how, until, &end_user, std::move(seen), now);
}

} // namespace gateway::store
