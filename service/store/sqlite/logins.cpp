#include "store/columns.hpp"
#include "store/sqlite/operations.hpp"

namespace gateway::store::sqlite {
namespace {

constexpr milliseconds week = std::chrono::hours{24 * 7};

} // namespace

void put_oauth_state(sqlite_database& at, const oauth_state_record& record) {
    query put{at, "INSERT INTO oauth_states (" LOGIN_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)"};
    bind_login(put, record).run();
}

std::optional<oauth_state_record> take_oauth_state(sqlite_database& at, const std::string& state_hash,
                                                   wall_time now) {
    query taken{at, "DELETE FROM oauth_states WHERE state_hash = ? RETURNING " LOGIN_COLUMNS};
    if (!taken.blob(state_hash).row()) return std::nullopt;
    auto out = read_login(taken);
    taken.run();
    if (out.expires_at <= now) return std::nullopt;
    return out;
}

std::optional<std::string> find_meta(sqlite_database& at, const std::string& name) {
    query found{at, "SELECT value FROM meta WHERE name = ?"};
    if (!found.text(name).row()) return std::nullopt;
    return found.next_text();
}

void put_meta(sqlite_database& at, const std::string& name, const std::string& value) {
    query{at, "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)"}.text(name).blob(value).run();
}

void forget_meta(sqlite_database& at, const std::string& name) {
    query{at, "DELETE FROM meta WHERE name = ?"}.text(name).run();
}

std::vector<std::pair<std::string, std::string>> list_meta(sqlite_database& at,
                                                           const std::string& name_prefix) {
    query found{at, "SELECT name, value FROM meta WHERE substr(name, 1, ?) = ? ORDER BY name"};
    found.number(static_cast<std::uint64_t>(name_prefix.size())).text(name_prefix);
    std::vector<std::pair<std::string, std::string>> out;
    while (found.row()) {
        auto name = found.next_text();
        out.emplace_back(std::move(name), found.next_text());
    }
    return out;
}

/// In portions: a backlog must not hold the one thread for long.
void sweep(sqlite_database& at, wall_time now) {
    query{at,
          "DELETE FROM oauth_states WHERE rowid IN (SELECT rowid FROM oauth_states WHERE expires_at <= ? "
          "LIMIT 1000)"}
        .time(now)
        .run();
    query{at,
          "DELETE FROM idempotency_keys WHERE rowid IN (SELECT rowid FROM idempotency_keys "
          "WHERE expires_at <= ? LIMIT 1000)"}
        .time(now)
        .run();
    query{at,
          "DELETE FROM kept_tokens WHERE number IN (SELECT number FROM kept_tokens WHERE kept_at <= ? "
          "LIMIT 1000)"}
        .time(now - week)
        .run();
    query{at,
          "DELETE FROM webhook_notes WHERE rowid IN (SELECT rowid FROM webhook_notes "
          "WHERE noted_at <= ? LIMIT 1000)"}
        .time(now - week)
        .run();
    query{at, "DELETE FROM leases WHERE expires_at <= ?"}.time(now).run();
}

/// While the disk is full, a write that fits into what is there already would prove nothing.
void ping(sqlite_database& at) {
    if (at.no_room()) {
        query{at, "INSERT OR REPLACE INTO meta (name, value) VALUES ('room', zeroblob(65536))"}.run();
        at.try_room();
        return;
    }
    query{at, "DELETE FROM meta WHERE name = 'room'"}.run();
    query{at, "UPDATE counters SET value = value WHERE name = 'fence'"}.run();
}

} // namespace gateway::store::sqlite
