#include "store/columns.hpp"
#include "store/postgresql/operations.hpp"

namespace gateway::store::postgresql {
namespace {

constexpr milliseconds week = std::chrono::hours{24 * 7};
constexpr milliseconds window_length{60'000}; // of every window (docs/tiktok-wire.md §0)

} // namespace

task<done> put_oauth_state(connection& at, const oauth_state_record& record) {
    statement put{"INSERT INTO oauth_states (" LOGIN_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
    bind_login(put, record);
    co_await at.run(put);
    co_return done{};
}

task<std::optional<oauth_state_record>> take_oauth_state(connection& at, const std::string& state_hash,
                                                         wall_time now) {
    statement take{"DELETE FROM oauth_states WHERE state_hash = $1 RETURNING " LOGIN_COLUMNS};
    take.blob(state_hash);
    auto taken = co_await at.run(take);
    if (!taken.next()) co_return std::nullopt;
    auto out = read_login(taken);
    if (out.expires_at <= now) co_return std::nullopt;
    co_return out;
}

task<std::optional<std::string>> find_meta(connection& at, const std::string& name) {
    statement ask{"SELECT value FROM meta WHERE name = $1"};
    ask.text(name);
    auto found = co_await at.run(ask);
    std::optional<std::string> out;
    if (found.next()) out = found.next_text();
    co_return out;
}

task<done> put_meta(connection& at, const std::string& name, const std::string& value) {
    statement put{
        "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2"};
    put.text(name).blob(value);
    co_await at.run(put);
    co_return done{};
}

task<done> forget_meta(connection& at, const std::string& name) {
    statement forget{"DELETE FROM meta WHERE name = $1"};
    forget.text(name);
    co_await at.run(forget);
    co_return done{};
}

task<std::vector<std::pair<std::string, std::string>>> list_meta(connection& at,
                                                                 const std::string& name_prefix) {
    statement ask{"SELECT name, value FROM meta WHERE starts_with(name, $1) ORDER BY name"};
    ask.text(name_prefix);
    auto found = co_await at.run(ask);
    std::vector<std::pair<std::string, std::string>> out;
    while (found.next()) {
        auto name = found.next_text();
        out.emplace_back(std::move(name), found.next_text());
    }
    co_return out;
}

task<std::uint64_t> add_to_counter(connection& at, const std::string& name, std::uint64_t by) {
    statement add{
        "INSERT INTO counters AS c (name, value) VALUES ($1, $2) "
        "ON CONFLICT (name) DO UPDATE SET value = c.value + excluded.value RETURNING value"};
    add.text(name).number(by);
    auto sum = co_await at.run(add);
    co_return sum.next() ? sum.next_count() : 0;
}

/// In portions that commit by themselves; what another replica is sweeping is left to it.
task<done> sweep(connection& at, wall_time now) {
    struct portion {
        const char* table;
        const char* column;
        wall_time before;
    };
    for (const auto& [table, column, before] :
         {portion{"oauth_states", "expires_at", now}, portion{"idempotency_keys", "expires_at", now},
          portion{"kept_tokens", "kept_at", now - week}, portion{"webhook_notes", "noted_at", now - week}}) {
        const std::string name = table;
        statement drop{"DELETE FROM " + name + " WHERE ctid IN (SELECT ctid FROM " + name + " WHERE " + column
                       + " <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)"};
        drop.time(before);
        co_await at.run(drop);
    }
    for (const char* sql :
         {"DELETE FROM leases WHERE ctid IN (SELECT ctid FROM leases WHERE expires_at <= " DATABASE_NOW
          " LIMIT 1000 FOR UPDATE SKIP LOCKED)",
          "DELETE FROM store_instances WHERE ctid IN (SELECT ctid FROM store_instances WHERE alive_until "
          "<= " DATABASE_NOW " LIMIT 1000 FOR UPDATE SKIP LOCKED)",
          "DELETE FROM window_shares WHERE ctid IN (SELECT ctid FROM window_shares WHERE held_until "
          "<= " DATABASE_NOW " LIMIT 1000 FOR UPDATE SKIP LOCKED)"}) {
        statement drop{sql};
        co_await at.run(drop);
    }
    co_return done{};
}

/// Heirs of what was left behind are written down as living too, and are no replicas.
task<std::uint64_t> be_alive(connection& at, const std::string& owner, milliseconds silent_max) {
    statement beat{
        "WITH beat AS (INSERT INTO store_instances (owner, alive_until, is_replica) "
        "VALUES ($1, " DATABASE_NOW
        " + $2, 1) ON CONFLICT (owner) DO UPDATE SET alive_until = excluded.alive_until RETURNING owner) "
        "SELECT 1 + (SELECT count(*) FROM store_instances WHERE owner <> $1 AND is_replica = 1 "
        "AND alive_until > " DATABASE_NOW "), pg_notify(" CHANGES_CHANNEL ", 'beat') FROM beat"};
    beat.text(owner).number(std::int64_t{silent_max.count()});
    auto row = co_await at.run(beat);
    co_return row.next() ? row.next_count() : 1;
}

task<done> be_gone(connection& at, const std::string& owner) {
    statement shares{"UPDATE window_shares SET held_until = least(held_until, " DATABASE_NOW
                     " + $1) WHERE owner = $2"};
    shares.number(std::int64_t{window_length.count()}).text(owner);
    co_await at.run(shares);
    statement gone{"DELETE FROM store_instances WHERE owner = $1"};
    gone.text(owner);
    co_await at.run(gone);
    co_return done{};
}

} // namespace gateway::store::postgresql
