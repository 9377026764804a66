#include "store/connections.hpp"

#include "base/pattern.hpp"
#include "store/queries.hpp"
#include "store/user_ranges.hpp"

namespace gateway::store {

#define SUMMARY_COLUMNS                                                                        \
    "user_id, open_id, scopes, state, cause, version, access_expires_at, refresh_expires_at, " \
    "connected_at, updated_at"
#define VERSION_FLOOR "SELECT value FROM counters WHERE name = 'version_floor'"

auto summary_columns(auto& of) {
    return columns(of.user, of.account, of.scopes, of.state, of.cause, of.version, of.access_expires_at,
                   of.refresh_expires_at, of.connected_at, of.updated_at);
}
auto columns_of(row_of<connection_summary> auto& of) {
    return summary_columns(of);
}
auto columns_of(row_of<connection_record> auto& of) {
    return columns(summary_columns(of), blob(of.sealed_tokens));
}
auto columns_of(row_of<kept_tokens_record> auto& of) {
    return columns(of.user, of.version, of.reason, blob(of.sealed_tokens), of.kept_at);
}

namespace {

constexpr std::uint64_t no_version = 0;    // the notified version of a connection that has ended
constexpr std::uint64_t tried_max = 1'000; // rows of one page that are compared with patterns

/// Deletes everything about a connection that ends.
task<void> forget_pairs_around(transaction& at, const user_id& user) {
    co_await execute(at, statement("DELETE FROM kept_tokens WHERE user_id = $1", user));
    co_await execute(at, statement("DELETE FROM refresh_intents WHERE user_id = $1", user));
    co_await execute(at, statement("DELETE FROM leases WHERE user_id = $1", user));
}

} // namespace

task<std::optional<connection_summary>> hold_connection(transaction& at, const user_id& user) {
    statement ask("SELECT " SUMMARY_COLUMNS " FROM connections WHERE user_id = $1 FOR UPDATE", user);
    return first_of<connection_summary>(at, std::move(ask));
}

task<void> replace_connection(transaction& at, const connection_record& record) {
    statement keep(
        "INSERT INTO kept_tokens (user_id, version, reason, sealed_tokens, kept_at) "
        "SELECT user_id, version, 'previous', sealed_tokens, $1 FROM connections "
        "WHERE user_id = $2 AND length(sealed_tokens) > 0",
        record.updated_at, record.user);
    co_await execute(at, std::move(keep));
    statement put("INSERT INTO connections (" SUMMARY_COLUMNS
                  ", sealed_tokens) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
                  "ON CONFLICT (user_id) DO UPDATE SET open_id = $2, scopes = $3, state = $4, cause = $5, "
                  "version = $6, access_expires_at = $7, refresh_expires_at = $8, connected_at = $9, "
                  "updated_at = $10, sealed_tokens = $11",
                  columns_of(record));
    co_await execute(at, std::move(put));
    at.notify(change::of(record.user, record.version));
}

task<result<std::optional<connection_record>>> connections::find(user_id user, deadline until) {
    statement ask("SELECT " SUMMARY_COLUMNS ", sealed_tokens FROM connections WHERE user_id = $1", user);
    return run(engine_, unit::reads(), until, &first_of<connection_record>, std::move(ask));
}

task<result<std::optional<connection_summary>>> connections::find_summary(user_id user, deadline until) {
    statement ask("SELECT " SUMMARY_COLUMNS " FROM connections WHERE user_id = $1", user);
    return run(engine_, unit::reads(), until, &first_of<connection_summary>, std::move(ask));
}

task<result<std::vector<connection_summary>>> connections::of_account(open_id account, deadline until) {
    statement ask("SELECT " SUMMARY_COLUMNS " FROM connections WHERE open_id = $1 ORDER BY user_id", account);
    return run(engine_, unit::reads(), until, &all_of<connection_summary>, std::move(ask));
}

task<result<page_of<connection_summary>>> connections::list(std::vector<std::string> patterns,
                                                            std::string cursor, std::uint32_t limit,
                                                            deadline until) {
    return run(engine_, unit::reads(), until, [=](transaction& at) -> task<page_of<connection_summary>> {
        page_of<connection_summary> out;
        const auto ranges = ranges_of(patterns);
        for (const auto& range : ranges) {
            if (cursor >= range.to) continue;
            // One more, to see whether there is a next page.
            const auto missing = std::uint64_t{limit} + 1 - out.rows.size();
            const auto read_max = range.all_match ? missing : tried_max;
            const statement ask(
                "SELECT " SUMMARY_COLUMNS
                " FROM connections WHERE user_id >= $1 AND user_id < $2 ORDER BY user_id LIMIT $3",
                cursor < range.from ? range.from : just_after(cursor), range.to, read_max);
            auto found = co_await at.run(ask);
            std::uint64_t read = 0;
            std::string last;
            for (connection_summary record; found.next(record); ++read) {
                last = record.user.text();
                if (!range.all_match && !matches_any(patterns, last)) continue;
                if (out.rows.size() == limit) {
                    out.next = limit == 0 ? cursor : out.rows.back().user.text();
                    co_return out;
                }
                out.rows.push_back(std::move(record));
            }
            if (read == read_max) { // the range has more rows
                out.next = std::move(last);
                co_return out;
            }
        }
        co_return out;
    });
}

task<result<connections_by_state>> connections::count_by_state(deadline until) {
    return run(engine_, unit::reads(), until, [](transaction& at) -> task<connections_by_state> {
        const statement ask("SELECT state, count(*) FROM connections GROUP BY state");
        auto found = co_await at.run(ask);
        connections_by_state out{};
        connection_state state{};
        for (std::uint64_t count = 0; found.next(state, count);)
            out.at(static_cast<std::size_t>(state)) += count;
        co_return out;
    });
}

task<result<std::vector<kept_tokens_record>>> connections::kept_tokens(user_id user, deadline until) {
    statement ask(
        "SELECT user_id, version, reason, sealed_tokens, kept_at FROM kept_tokens WHERE user_id = $1 "
        "ORDER BY number DESC",
        user);
    return run(engine_, unit::reads(), until, &all_of<kept_tokens_record>, std::move(ask));
}

task<result<std::uint64_t>> connections::version_floor(deadline until) {
    return run(engine_, unit::reads(), until, &number_of, statement(VERSION_FLOOR));
}

task<result<bool>> connections::put(connection_record record, std::uint64_t expected_version,
                                    deadline until) {
    return run(engine_, unit::of(record.user), until, [=](transaction& at) -> task<bool> {
        const auto there = co_await hold_connection(at, record.user);
        const std::uint64_t version = there ? there->version : 0;
        std::uint64_t floor = version;
        if (!there) floor = co_await number_of(at, statement(VERSION_FLOOR));
        if (version != expected_version || record.version <= floor) co_return false;
        co_await execute(at, statement("DELETE FROM refresh_intents WHERE user_id = $1", record.user));
        co_await replace_connection(at, record);
        co_return true;
    });
}

task<result<bool>> connections::set_state(user_id user, std::uint64_t version, connection_state state,
                                          std::string cause, wall_time now, deadline until) {
    return run(engine_, unit::atomic_writes(), until, [=](transaction& at) -> task<bool> {
        statement set(
            "UPDATE connections SET state = $1, cause = $2, updated_at = $3 "
            "WHERE user_id = $4 AND version = $5 AND state <> 'revoked'",
            state, cause, now, user, version);
        const bool changed = co_await changes_rows(at, std::move(set));
        if (changed) at.notify(change::of(user, version));
        co_return changed;
    });
}

task<result<bool>> connections::revoke(user_id user, std::string cause, wall_time now, deadline until) {
    return run(engine_, unit::of(user), until, [=](transaction& at) -> task<bool> {
        co_await forget_pairs_around(at, user);
        const std::string wiped;
        statement set(
            "UPDATE connections SET state = 'revoked', cause = $1, sealed_tokens = $2, updated_at = $3 "
            "WHERE user_id = $4",
            cause, blob(wiped), now, user);
        const bool changed = co_await changes_rows(at, std::move(set));
        at.notify(change::of(user, no_version));
        co_return changed;
    });
}

task<result<bool>> connections::forget(user_id user, deadline until) {
    return run(engine_, unit::of(user), until, [=](transaction& at) -> task<bool> {
        statement floor(
            "UPDATE counters SET value = greatest(value, coalesce((SELECT version FROM connections "
            "WHERE user_id = $1), 0)) WHERE name = 'version_floor'",
            user);
        co_await execute(at, std::move(floor));
        co_await forget_pairs_around(at, user);
        co_await execute(at, statement("DELETE FROM oauth_states WHERE user_id = $1", user));
        const bool changed =
            co_await changes_rows(at, statement("DELETE FROM connections WHERE user_id = $1", user));
        at.notify(change::of(user, no_version));
        co_return changed;
    });
}

void connections::listen(change_listener& who) {
    engine_.listen(who);
}

void connections::stop_listening(change_listener& who) {
    engine_.stop_listening(who);
}

} // namespace gateway::store
