// Which deliveries this process takes in one turn of the outbox, and for whom.
#include "store/outbox_rows.hpp"
#include "store/outbox_steps.hpp"
#include "store/queries.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace gateway::store {
namespace {

constexpr int callers_looked_at_max = 1'000; // of one turn, because calls wait meanwhile

task<std::vector<delivery>> claim(transaction& at, const caller_name& caller, std::uint64_t room,
                                  std::int64_t now, milliseconds claim_for) {
    statement take(
        "UPDATE webhook_deliveries SET tries = tries + 1, next_at = $1 WHERE number IN "
        "(SELECT number FROM webhook_deliveries WHERE caller = $2 AND next_at <= $3 ORDER BY next_at LIMIT "
        "$4) "
        "RETURNING number, caller, event_id, subject, type, tries",
        now + claim_for.count(), caller, now, room);
    auto taken = co_await all_of<delivery>(at, std::move(take));
    std::sort(taken.begin(), taken.end(), // RETURNING has no order
              [](const delivery& a, const delivery& b) { return a.number < b.number; });
    std::vector<delivery> out;
    for (auto& one : taken) {
        auto body = co_await first_of<std::string>(
            at, statement("SELECT body FROM webhook_events WHERE event_id = $1", one.event));
        if (body) {
            one.body = std::move(*body);
            out.push_back(std::move(one));
            continue;
        }
        // Its event was swept, since nobody took it for so long.
        co_await drop_delivery(at, one, now);
    }
    co_return out;
}

struct waiting_caller {
    caller_name caller;
    std::int64_t next_at = 0;
};
auto columns_of(row_of<waiting_caller> auto& of) {
    return columns(of.caller, of.next_at);
}

/// The next caller for whom something waits, and when the first of it is due.
task<std::optional<waiting_caller>> next_caller(transaction& at, const caller_name& after) {
    statement ask(
        "SELECT caller, next_at FROM webhook_deliveries WHERE caller > $1 ORDER BY caller, next_at LIMIT 1",
        after);
    return first_of<waiting_caller>(at, std::move(ask));
}

task<void> claim_for(transaction& at, const waiting_caller& next, const outbox_turn& what,
                     const ended_urls& ended, std::int64_t now, outbox_claims& out) {
    const auto* receiver = find_receiver(what.receivers, next.caller);
    if (receiver == nullptr) co_return; // of a caller without one: another replica may know it
    const auto end = ended.find({next.caller, receiver->url_hash});
    if (end != ended.end()) {
        if (end->second.others_until > now) co_return; // it is for a replica that has another URL
        auto dropped = co_await drop_ended(at, next.caller, end->second);
        out.has_more = out.has_more || dropped.size() >= dropped_max;
        std::move(dropped.begin(), dropped.end(), std::back_inserter(out.ended));
        co_return;
    }
    if (next.next_at > now) co_return;
    const auto place = static_cast<std::size_t>(receiver - what.receivers.data());
    const auto room = std::min(what.room(place), claimed_max - out.claimed.size());
    if (room == 0) co_return;
    auto taken = co_await claim(at, next.caller, room, now, what.claim);
    std::move(taken.begin(), taken.end(), std::back_inserter(out.claimed));
    out.served = next.caller;
}

} // namespace

task<void> claim_for_all(transaction& at, const outbox_turn& what, const ended_urls& ended, std::int64_t now,
                         outbox_claims& out) {
    out.served = what.served;
    caller_name last = what.served;
    bool from_the_first = last.empty();
    for (int looked_at = 0; looked_at < callers_looked_at_max && out.claimed.size() < claimed_max;
         ++looked_at) {
        const auto next = co_await next_caller(at, last);
        const bool is_round = from_the_first && next && !what.served.empty() && what.served < next->caller;
        if (is_round || (!next && from_the_first)) co_return;
        if (!next) {
            from_the_first = true;
            last = {};
            continue;
        }
        last = next->caller;
        co_await claim_for(at, *next, what, ended, now, out);
    }
    out.served = last; // those behind it come next, also if it could be sent nothing
}

} // namespace gateway::store
