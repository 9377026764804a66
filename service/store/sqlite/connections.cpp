#include "base/pattern.hpp"
#include "store/columns.hpp"
#include "store/sqlite/operations.hpp"

#include <algorithm>

namespace gateway::store::sqlite {
namespace {

void forget_around(sqlite_database& at, const user_id& user) {
    query{at, "DELETE FROM kept_tokens WHERE user_id = ?"}.text(user.text()).run();
    query{at, "DELETE FROM refresh_intents WHERE user_id = ?"}.text(user.text()).run();
    query{at, "DELETE FROM leases WHERE user_id = ?"}.text(user.text()).run();
}

} // namespace

maybe_connection find_connection(sqlite_database& at, const user_id& user) {
    query found{at, "SELECT " CONNECTION_COLUMNS " FROM connections WHERE user_id = ?"};
    if (!found.text(user.text()).row()) return std::nullopt;
    return read_connection(found);
}

std::vector<connection_record> find_connections_of_account(sqlite_database& at, const open_id& account) {
    query found{at, "SELECT " CONNECTION_COLUMNS " FROM connections WHERE open_id = ? ORDER BY user_id"};
    found.text(account.text());
    std::vector<connection_record> out;
    while (found.row())
        out.push_back(read_connection(found));
    return out;
}

page_of<connection_record> list_connections(sqlite_database& at, const std::vector<std::string>& patterns,
                                            const std::string& cursor, std::uint32_t limit) {
    query found{at, "SELECT " CONNECTION_COLUMNS " FROM connections WHERE user_id > ? ORDER BY user_id"};
    found.text(cursor);
    page_of<connection_record> out;
    while (found.row()) {
        auto record = read_connection(found);
        if (!matches_any(patterns, record.user.text())) continue;
        if (out.rows.size() == limit) { // one more than asked for: there is a next page
            out.next = limit == 0 ? cursor : out.rows.back().user.text();
            break;
        }
        out.rows.push_back(std::move(record));
    }
    return out;
}

std::uint64_t version_floor(sqlite_database& at) {
    query found{at, "SELECT value FROM counters WHERE name = 'version_floor'"};
    return found.row() ? found.next_count() : 0;
}

void write_connection(sqlite_database& at, const connection_record& record) {
    query put{at, "INSERT OR REPLACE INTO connections (" CONNECTION_COLUMNS
                  ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    bind_connection(put, record).run();
}

void keep_tokens(sqlite_database& at, const kept_tokens_record& kept) {
    if (kept.sealed_tokens.empty()) return;
    query put{at, "INSERT INTO kept_tokens (" KEPT_TOKENS_COLUMNS ") VALUES (?, ?, ?, ?, ?)"};
    bind_kept_tokens(put, kept).run();
}

bool put_connection(sqlite_database& at, const connection_record& record, std::uint64_t expected_version) {
    auto there = find_connection(at, record.user);
    const std::uint64_t version = there ? there->version : 0;
    const std::uint64_t above = there ? there->version : version_floor(at);
    if (version != expected_version || record.version <= above) return false;
    if (there)
        keep_tokens(at, {record.user, version, kept_reason::previous, std::move(there->sealed_tokens),
                         record.updated_at});
    query{at, "DELETE FROM refresh_intents WHERE user_id = ?"}.text(record.user.text()).run();
    write_connection(at, record);
    return true;
}

bool set_connection_state(sqlite_database& at, const user_id& user, std::uint64_t version,
                          connection_state state, const std::string& cause, wall_time now) {
    return query{at,
                 "UPDATE connections SET state = ?, cause = ?, updated_at = ? "
                 "WHERE user_id = ? AND version = ? AND state <> 'revoked'"}
               .text(name_of(state))
               .text(cause)
               .time(now)
               .text(user.text())
               .number(version)
               .run()
           > 0;
}

bool revoke_connection(sqlite_database& at, const user_id& user, const std::string& cause, wall_time now) {
    forget_around(at, user);
    return query{at,
                 "UPDATE connections SET state = 'revoked', cause = ?, sealed_tokens = x'', "
                 "updated_at = ? WHERE user_id = ?"}
               .text(cause)
               .time(now)
               .text(user.text())
               .run()
           > 0;
}

bool forget_connection(sqlite_database& at, const user_id& user) {
    query{at,
          "UPDATE counters SET value = max(value, coalesce((SELECT version FROM connections "
          "WHERE user_id = ?), 0)) WHERE name = 'version_floor'"}
        .text(user.text())
        .run();
    forget_around(at, user);
    query{at, "DELETE FROM oauth_states WHERE user_id = ?"}.text(user.text()).run();
    return query{at, "DELETE FROM connections WHERE user_id = ?"}.text(user.text()).run() > 0;
}

std::vector<std::uint64_t> count_connections_by_state(sqlite_database& at) {
    std::vector<std::uint64_t> out(4, 0);
    query found{at, "SELECT state, count(*) FROM connections GROUP BY state"};
    while (found.row()) {
        const auto state = static_cast<std::size_t>(connection_state_named(found.next_text()));
        out[state] += found.next_count();
    }
    return out;
}

std::vector<kept_tokens_record> kept_tokens(sqlite_database& at, const user_id& user) {
    query found{at, "SELECT " KEPT_TOKENS_COLUMNS " FROM kept_tokens WHERE user_id = ? ORDER BY number DESC"};
    found.text(user.text());
    std::vector<kept_tokens_record> out;
    while (found.row())
        out.push_back(read_kept_tokens(found));
    return out;
}

} // namespace gateway::store::sqlite
