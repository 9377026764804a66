#include "store/columns.hpp"
#include "store/postgresql/operations.hpp"

#include <algorithm>

namespace gateway::store::postgresql {
namespace {

constexpr std::uint64_t it_is_over = 0; // the version that is told of a connection that ends

task<maybe_connection> first_connection(connection& at, const statement& ask) {
    auto found = co_await at.run(ask);
    maybe_connection out;
    if (found.next()) out = read_connection(found);
    co_return out;
}

task<done> forget_around(connection& at, const user_id& user) {
    for (const char* sql :
         {"DELETE FROM kept_tokens WHERE user_id = $1", "DELETE FROM refresh_intents WHERE user_id = $1",
          "DELETE FROM leases WHERE user_id = $1"}) {
        statement gone{sql};
        gone.text(user.text());
        co_await at.run(gone);
    }
    co_return done{};
}

/// A pattern of the settings as LIKE understands it.
std::string as_like(const std::string& pattern) {
    std::string out;
    for (const char letter : pattern) {
        if (letter == '*') {
            out += '%';
            continue;
        }
        if (letter == '%' || letter == '_' || letter == '\\') out += '\\';
        out += letter;
    }
    return out;
}

} // namespace

task<maybe_connection> find_connection(connection& at, const user_id& user) {
    statement ask{"SELECT " CONNECTION_COLUMNS " FROM connections WHERE user_id = $1"};
    ask.text(user.text());
    co_return co_await first_connection(at, ask);
}

task<maybe_connection> hold_connection(connection& at, const user_id& user) {
    statement ask{"SELECT " CONNECTION_COLUMNS " FROM connections WHERE user_id = $1 FOR UPDATE"};
    ask.text(user.text());
    co_return co_await first_connection(at, ask);
}

task<connections> find_connections_of_account(connection& at, const open_id& account) {
    statement ask{"SELECT " CONNECTION_COLUMNS " FROM connections WHERE open_id = $1 ORDER BY user_id"};
    ask.text(account.text());
    auto found = co_await at.run(ask);
    connections out;
    while (found.next())
        out.push_back(read_connection(found));
    co_return out;
}

task<page_of_connections> list_connections(connection& at, const std::vector<std::string>& patterns,
                                           const std::string& cursor, std::uint32_t limit) {
    std::string sql = "SELECT " CONNECTION_COLUMNS " FROM connections WHERE user_id > $1 AND (false";
    for (std::size_t i = 0; i < patterns.size(); ++i)
        sql += " OR user_id LIKE $" + std::to_string(i + 3);
    statement ask{sql + ") ORDER BY user_id LIMIT $2"};
    ask.text(cursor).number(std::uint64_t{limit} + 1); // one more than asked for: there is a next page
    for (const auto& pattern : patterns)
        ask.text(as_like(pattern));
    auto found = co_await at.run(ask);
    page_of_connections out;
    while (found.next())
        out.rows.push_back(read_connection(found));
    if (out.rows.size() > limit) {
        out.rows.pop_back();
        out.next = out.rows.empty() ? cursor : out.rows.back().user.text();
    }
    co_return out;
}

task<std::uint64_t> version_floor(connection& at) {
    statement ask{"SELECT value FROM counters WHERE name = 'version_floor'"};
    auto found = co_await at.run(ask);
    co_return found.next() ? found.next_count() : 0;
}

task<done> tell_changed(connection& at, const user_id& user, std::uint64_t version) {
    statement tell{"SELECT pg_notify(" CHANGES_CHANNEL ", 'changed ' || $1::bigint || ' ' || $2)"};
    tell.number(version).text(user.text());
    co_await at.run(tell);
    co_return done{};
}

task<done> write_connection(connection& at, const connection_record& record) {
    statement put{"INSERT INTO connections (" CONNECTION_COLUMNS
                  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
                  "ON CONFLICT (user_id) DO UPDATE SET open_id = $2, scopes = $3, state = $4, cause = $5, "
                  "version = $6, sealed_tokens = $7, access_expires_at = $8, refresh_expires_at = $9, "
                  "connected_at = $10, updated_at = $11"};
    bind_connection(put, record);
    co_await at.run(put);
    co_await tell_changed(at, record.user, record.version);
    co_return done{};
}

task<done> keep_tokens(connection& at, const kept_tokens_record& kept) {
    if (kept.sealed_tokens.empty()) co_return done{};
    statement put{"INSERT INTO kept_tokens (" KEPT_TOKENS_COLUMNS ") VALUES ($1, $2, $3, $4, $5)"};
    bind_kept_tokens(put, kept);
    co_await at.run(put);
    co_return done{};
}

task<bool> put_connection(connection& at, const connection_record& record, std::uint64_t expected_version) {
    auto there = co_await hold_connection(at, record.user);
    const std::uint64_t version = there ? there->version : 0;
    std::uint64_t above = version;
    if (!there) above = co_await version_floor(at);
    if (version != expected_version || record.version <= above) co_return false;
    if (there) {
        kept_tokens_record previous{record.user, version, kept_reason::previous,
                                    std::move(there->sealed_tokens), record.updated_at};
        co_await keep_tokens(at, previous);
    }
    statement over{"DELETE FROM refresh_intents WHERE user_id = $1"};
    over.text(record.user.text());
    co_await at.run(over);
    co_await write_connection(at, record);
    co_return true;
}

task<bool> set_connection_state(connection& at, const user_id& user, std::uint64_t version,
                                connection_state state, const std::string& cause, wall_time now) {
    statement set{
        "WITH changed AS (UPDATE connections SET state = $1, cause = $2, updated_at = $3 "
        "WHERE user_id = $4 AND version = $5 AND state <> 'revoked' RETURNING version, user_id) "
        "SELECT pg_notify(" CHANGES_CHANNEL ", 'changed ' || version || ' ' || user_id) FROM changed"};
    set.text(name_of(state)).text(cause).time(now).text(user.text()).number(version);
    auto changed = co_await at.run(set);
    co_return changed.next();
}

task<bool> revoke_connection(connection& at, const user_id& user, const std::string& cause, wall_time now) {
    co_await forget_around(at, user);
    statement set{
        "UPDATE connections SET state = 'revoked', cause = $1, sealed_tokens = '', "
        "updated_at = $2 WHERE user_id = $3"};
    set.text(cause).time(now).text(user.text());
    const auto changed = co_await at.run(set);
    co_await tell_changed(at, user, it_is_over);
    co_return changed.changed() > 0;
}

task<bool> forget_connection(connection& at, const user_id& user) {
    statement floor{
        "UPDATE counters SET value = greatest(value, coalesce((SELECT version FROM connections "
        "WHERE user_id = $1), 0)) WHERE name = 'version_floor'"};
    floor.text(user.text());
    co_await at.run(floor);
    co_await forget_around(at, user);
    statement logins{"DELETE FROM oauth_states WHERE user_id = $1"};
    logins.text(user.text());
    co_await at.run(logins);
    statement itself{"DELETE FROM connections WHERE user_id = $1"};
    itself.text(user.text());
    const auto changed = co_await at.run(itself);
    co_await tell_changed(at, user, it_is_over);
    co_return changed.changed() > 0;
}

task<std::vector<std::uint64_t>> count_connections_by_state(connection& at) {
    std::vector<std::uint64_t> out(4, 0);
    statement ask{"SELECT state, count(*) FROM connections GROUP BY state"};
    auto found = co_await at.run(ask);
    while (found.next()) {
        const auto state = static_cast<std::size_t>(connection_state_named(found.next_text()));
        out[state] += found.next_count();
    }
    co_return out;
}

task<std::vector<kept_tokens_record>> kept_tokens(connection& at, const user_id& user) {
    statement ask{"SELECT " KEPT_TOKENS_COLUMNS " FROM kept_tokens WHERE user_id = $1 ORDER BY number DESC"};
    ask.text(user.text());
    auto found = co_await at.run(ask);
    std::vector<kept_tokens_record> out;
    while (found.next())
        out.push_back(read_kept_tokens(found));
    co_return out;
}

} // namespace gateway::store::postgresql
