#include "store/queries.hpp"
#include "unit/store/store_fixture.hpp"

#include <algorithm>

namespace gateway::testing {
namespace {

using store::statement;

/// Adds rows whose time is over to each table that is swept.
task<void> add_rows(store::transaction& at, std::size_t count, wall_time end) {
    for (std::size_t number = 0; number < count; ++number) {
        std::string name = std::to_string(number);
        const std::string hash = "hash" + name;
        co_await execute(at,
                         statement("INSERT INTO oauth_states (state_hash, caller, user_id, sealed_verifier, "
                                   "return_url, scopes, expires_at) VALUES ($1, 'c', $2, $1, '', '', $3)",
                                   store::blob(hash), name, end));
        co_await execute(at, statement("INSERT INTO idempotency_keys (caller, key, fingerprint, finished, "
                                       "status, answer, request_id, created_at, expires_at) "
                                       "VALUES ('c', $1, $2, 1, 200, $2, '', 0, $3)",
                                       name, store::blob(hash), end));
        co_await execute(at, statement("INSERT INTO kept_tokens (user_id, version, reason, sealed_tokens, "
                                       "kept_at) VALUES ($1, 1, 'previous', $2, $3)",
                                       name, store::blob(hash), end));
        co_await execute(at, statement("INSERT INTO webhook_notes (event_hash, noted_at) VALUES ($1, $2)",
                                       store::blob(hash), end));
        co_await execute(at,
                         statement("INSERT INTO import_proofs (refresh_hash, app, open_id, sealed_tokens, "
                                   "granted_at, expires_at, user_id) VALUES ($1, '', '', $1, $2, $2, '')",
                                   store::blob(hash), end));
        co_await execute(at, statement("INSERT INTO leases (user_id, owner, fence, expires_at) "
                                       "VALUES ($1, 'o', 1, 0)",
                                       name));
        co_await execute(at,
                         statement("INSERT INTO window_shares (window_key, kind, owner, capacity, frees_at, "
                                   "held_until) VALUES ($1, 1, 'o', 1, 0, 0)",
                                   name));
        co_await execute(at,
                         statement("INSERT INTO store_instances (owner, alive_until) VALUES ($1, 0)", name));
    }
}

} // namespace

TEST_P(StoreSuite, V17AuditKASweepGoesOnUntilNothingIsDue) {
    // With PostgreSQL each row is a round trip; it is more than a portion all the same.
    const std::size_t count = at->on().replicas() ? 500 : 10'000;
    const auto end = at_second(0);
    run(store::run(at->on(), store::unit::atomic_writes(), deadline::in(steady_now(), seconds{60}), &add_rows,
                   count, end));
    const auto now = end + std::chrono::hours{24 * 8};
    const auto due = run(at->upkeep.overdue("app", now, wall_time{}, soon()));
    for (std::size_t table = 0; table < 8; ++table)
        EXPECT_GE(due[table], std::min(count, store::upkeep::counted_max))
            << store::tables_with_an_end[table];
    EXPECT_TRUE(run(at->upkeep.sweep(now, deadline::in(steady_now(), seconds{60}))));
    EXPECT_EQ(run(at->upkeep.overdue("app", now, wall_time{}, soon())), store::rows_by_table{});
}

TEST_P(StoreSuite, V17AuditKASweepEndsWithItsTimeAndTheRestIsCounted) {
    const auto end = at_second(0);
    run(store::run(at->on(), store::unit::atomic_writes(), soon(), &add_rows, std::size_t{300}, end));
    EXPECT_FALSE(run(at->upkeep.sweep(end, deadline{steady_now()})));
    EXPECT_EQ(run(at->upkeep.overdue("app", end + std::chrono::hours{1}, wall_time{}, soon()))[0], 300U);
}

} // namespace gateway::testing
