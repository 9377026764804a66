#include "store/connections.hpp"

#include "base/pattern.hpp"
#include "store/connection_rows.hpp"
#include "store/engine.hpp"
#include "store/user_ranges.hpp"

#include <utility>

namespace gateway::store {
namespace {

constexpr std::uint64_t no_version = 0;    // the notified version of a connection that has ended
constexpr std::uint64_t tried_max = 1'000; // rows of one page that are compared with patterns

#define SUMMARY_COLUMNS                                                                        \
    "user_id, open_id, scopes, state, cause, version, access_expires_at, refresh_expires_at, " \
    "connected_at, updated_at"

kept_reason kept_reason_named(std::string_view name) {
    return name == "previous" ? kept_reason::previous : kept_reason::candidate;
}

connection_summary read_summary(rows& found) {
    connection_summary out;
    out.user = user_id::trusted(found.next_text());
    out.account = open_id::trusted(found.next_text());
    out.scopes = found.next_text();
    out.state = connection_state_named(found.next_text());
    out.cause = found.next_text();
    out.version = found.next_count();
    out.access_expires_at = found.next_time();
    out.refresh_expires_at = found.next_time();
    out.connected_at = found.next_time();
    out.updated_at = found.next_time();
    return out;
}

task<std::optional<connection_record>> find_connection(transaction& at, const user_id& user) {
    statement ask{"SELECT " SUMMARY_COLUMNS ", sealed_tokens FROM connections WHERE user_id = $1"};
    ask.text(user.text());
    auto found = co_await at.run(ask);
    if (!found.next()) co_return std::nullopt;
    connection_record out{read_summary(found), {}};
    out.sealed_tokens = found.next_text();
    co_return out;
}

task<std::optional<connection_summary>> find_connection_summary(transaction& at, const user_id& user) {
    statement ask{"SELECT " SUMMARY_COLUMNS " FROM connections WHERE user_id = $1"};
    ask.text(user.text());
    auto found = co_await at.run(ask);
    if (!found.next()) co_return std::nullopt;
    co_return read_summary(found);
}

task<std::vector<connection_summary>> find_connections_of_account(transaction& at, const open_id& account) {
    statement ask{"SELECT " SUMMARY_COLUMNS " FROM connections WHERE open_id = $1 ORDER BY user_id"};
    ask.text(account.text());
    auto found = co_await at.run(ask);
    std::vector<connection_summary> out;
    while (found.next())
        out.push_back(read_summary(found));
    co_return out;
}

/// Rows of one range after the cursor, in order.
task<rows> connections_in(transaction& at, const user_range& range, const std::string& cursor,
                          std::uint64_t limit) {
    if (cursor >= range.from) {
        statement rest{"SELECT " SUMMARY_COLUMNS
                       " FROM connections WHERE user_id > $1 AND user_id < $2 ORDER BY user_id LIMIT $3"};
        rest.text(cursor).text(range.to).number(limit);
        co_return co_await at.run(rest);
    }
    statement whole{"SELECT " SUMMARY_COLUMNS
                    " FROM connections WHERE user_id >= $1 AND user_id < $2 ORDER BY user_id LIMIT $3"};
    whole.text(range.from).text(range.to).number(limit);
    co_return co_await at.run(whole);
}

task<page_of<connection_summary>> list_connections(transaction& at, const std::vector<std::string>& patterns,
                                                   const std::string& cursor, std::uint32_t limit) {
    page_of<connection_summary> out;
    const auto ranges = ranges_of(patterns);
    for (const auto& range : ranges) {
        if (cursor >= range.to) continue;
        const auto missing =
            std::uint64_t{limit} + 1 - out.rows.size(); // one more, to see whether there is a next page
        const auto read_max = range.all_match ? missing : tried_max;
        auto found = co_await connections_in(at, range, cursor, read_max);
        std::uint64_t read = 0;
        std::string last;
        while (found.next()) {
            auto record = read_summary(found);
            ++read;
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
}

task<std::array<std::uint64_t, connection_states>> count_connections(transaction& at) {
    statement ask{"SELECT state, count(*) FROM connections GROUP BY state"};
    auto found = co_await at.run(ask);
    std::array<std::uint64_t, connection_states> out{};
    while (found.next()) {
        const auto state = static_cast<std::size_t>(connection_state_named(found.next_text()));
        out.at(state) += found.next_count();
    }
    co_return out;
}

task<std::vector<kept_tokens_record>> find_kept_tokens(transaction& at, const user_id& user) {
    statement ask{
        "SELECT version, reason, sealed_tokens, kept_at FROM kept_tokens WHERE user_id = $1 "
        "ORDER BY number DESC"};
    ask.text(user.text());
    auto found = co_await at.run(ask);
    std::vector<kept_tokens_record> out;
    while (found.next()) {
        auto& one = out.emplace_back();
        one.user = user;
        one.version = found.next_count();
        one.reason = kept_reason_named(found.next_text());
        one.sealed_tokens = found.next_text();
        one.kept_at = found.next_time();
    }
    co_return out;
}

task<std::uint64_t> find_version_floor(transaction& at) {
    statement ask{"SELECT value FROM counters WHERE name = 'version_floor'"};
    auto found = co_await at.run(ask);
    co_return found.next() ? found.next_count() : 0;
}

task<bool> put_connection(transaction& at, const connection_record& record, std::uint64_t expected_version) {
    const auto there = co_await hold_connection(at, record.user);
    const std::uint64_t version = there ? there->version : 0;
    std::uint64_t floor = version;
    if (!there) floor = co_await find_version_floor(at);
    if (version != expected_version || record.version <= floor) co_return false;
    statement over{"DELETE FROM refresh_intents WHERE user_id = $1"};
    over.text(record.user.text());
    co_await at.run(over);
    co_await replace_connection(at, record);
    co_return true;
}

task<bool> set_connection_state(transaction& at, const user_id& user, std::uint64_t version,
                                connection_state state, const std::string& cause, wall_time now) {
    statement set{
        "UPDATE connections SET state = $1, cause = $2, updated_at = $3 "
        "WHERE user_id = $4 AND version = $5 AND state <> 'revoked'"};
    set.text(name_of(state)).text(cause).time(now).text(user.text()).number(version);
    const auto changed = co_await at.run(set);
    if (changed.changed() == 0) co_return false;
    at.notify(change::of(user, version));
    co_return true;
}

/// Deletes everything about a connection that ends.
task<void> forget_pairs_around(transaction& at, const user_id& user) {
    statement kept{"DELETE FROM kept_tokens WHERE user_id = $1"};
    statement intent{"DELETE FROM refresh_intents WHERE user_id = $1"};
    statement lease{"DELETE FROM leases WHERE user_id = $1"};
    const std::array all{&kept, &intent, &lease};
    for (auto* gone : all) {
        gone->text(user.text());
        co_await at.run(*gone);
    }
}

task<bool> revoke_connection(transaction& at, const user_id& user, const std::string& cause, wall_time now) {
    co_await forget_pairs_around(at, user);
    statement set{
        "UPDATE connections SET state = 'revoked', cause = $1, sealed_tokens = $2, updated_at = $3 "
        "WHERE user_id = $4"};
    set.text(cause).blob({}).time(now).text(user.text());
    const auto changed = co_await at.run(set);
    at.notify(change::of(user, no_version));
    co_return changed.changed() > 0;
}

task<bool> forget_connection(transaction& at, const user_id& user) {
    statement floor{
        "UPDATE counters SET value = greatest(value, coalesce((SELECT version FROM connections "
        "WHERE user_id = $1), 0)) WHERE name = 'version_floor'"};
    floor.text(user.text());
    co_await at.run(floor);
    co_await forget_pairs_around(at, user);
    statement logins{"DELETE FROM oauth_states WHERE user_id = $1"};
    logins.text(user.text());
    co_await at.run(logins);
    statement itself{"DELETE FROM connections WHERE user_id = $1"};
    itself.text(user.text());
    const auto changed = co_await at.run(itself);
    at.notify(change::of(user, no_version));
    co_return changed.changed() > 0;
}

} // namespace

task<std::optional<held_connection>> hold_connection(transaction& at, const user_id& user) {
    statement ask{"SELECT version, state FROM connections WHERE user_id = $1 FOR UPDATE"};
    ask.text(user.text());
    auto found = co_await at.run(ask);
    if (!found.next()) co_return std::nullopt;
    held_connection out;
    out.version = found.next_count();
    out.state = connection_state_named(found.next_text());
    co_return out;
}

task<void> replace_connection(transaction& at, const connection_record& record) {
    statement keep{
        "INSERT INTO kept_tokens (user_id, version, reason, sealed_tokens, kept_at) "
        "SELECT user_id, version, 'previous', sealed_tokens, $1 FROM connections "
        "WHERE user_id = $2 AND length(sealed_tokens) > 0"};
    keep.time(record.updated_at).text(record.user.text());
    co_await at.run(keep);
    statement put{
        "INSERT INTO connections (" SUMMARY_COLUMNS
        ", sealed_tokens) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
        "ON CONFLICT (user_id) DO UPDATE SET open_id = excluded.open_id, scopes = excluded.scopes, "
        "state = excluded.state, cause = excluded.cause, version = excluded.version, "
        "access_expires_at = excluded.access_expires_at, refresh_expires_at = excluded.refresh_expires_at, "
        "connected_at = excluded.connected_at, updated_at = excluded.updated_at, "
        "sealed_tokens = excluded.sealed_tokens"};
    put.text(record.user.text())
        .text(record.account.text())
        .text(record.scopes)
        .text(name_of(record.state))
        .text(record.cause)
        .number(record.version)
        .time(record.access_expires_at)
        .time(record.refresh_expires_at)
        .time(record.connected_at)
        .time(record.updated_at)
        .blob(record.sealed_tokens);
    co_await at.run(put);
    at.notify(change::of(record.user, record.version));
}

task<result<std::optional<connection_record>>> connections::find(user_id user, deadline until) {
    return run(engine_, unit::reads(), until, &find_connection, std::move(user));
}

task<result<std::optional<connection_summary>>> connections::find_summary(user_id user, deadline until) {
    return run(engine_, unit::reads(), until, &find_connection_summary, std::move(user));
}

task<result<std::vector<connection_summary>>> connections::of_account(open_id account, deadline until) {
    return run(engine_, unit::reads(), until, &find_connections_of_account, std::move(account));
}

task<result<page_of<connection_summary>>> connections::list(std::vector<std::string> patterns,
                                                            std::string cursor, std::uint32_t limit,
                                                            deadline until) {
    return run(engine_, unit::reads(), until, &list_connections, std::move(patterns), std::move(cursor),
               limit);
}

task<result<std::array<std::uint64_t, connection_states>>> connections::count_by_state(deadline until) {
    return run(engine_, unit::reads(), until, &count_connections);
}

task<result<std::vector<kept_tokens_record>>> connections::kept_tokens(user_id user, deadline until) {
    return run(engine_, unit::reads(), until, &find_kept_tokens, std::move(user));
}

task<result<std::uint64_t>> connections::version_floor(deadline until) {
    return run(engine_, unit::reads(), until, &find_version_floor);
}

task<result<bool>> connections::put(connection_record record, std::uint64_t expected_version,
                                    deadline until) {
    const auto alone = unit::of(record.user);
    return run(engine_, alone, until, &put_connection, std::move(record), expected_version);
}

task<result<bool>> connections::set_state(user_id user, std::uint64_t version, connection_state state,
                                          std::string cause, wall_time now, deadline until) {
    return run(engine_, unit::atomic_writes(), until, &set_connection_state, std::move(user), version, state,
               std::move(cause), now);
}

task<result<bool>> connections::revoke(user_id user, std::string cause, wall_time now, deadline until) {
    const auto alone = unit::of(user);
    return run(engine_, alone, until, &revoke_connection, std::move(user), std::move(cause), now);
}

task<result<bool>> connections::forget(user_id user, deadline until) {
    const auto alone = unit::of(user);
    return run(engine_, alone, until, &forget_connection, std::move(user));
}

void connections::listen(change_listener& who) {
    engine_.listen(who);
}

void connections::stop_listening(change_listener& who) {
    engine_.stop_listening(who);
}

} // namespace gateway::store
