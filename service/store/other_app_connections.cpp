// Connections of other TikTok apps (connections.hpp): a user's pair of each app waits here while the gateway
// runs under another one.
#include "store/connection_columns.hpp"
#include "store/connections.hpp"
#include "store/outgoing_event.hpp"
#include "store/queries.hpp"

namespace gateway::store {
namespace {

constexpr std::uint64_t counted_at_once = 5'000; // rows of one unit
constexpr std::uint64_t revoked_max = 200;       // the same

/// A part of the connections of one app, and the last user of it.
struct counted_part {
    std::uint64_t count = 0;
    std::string last;
};
auto columns_of(row_of<counted_part> auto& of) {
    return columns(of.count, of.last);
}

task<result<std::uint64_t>> count_of_app(engine& on, std::string app, deadline until) {
    std::uint64_t sum = 0;
    for (counted_part part{counted_at_once, {}}; part.count == counted_at_once; sum += part.count) {
        statement ask(
            "SELECT count(*), coalesce(max(user_id), '') FROM (SELECT user_id FROM connections "
            "WHERE app = $1 AND user_id > $2 ORDER BY user_id LIMIT $3) AS part",
            app, part.last, counted_at_once);
        auto next = co_await run(on, unit::reads(), until, &first_of<counted_part>, std::move(ask));
        if (!next) co_return next.error();
        part = std::move(next->value());
    }
    co_return sum;
}

} // namespace

task<void> put_beside(transaction& at, const user_id& user) {
    // If its refresh was not finished, it is in doubt when the gateway comes back to its app.
    statement move("INSERT INTO other_app_connections (" SUMMARY_COLUMNS
                   ", sealed_tokens) "
                   "SELECT user_id, open_id, scopes, CASE WHEN state = 'connected' AND EXISTS "
                   "(SELECT 1 FROM refresh_intents i WHERE i.user_id = c.user_id AND i.version = c.version) "
                   "THEN 'refresh_in_doubt' ELSE state END, "
                   "CASE WHEN state = 'connected' AND EXISTS "
                   "(SELECT 1 FROM refresh_intents i WHERE i.user_id = c.user_id AND i.version = c.version) "
                   "THEN 'rotation_response_lost' ELSE cause END, version, access_expires_at, "
                   "refresh_expires_at, connected_at, updated_at, app, proof, sealed_tokens "
                   "FROM connections c WHERE user_id = $1 AND length(sealed_tokens) > 0 "
                   "ON CONFLICT (user_id, app) DO UPDATE SET open_id = excluded.open_id, "
                   "scopes = excluded.scopes, state = excluded.state, cause = excluded.cause, "
                   "version = excluded.version, access_expires_at = excluded.access_expires_at, "
                   "refresh_expires_at = excluded.refresh_expires_at, connected_at = excluded.connected_at, "
                   "updated_at = excluded.updated_at, proof = excluded.proof, "
                   "sealed_tokens = excluded.sealed_tokens",
                   user);
    co_await execute(at, std::move(move));
    co_await execute(at, statement("DELETE FROM refresh_intents WHERE user_id = $1", user));
}

task<bool> refresh_beside(transaction& at, const connection_record& record, std::uint64_t expected_version) {
    statement put(
        "UPDATE other_app_connections SET scopes = $1, state = $2, cause = $3, version = $4, "
        "access_expires_at = $5, refresh_expires_at = $6, updated_at = $7, proof = $8, sealed_tokens = $9, "
        "app = $11 WHERE user_id = $10 AND app IN ($11, '') AND version = $12 AND state <> 'revoked'",
        record.scopes, record.state, record.cause, record.version, record.access_expires_at,
        record.refresh_expires_at, record.updated_at, record.proof, blob(record.sealed_tokens), record.user,
        record.app, expected_version);
    return changes_rows(at, std::move(put));
}

task<std::vector<user_id>> revoke_beside(transaction& at, const open_id& account, const std::string& app,
                                         wall_time happened_at, const std::string& cause, wall_time now) {
    statement ask(
        "SELECT user_id FROM other_app_connections WHERE open_id = $1 AND app = $2 AND proof <> 'none' "
        "AND state <> 'revoked' AND connected_at <= $3 ORDER BY user_id LIMIT $4 FOR UPDATE",
        account, app, happened_at, revoked_max);
    auto users = co_await all_of<user_id>(at, std::move(ask));
    const std::string wiped;
    for (const auto& user : users) {
        statement set(
            "UPDATE other_app_connections SET state = 'revoked', cause = $1, sealed_tokens = $2, "
            "updated_at = $3 WHERE user_id = $4 AND app = $5",
            cause, blob(wiped), now, user, app);
        co_await execute(at, std::move(set));
        co_await execute(at, statement("DELETE FROM kept_tokens WHERE user_id = $1 AND app = $2", user, app));
    }
    co_return users;
}

task<bool> hold_beside(transaction& at, const user_id& user, const std::vector<revocation_record>& seen) {
    const statement ask(
        "SELECT app, version FROM other_app_connections WHERE user_id = $1 ORDER BY app FOR UPDATE", user);
    auto found = co_await at.run(ask);
    std::size_t number = 0;
    std::string app;
    for (std::uint64_t version = 0; found.next(app, version); ++number)
        if (number >= seen.size() || seen[number].app != app || seen[number].version != version)
            co_return false;
    co_return number == seen.size();
}

task<result<std::vector<connection_record>>> connections::find_all_beside(user_id user, deadline until) {
    statement ask("SELECT " SUMMARY_COLUMNS
                  ", sealed_tokens FROM other_app_connections WHERE user_id = $1 ORDER BY app",
                  user);
    return run(engine_, unit::reads(), until, &all_of<connection_record>, std::move(ask));
}

task<result<std::optional<connection_record>>> connections::find_beside(user_id user, std::string app,
                                                                        deadline until) {
    statement ask("SELECT " SUMMARY_COLUMNS
                  ", sealed_tokens FROM other_app_connections WHERE user_id = $1 AND app = $2",
                  user, app);
    return run(engine_, unit::reads(), until, &first_of<connection_record>, std::move(ask));
}

task<result<std::vector<user_id>>> connections::list_beside(std::string app, std::string cursor,
                                                            std::uint32_t limit, deadline until) {
    statement ask(
        "SELECT user_id FROM other_app_connections WHERE app = $1 AND user_id > $2 ORDER BY user_id LIMIT $3",
        app, cursor, limit);
    return run(engine_, unit::reads(), until, &all_of<user_id>, std::move(ask));
}

task<result<bool>> connections::swap(connection_record record, std::uint64_t waiting_version,
                                     std::uint64_t expected_version, deadline until) {
    return run(engine_, unit::of(record.user, record.account), until, [=](transaction& at) -> task<bool> {
        const auto there = co_await hold_connection(at, record.user);
        if (!there || there->version != expected_version || record.version <= expected_version
            || !is_of_another_app(*there, record.app))
            co_return false;
        statement take("DELETE FROM other_app_connections WHERE user_id = $1 AND app = $2 AND version = $3",
                       record.user, record.app, waiting_version);
        const bool taken = co_await changes_rows(at, std::move(take));
        if (!taken) co_return false;
        co_await put_beside(at, record.user);
        co_await write_connection(at, record);
        if (record.state == connection_state::connected)
            co_await add_connection_event(at, event_type::connection_connected, record.user, record.account,
                                          {}, record.updated_at);
        co_return true;
    });
}

task<result<std::uint64_t>> connections::count_of_other_apps(std::string app, deadline until) {
    std::uint64_t sum = 0;
    for (std::string other;;) {
        statement ask("SELECT app FROM connections WHERE app > $1 ORDER BY app LIMIT 1", other);
        auto next = co_await run(engine_, unit::reads(), until, &first_of<std::string>, std::move(ask));
        if (!next) co_return next.error();
        if (!*next) co_return sum;
        other = std::move(**next);
        if (other == app) continue;
        const auto count = co_await count_of_app(engine_, other, until);
        if (!count) co_return count.error();
        sum += *count;
    }
}

task<result<std::vector<connection_record>>> connections::list_without_app(std::string cursor,
                                                                           std::uint32_t limit,
                                                                           deadline until) {
    statement ask(
        "SELECT " SUMMARY_COLUMNS
        ", sealed_tokens FROM connections WHERE app = '' AND user_id > $1 ORDER BY user_id LIMIT $2",
        cursor, limit);
    return run(engine_, unit::reads(), until, &all_of<connection_record>, std::move(ask));
}

task<result<bool>> connections::bind_to_app(connection_record seen, std::string app, std::string sealed_anew,
                                            deadline until) {
    statement bind(
        "UPDATE connections SET app = $1, sealed_tokens = $2 "
        "WHERE user_id = $3 AND version = $4 AND app = '' AND sealed_tokens = $5",
        app, blob(sealed_anew), seen.user, seen.version, blob(seen.sealed_tokens));
    return run(engine_, unit::writes(), until, &changes_rows, std::move(bind));
}

task<result<bool>> connections::bind_beside(connection_record seen, std::string app, std::string sealed_anew,
                                            deadline until) {
    statement bind(
        "UPDATE other_app_connections SET app = $1, sealed_tokens = $2 "
        "WHERE user_id = $3 AND app = '' AND version = $4 AND sealed_tokens = $5 "
        "AND NOT EXISTS (SELECT 1 FROM connections c WHERE c.user_id = $3 AND c.app = $1) "
        "AND NOT EXISTS (SELECT 1 FROM other_app_connections o WHERE o.user_id = $3 AND o.app = $1)",
        app, blob(sealed_anew), seen.user, seen.version, blob(seen.sealed_tokens));
    return run(engine_, unit::of(seen.user), until, &changes_rows, std::move(bind));
}

task<result<void>> connections::drop_beside(connection_record seen, deadline until) {
    statement drop(
        "DELETE FROM other_app_connections WHERE user_id = $1 AND app = '' AND version = $2 "
        "AND sealed_tokens = $3",
        seen.user, seen.version, blob(seen.sealed_tokens));
    return run(engine_, unit::of(seen.user), until, &execute, std::move(drop));
}

} // namespace gateway::store
