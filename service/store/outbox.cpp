#include "store/outbox.hpp"

#include "store/outbox_rows.hpp"
#include "store/outbox_steps.hpp"
#include "store/queries.hpp"

#include <optional>
#include <utility>

namespace gateway::store {
namespace {

// A portion of one turn, because calls wait meanwhile.
constexpr std::uint64_t distributed_max = 50;

/// Gives whether there may be more.
task<bool> distribute(transaction& at, const outbox_turn& what, std::int64_t now) {
    statement ask("SELECT " EVENT_COLUMNS
                  " FROM webhook_events WHERE distributed = 0 ORDER BY number LIMIT $1",
                  distributed_max);
    const auto events = co_await all_of<event_to_deliver>(at, std::move(ask));
    for (const auto& event : events) {
        const auto told = what.told(event.caller, event.user);
        for (const auto& to : told)
            co_await add_delivery(at, event, to, now, what.retry);
        statement done("UPDATE webhook_events SET distributed = 1, expires_at = $1 WHERE number = $2",
                       now + what.keep.count(), event.number);
        co_await execute(at, std::move(done));
    }
    co_return events.size() == distributed_max;
}

task<outbox_claims> take_turn(transaction& at, const outbox_turn& what) {
    const auto now = static_cast<std::int64_t>(co_await number_of(at, statement("SELECT now_ms()")));
    for (const auto& end : what.ends)
        co_await write_end(at, end, what, now);
    auto ended = co_await read_ended(at);
    co_await say_others(at, what.receivers, ended, now);
    outbox_claims out;
    out.has_more = co_await distribute(at, what, now);
    out.given_up = co_await give_up(at, now);
    co_await claim_for_all(at, what, ended, now, out);
    co_return out;
}

} // namespace

task<bool> add_delivery(transaction& at, const event_to_deliver& event, const caller_name& to,
                        std::int64_t now, milliseconds retry) {
    statement add(
        "INSERT INTO webhook_deliveries (caller, event_id, subject, type, next_at, created_at, expires_at) "
        "VALUES ($1, $2, $3, $4, CASE WHEN EXISTS (SELECT 1 FROM webhook_deliveries WHERE caller = $1 "
        "AND subject = $3) THEN CAST($5 AS BIGINT) ELSE CAST($6 AS BIGINT) END, $6, $7) "
        "ON CONFLICT (caller, event_id) DO NOTHING",
        to, event.id, event.subject, event.type, parked, now, now + retry.count());
    return changes_rows(at, std::move(add));
}

task<result<bool>> outbox::has_work(deadline until) {
    return run(engine_, unit::reads().as_upkeep(), until, [](transaction& at) -> task<bool> {
        statement is_new("SELECT number FROM webhook_events WHERE distributed = 0 ORDER BY number LIMIT 1");
        const auto event = co_await first_of<std::uint64_t>(at, std::move(is_new));
        if (event) co_return true;
        statement due(
            "SELECT number FROM webhook_deliveries WHERE next_at <= (SELECT now_ms()) ORDER BY next_at LIMIT "
            "1");
        const auto delivery = co_await first_of<std::uint64_t>(at, std::move(due));
        if (delivery) co_return true;
        statement old(
            "SELECT number FROM webhook_deliveries WHERE expires_at <= (SELECT now_ms()) "
            "ORDER BY expires_at LIMIT 1");
        const auto given_up = co_await first_of<std::uint64_t>(at, std::move(old));
        co_return given_up.has_value();
    });
}

task<result<outbox_claims>> outbox::turn(outbox_turn what, deadline until) {
    return run(engine_, unit::of_webhooks(), until, &take_turn, std::move(what));
}

task<result<std::optional<wall_time>>> outbox::oldest_undelivered(deadline until) {
    return run(
        engine_, unit::reads().as_upkeep(), until, [](transaction& at) -> task<std::optional<wall_time>> {
            statement waiting(
                "SELECT created_at FROM webhook_deliveries WHERE created_at > 0 ORDER BY created_at LIMIT 1");
            auto out = co_await first_of<wall_time>(at, std::move(waiting));
            statement is_new(
                "SELECT created_at FROM webhook_events WHERE distributed = 0 ORDER BY number LIMIT 1");
            const auto event = co_await first_of<wall_time>(at, std::move(is_new));
            if (event && (!out || *event < *out)) out = event;
            co_return out;
        });
}

task<result<bool>> outbox::has_ended(caller_name caller, std::string url_hash, deadline until) {
    return run(engine_, unit::reads(), until, [=](transaction& at) -> task<bool> {
        const auto ended = co_await read_ended(at);
        co_return ended.contains({caller, url_hash});
    });
}

/// A turn of another replica and the one before it, each as late as it may be.
milliseconds outbox::heard_within() const {
    return 2 * engine_.visible_within();
}

} // namespace gateway::store
