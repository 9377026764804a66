#include "store/upkeep.hpp"

#include "store/queries.hpp"

namespace gateway::store {
namespace {

constexpr milliseconds week = std::chrono::hours{24 * 7};

/// In portions, so that a backlog does not block other work. Skips rows that another replica is deleting.
#define PORTION " LIMIT 1000 FOR UPDATE SKIP LOCKED)"

std::vector<statement> portions(wall_time now) {
    return {
        statement("DELETE FROM oauth_states WHERE state_hash IN "
                  "(SELECT state_hash FROM oauth_states WHERE expires_at <= $1" PORTION,
                  now),
        statement("DELETE FROM idempotency_keys WHERE (caller, key) IN "
                  "(SELECT caller, key FROM idempotency_keys WHERE expires_at <= $1" PORTION,
                  now),
        statement("DELETE FROM kept_tokens WHERE number IN "
                  "(SELECT number FROM kept_tokens WHERE kept_at <= $1" PORTION,
                  now - week),
        statement("DELETE FROM webhook_notes WHERE event_hash IN "
                  "(SELECT event_hash FROM webhook_notes WHERE noted_at <= $1" PORTION,
                  now - week),
        statement("DELETE FROM leases WHERE user_id IN "
                  "(SELECT user_id FROM leases WHERE expires_at <= now_ms()" PORTION),
        statement("DELETE FROM store_instances WHERE owner IN "
                  "(SELECT owner FROM store_instances WHERE alive_until <= now_ms()" PORTION),
        statement("DELETE FROM window_shares WHERE (window_key, kind, owner) IN "
                  "(SELECT window_key, kind, owner FROM window_shares WHERE held_until <= (SELECT "
                  "now_ms())" PORTION),
    };
}

} // namespace

task<result<void>> upkeep::sweep(wall_time now, deadline until) {
    for (auto& portion : portions(now)) {
        const auto dropped = co_await run(engine_, unit::writes(), until, &execute, std::move(portion));
        if (!dropped) co_return dropped.error();
    }
    co_return result<void>{};
}

} // namespace gateway::store
