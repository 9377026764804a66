#include "store/upkeep.hpp"

#include "limits/share.hpp"
#include "store/queries.hpp"

#include <utility>
#include <vector>

namespace gateway::store {
namespace {

constexpr milliseconds hour = std::chrono::hours{1}; // for a callback that has begun in time, by any clock
constexpr milliseconds day = std::chrono::hours{24};
constexpr milliseconds week = std::chrono::hours{24 * 7};
/// For attempts that came to nothing: longer than any call that may still look at them.
constexpr milliseconds attempt_time = std::chrono::minutes{10};

// Conditions on rows whose time is over. Those by the database's clock are uncorrelated subqueries, so that
// PostgreSQL uses an index for them. Macros, so that they can be concatenated with SQL literals.
#define PAST(column) column " <= $1"
#define PAST_BY_ITS_CLOCK(column) column " <= (SELECT now_ms())"
/// A replica that was not heard for an hour: until its shares of windows have ended, they count by its last
/// beat, and after a long outage others must know of it.
#define GONE_BY_ITS_CLOCK(column) column " <= (SELECT now_ms()) - 3600000"
static_assert(limits::share_held(milliseconds{60'000}) < milliseconds{3'600'000});
#define WITHOUT_EFFECT "state = 'settled' AND publish_id = '' AND updated_at <= $1"

/// A portion of a table, small, because calls wait meanwhile. Skips rows that another replica is deleting.
#define PORTION(table, key, condition)                                                         \
    "DELETE FROM " table " WHERE (" key ") IN (SELECT " key " FROM " table " WHERE " condition \
    " LIMIT 200 FOR UPDATE SKIP LOCKED)"
constexpr std::int64_t portion_rows = 200;

/// In the order of tables_with_an_end, as far as rows are deleted here.
std::vector<statement> portions(wall_time now) {
    return {
        statement(PORTION("oauth_states", "state_hash", PAST("expires_at")), now - hour),
        statement(PORTION("idempotency_keys", "caller, key", PAST("expires_at")), now),
        statement(PORTION("kept_tokens", "number", PAST("kept_at")), now - week),
        statement(PORTION("webhook_notes", "event_hash", PAST("noted_at")), now - week),
        statement(PORTION("import_proofs", "refresh_hash", PAST("expires_at")), now - day),
        statement(PORTION("leases", "user_id", PAST_BY_ITS_CLOCK("expires_at"))),
        statement(PORTION("window_shares", "window_key, kind, owner", PAST_BY_ITS_CLOCK("held_until"))),
        statement(PORTION("store_instances", "owner", GONE_BY_ITS_CLOCK("alive_until"))),
        statement(PORTION("posts", "attempt", WITHOUT_EFFECT), now - attempt_time),
        // Grants wait for their app, also for one that is not used now, as long as it could revoke them.
        statement(PORTION("revocations", "number", PAST("expires_at")), now),
        statement(PORTION("pending_grants", "confirmation_hash",
                          PAST("refresh_expires_at") " AND created_at <= $2 AND expires_at <= $2 "
                                                     "AND reserved_until <= (SELECT now_ms())"),
                  now, now - day),
        statement(PORTION("webhook_events", "number", PAST("expires_at")), now),
    };
}

#define COUNT(table, condition) \
    "SELECT count(*) FROM (SELECT 1 FROM " table " WHERE " condition " LIMIT 10000) AS due"
static_assert(upkeep::counted_max == 10'000);

/// In the order of tables_with_an_end.
std::vector<statement> counts(const std::string& app, wall_time now, wall_time posts_from) {
    return {
        statement(COUNT("oauth_states", PAST("expires_at")), now - hour),
        statement(COUNT("idempotency_keys", PAST("expires_at")), now),
        statement(COUNT("kept_tokens", PAST("kept_at")), now - week),
        statement(COUNT("webhook_notes", PAST("noted_at")), now - week),
        statement(COUNT("import_proofs", PAST("expires_at")), now - day),
        statement(COUNT("leases", PAST_BY_ITS_CLOCK("expires_at"))),
        statement(COUNT("window_shares", PAST_BY_ITS_CLOCK("held_until"))),
        statement(COUNT("store_instances", GONE_BY_ITS_CLOCK("alive_until"))),
        statement("SELECT count(*) FROM (SELECT 1 FROM posts WHERE " WITHOUT_EFFECT
                  " UNION ALL SELECT 1 FROM posts WHERE attempt < $2 AND state <> 'begun' LIMIT 10000) "
                  "AS due",
                  now - attempt_time, first_ulid(posts_from)),
        statement(COUNT("revocations", PAST_BY_ITS_CLOCK("next_at") " AND app = $1"), app),
        statement(COUNT("pending_grants", PAST("expires_at")), now),
        statement(COUNT("webhook_events", PAST("expires_at")), now),
        statement(COUNT("files", PAST("expires_at")), now),
    };
}

task<std::int64_t> deleted_by(transaction& at, statement portion) {
    const auto done = co_await at.run(portion);
    co_return done.changed();
}

} // namespace

/// One portion of each table in turn, so that a table with many rows does not keep the others waiting. Needs
/// no wait for the disk: rows that come back after a power failure are deleted by the next sweep.
task<result<bool>> upkeep::sweep(wall_time now, deadline until) {
    auto left = portions(now);
    while (!left.empty()) {
        std::vector<statement> more;
        for (auto& portion : left) {
            if (until.passed(steady_now())) co_return false;
            const auto deleted =
                co_await run(engine_, unit::writes_with_the_next().as_upkeep(), until, &deleted_by, portion);
            if (!deleted && deleted.error().code() == errc::deadline_exceeded) co_return false;
            if (!deleted) co_return deleted.error();
            if (*deleted == portion_rows) more.push_back(std::move(portion));
        }
        left = std::move(more);
    }
    co_return true;
}

task<result<rows_by_table>> upkeep::overdue(std::string app, wall_time now, wall_time posts_from,
                                            deadline until) {
    rows_by_table out{};
    std::size_t table = 0;
    for (auto& count : counts(app, now, posts_from)) {
        const auto rows =
            co_await run(engine_, unit::reads().as_upkeep(), until, &number_of, std::move(count));
        if (!rows) co_return rows.error();
        out.at(table++) = *rows;
    }
    co_return out;
}

} // namespace gateway::store
