#include "store/connections.hpp"

#include "base/pattern.hpp"
#include "store/connection_columns.hpp"
#include "store/outgoing_event.hpp"
#include "store/queries.hpp"
#include "store/user_ranges.hpp"

#include <algorithm>
#include <utility>

namespace gateway::store {

auto columns_of(row_of<kept_tokens_record> auto& of) {
    return columns(of.user, of.version, of.reason, blob(of.sealed_tokens), of.kept_at, of.app);
}

namespace {

constexpr std::uint64_t tried_max = 1'000;   // rows of one page that are compared with patterns
constexpr std::size_t ranges_max = 100;      // ranges of one page
constexpr std::uint64_t counted_max = 2'000; // rows of one state, read from the index in one unit

/// The last pairs of a user that are kept for repair.
task<void> drop_oldest_kept(transaction& at, const user_id& user) {
    statement drop(
        "DELETE FROM kept_tokens WHERE user_id = $1 AND number <= (SELECT number FROM kept_tokens "
        "WHERE user_id = $1 ORDER BY number DESC LIMIT 1 OFFSET 5)",
        user);
    return execute(at, std::move(drop));
}

} // namespace

task<std::optional<connection_summary>> hold_connection(transaction& at, const user_id& user) {
    statement ask("SELECT " SUMMARY_COLUMNS " FROM connections WHERE user_id = $1 FOR UPDATE", user);
    return first_of<connection_summary>(at, std::move(ask));
}

task<void> keep_pair(transaction& at, const kept_tokens_record& pair) {
    statement keep(
        "INSERT INTO kept_tokens (user_id, version, reason, sealed_tokens, kept_at, app) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        columns_of(pair));
    co_await execute(at, std::move(keep));
    co_await drop_oldest_kept(at, pair.user);
}

task<void> write_connection(transaction& at, const connection_record& record) {
    statement put("INSERT INTO connections (" SUMMARY_COLUMNS
                  ", sealed_tokens) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
                  "ON CONFLICT (user_id) DO UPDATE SET open_id = $2, scopes = $3, state = $4, cause = $5, "
                  "version = $6, access_expires_at = $7, refresh_expires_at = $8, connected_at = $9, "
                  "updated_at = $10, app = $11, proof = $12, sealed_tokens = $13",
                  columns_of(record));
    co_await execute(at, std::move(put));
    at.notify(change::of(record.user, record.version));
}

task<void> replace_connection(transaction& at, const connection_record& record) {
    statement keep(
        "INSERT INTO kept_tokens (user_id, version, reason, sealed_tokens, kept_at, app) "
        "SELECT user_id, version, 'previous', sealed_tokens, $1, app FROM connections "
        "WHERE user_id = $2 AND length(sealed_tokens) > 0",
        record.updated_at, record.user);
    co_await execute(at, std::move(keep));
    co_await drop_oldest_kept(at, record.user);
    co_await write_connection(at, record);
}

task<result<std::optional<connection_record>>> connections::find(user_id user, deadline until) {
    statement ask("SELECT " SUMMARY_COLUMNS ", sealed_tokens FROM connections WHERE user_id = $1", user);
    return run(engine_, unit::reads(), until, &first_of<connection_record>, std::move(ask));
}

task<result<std::optional<connection_summary>>> connections::find_summary(user_id user, deadline until) {
    statement ask("SELECT " SUMMARY_COLUMNS " FROM connections WHERE user_id = $1", user);
    return run(engine_, unit::reads(), until, &first_of<connection_summary>, std::move(ask));
}

task<result<std::vector<connection_summary>>> connections::of_account(open_id account, std::string app,
                                                                      std::uint32_t limit, deadline until) {
    statement ask("SELECT " SUMMARY_COLUMNS
                  " FROM connections WHERE open_id = $1 AND app = $2 AND proof <> 'none' "
                  "AND state IN ('connected', 'refresh_in_doubt') ORDER BY user_id LIMIT $3",
                  account, app, limit);
    return run(engine_, unit::reads(), until, &all_of<connection_summary>, std::move(ask));
}

task<result<page_of<connection_summary>>> connections::list(std::vector<std::string> patterns,
                                                            std::string cursor, std::uint32_t limit,
                                                            deadline until) {
    return run(engine_, unit::reads(), until, [=](transaction& at) -> task<page_of<connection_summary>> {
        page_of<connection_summary> out;
        std::size_t ranges_read = 0;
        std::uint64_t tried = 0;
        std::string last = cursor; // everything up to it is read
        const auto ranges = ranges_of(patterns);
        for (const auto& range : ranges) {
            if (cursor >= range.to) continue;
            if (ranges_read++ == ranges_max) {
                out.next = std::move(last);
                co_return out;
            }
            // One more, to see whether there is a next page.
            const auto missing = std::uint64_t{limit} + 1 - out.rows.size();
            const auto read_max = range.all_match ? missing : tried_max - tried;
            const statement ask(
                "SELECT " SUMMARY_COLUMNS
                " FROM connections WHERE user_id >= $1 AND user_id < $2 ORDER BY user_id LIMIT $3",
                cursor < range.from ? range.from : just_after(cursor), range.to, read_max);
            auto found = co_await at.run(ask);
            last = std::max(last, range.from);
            std::uint64_t read = 0;
            for (connection_summary record; found.next(record); ++read) {
                last = record.user.text();
                if (!range.all_match && !matches_any(patterns, last)) continue;
                if (out.rows.size() == limit) {
                    out.next = limit == 0 ? cursor : out.rows.back().user.text();
                    co_return out;
                }
                out.rows.push_back(std::move(record));
            }
            if (!range.all_match) tried += read;
            if (read == read_max) { // the range has more rows
                out.next = std::move(last);
                co_return out;
            }
        }
        co_return out;
    });
}

namespace {

struct counted_rows {
    std::uint64_t count = 0;
    user_id last; // empty if there is none
};

task<counted_rows> count_some(transaction& at, connection_state state, user_id after) {
    const statement ask(
        "SELECT count(*), coalesce(max(user_id), '') FROM (SELECT user_id FROM connections "
        "WHERE state = $1 AND user_id > $2 ORDER BY user_id LIMIT $3) AS page",
        state, after, counted_max);
    auto found = co_await at.run(ask);
    counted_rows out;
    found.next(out.count, out.last);
    co_return out;
}

} // namespace

/// Not kept as sums in the transactions that change a connection: with PostgreSQL every login and refresh of
/// every replica would wait for the same few rows, and a gauge needs no exact moment.
task<result<connections_by_state>> connections::count_by_state(deadline until) {
    connections_by_state out{};
    for (std::size_t at = 0; at < connection_states; ++at) {
        counted_rows page;
        do {
            auto next = co_await run(engine_, unit::reads().as_upkeep(), until, &count_some,
                                     static_cast<connection_state>(at), std::move(page.last));
            if (!next) co_return next.error();
            page = std::move(*next);
            out.at(at) += page.count;
        } while (page.count == counted_max);
    }
    co_return out;
}

task<result<std::vector<kept_tokens_record>>> connections::kept_tokens(user_id user, deadline until) {
    statement ask(
        "SELECT user_id, version, reason, sealed_tokens, kept_at, app FROM kept_tokens WHERE user_id = $1 "
        "ORDER BY number DESC",
        user);
    return run(engine_, unit::reads(), until, &all_of<kept_tokens_record>, std::move(ask));
}

task<result<bool>> connections::set_state(user_id user, std::uint64_t version, connection_state state,
                                          std::string cause, wall_time now, deadline until) {
    return run(engine_, unit::atomic_writes(), until, [=](transaction& at) -> task<bool> {
        const auto there = co_await hold_connection(at, user);
        statement set(
            "UPDATE connections SET state = $1, cause = $2, updated_at = $3 "
            "WHERE user_id = $4 AND version = $5 AND state <> 'revoked'",
            state, cause, now, user, version);
        const bool changed = co_await changes_rows(at, std::move(set));
        if (!changed || !there) co_return changed;
        at.notify(change::of(user, version));
        if (state == connection_state::reconnect_required && there->state != state)
            co_await add_connection_event(at, event_type::connection_reconnect_required, user, there->account,
                                          cause, now);
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
