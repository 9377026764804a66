// Events that a caller asks for once more (outbox.hpp).
#include "base/pattern.hpp"
#include "store/outbox.hpp"
#include "store/outbox_rows.hpp"
#include "store/queries.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gateway::store {
namespace {

constexpr std::uint64_t page_max = 100;

/// How far the events of one owner were read: of the caller's posts, or of connections.
struct position {
    caller_name owner; // in the column `caller`
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

task<page_end> queue_page(transaction& at, const redelivery& what, const position& from) {
    const auto now = static_cast<std::int64_t>(co_await number_of(at, statement("SELECT now_ms()")));
    statement ask("SELECT " EVENT_COLUMNS
                  " FROM webhook_events WHERE caller = $1 AND (created_at, number) > ($2, $3) "
                  "AND created_at < $4 AND distributed = 1 ORDER BY created_at, number LIMIT $5",
                  from.owner, from.at_ms, from.number, what.until, page_max);
    const auto events = co_await all_of<event_to_deliver>(at, std::move(ask));
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

/// Small units, between which calls get their turn.
task<result<redelivered>> outbox::redeliver(redelivery what, deadline until) {
    redelivered out;
    const std::array<caller_name, 2> owners{what.caller, caller_name{}};
    for (const auto& owner : owners) {
        position from{owner, unix_ms(what.since)};
        while (!from.at_end && from.looked_at < redelivered_max / 2) {
            auto page = co_await run(engine_, unit::of_webhooks(), until, &queue_page, what, from);
            if (!page) co_return page.error();
            out.queued += page->queued;
            from = std::move(page->next);
        }
        if (from.at_end) continue;
        const auto reached = from_unix_ms(from.at_ms);
        if (!out.next_since || reached < *out.next_since) out.next_since = reached;
    }
    co_return out;
}

} // namespace gateway::store
