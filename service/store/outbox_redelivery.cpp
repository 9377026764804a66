// Events that a caller asks for once more (outbox.hpp).
#include "base/pattern.hpp"
#include "store/outbox.hpp"
#include "store/outbox_rows.hpp"
#include "store/queries.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>
#include <vector>

namespace gateway::store {
namespace {

constexpr std::uint64_t page_max = 100;

/// How far the events were read.
struct position {
    std::int64_t at_ms = 0;
    std::int64_t number = -1;
    std::uint64_t looked_at = 0;
    bool at_end = false;
};

bool is_asked_for(const redelivery& what, const event_to_deliver& event) {
    const bool fits =
        what.types.empty() || std::find(what.types.begin(), what.types.end(), event.type) != what.types.end();
    return fits && (!event.caller.empty() || matches_any(what.users, event.user.text()));
}

/// Kept until its delivery is over.
task<bool> queue_again(transaction& at, const redelivery& what, const event_to_deliver& event,
                       std::int64_t now) {
    const bool added = co_await add_delivery(at, event, what.caller, now, what.retry);
    if (!added) co_return false;
    statement keep("UPDATE webhook_events SET expires_at = greatest(expires_at, $1) WHERE number = $2",
                   now + 2 * what.retry.count(), event.number);
    co_await execute(at, std::move(keep));
    co_return true;
}

struct page_end {
    position next;
    std::uint64_t queued = 0;
};

task<std::vector<event_to_deliver>> read_page(transaction& at, const caller_name& owner, const position& from,
                                              wall_time until) {
    statement ask("SELECT " EVENT_COLUMNS
                  " FROM webhook_events WHERE caller = $1 AND (created_at, number) > ($2, $3) "
                  "AND created_at < $4 AND distributed = 1 ORDER BY created_at, number LIMIT $5",
                  owner, from.at_ms, from.number, until, page_max);
    return all_of<event_to_deliver>(at, std::move(ask));
}

/// The caller's posts and connections in one order, so that one time says how far both were read.
task<std::vector<event_to_deliver>> read_page(transaction& at, const redelivery& what, const position& from) {
    auto out = co_await read_page(at, what.caller, from, what.until);
    const caller_name of_connections;
    auto others = co_await read_page(at, of_connections, from, what.until);
    std::move(others.begin(), others.end(), std::back_inserter(out));
    std::sort(out.begin(), out.end(), [](const event_to_deliver& one, const event_to_deliver& other) {
        return std::tie(one.created_at, one.number) < std::tie(other.created_at, other.number);
    });
    if (out.size() > page_max) out.resize(page_max);
    co_return out;
}

task<page_end> queue_page(transaction& at, const redelivery& what, const position& from) {
    const auto now = static_cast<std::int64_t>(co_await number_of(at, statement("SELECT now_ms()")));
    const auto events = co_await read_page(at, what, from);
    page_end out{from, 0};
    for (const auto& event : events) {
        out.next.at_ms = unix_ms(event.created_at);
        out.next.number = static_cast<std::int64_t>(event.number);
        if (!is_asked_for(what, event)) continue;
        const bool queued = co_await queue_again(at, what, event, now);
        if (queued) ++out.queued;
    }
    out.next.looked_at += events.size();
    out.next.at_end = events.size() < page_max;
    co_return out;
}

} // namespace

/// Small units, between which calls get their turn. Whoever goes on begins behind the last instant, which is
/// therefore looked at to its end: nothing is queued by two calls, and each call gets further.
task<result<redelivered>> outbox::redeliver(redelivery what, deadline until) {
    redelivered out;
    const auto begun = steady_now();
    const auto enough_time = (until.at() - begun) / 2;
    const auto asked_until = what.until;
    position from{unix_ms(what.since)};
    while (!from.at_end) {
        auto page = co_await run(engine_, unit::of_webhooks(), until, &queue_page, what, from);
        if (!page) co_return page.error();
        out.queued += page->queued;
        from = page->next;
        const bool is_enough = from.looked_at >= what.looked_at_max || steady_now() - begun >= enough_time;
        if (from.at_end || !is_enough || what.until < asked_until) continue;
        what.until = std::min(asked_until, from_unix_ms(from.at_ms + 1));
    }
    if (what.until < asked_until) out.next_since = what.until;
    co_return out;
}

} // namespace gateway::store
