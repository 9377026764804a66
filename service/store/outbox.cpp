#include "store/outbox.hpp"

#include "store/outbox_rows.hpp"
#include "store/queries.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

namespace gateway::store {

auto columns_of(row_of<delivery> auto& of) {
    return columns(of.number, of.caller, of.event, of.subject, of.type, of.tries);
}
auto columns_of(row_of<dropped_deliveries> auto& of) {
    return columns(of.caller, of.type, of.event);
}

namespace {

// Portions of one turn, because calls wait meanwhile.
constexpr std::uint64_t distributed_max = 50;
constexpr std::size_t claimed_max = 50;
constexpr std::uint64_t dropped_max = 100;
constexpr int callers_looked_at_max = 1'000;

using ended_receivers = std::map<caller_name, std::string, std::less<>>;

task<ended_receivers> read_ended(transaction& at) {
    const statement ask("SELECT caller, url_hash FROM webhook_ends");
    auto found = co_await at.run(ask);
    ended_receivers out;
    caller_name caller;
    std::string hash;
    auto hash_column = blob(hash);
    while (found.next(caller, hash_column))
        out[caller] = hash;
    co_return out;
}

/// The oldest of the caller and subject is the next one, if it waited for another.
task<void> release_next(transaction& at, const caller_name& caller, const std::string& subject,
                        std::int64_t now) {
    statement release(
        "UPDATE webhook_deliveries SET next_at = $1 WHERE next_at = $2 AND number = "
        "(SELECT number FROM webhook_deliveries WHERE caller = $3 AND subject = $4 ORDER BY number LIMIT 1)",
        now, parked, caller, subject);
    return execute(at, std::move(release));
}

task<void> note_receiver_ended(transaction& at, const delivery_end& end, std::int64_t now) {
    statement note(
        "INSERT INTO webhook_ends (caller, url_hash, ended_at) VALUES ($1, $2, $3) "
        "ON CONFLICT (caller) DO UPDATE SET url_hash = $2, ended_at = $3",
        end.of.caller, blob(end.url_hash), now);
    return execute(at, std::move(note));
}

/// Another replica may have claimed it meanwhile: `tries` is another one then, and the end is not ours to
/// write.
task<void> write_end(transaction& at, const delivery_end& end, std::int64_t now) {
    const auto& of = end.of;
    if (end.what == delivery_end::kind::again) {
        statement later(
            "UPDATE webhook_deliveries SET next_at = least($1, greatest(expires_at, $5)) "
            "WHERE number = $2 AND event_id = $3 AND tries = $4",
            now + end.wait.count(), of.number, of.event, of.tries, now);
        co_await execute(at, std::move(later));
        co_return;
    }
    if (end.what == delivery_end::kind::ended) co_await note_receiver_ended(at, end, now);
    statement drop("DELETE FROM webhook_deliveries WHERE number = $1 AND event_id = $2 AND tries = $3",
                   of.number, of.event, of.tries);
    const bool dropped = co_await changes_rows(at, std::move(drop));
    if (dropped) co_await release_next(at, of.caller, of.subject, now);
}

/// Gives whether there may be more.
task<bool> distribute(transaction& at, const outbox_turn& what, const ended_receivers& ended,
                      std::int64_t now) {
    statement ask("SELECT " EVENT_COLUMNS
                  " FROM webhook_events WHERE distributed = 0 ORDER BY number LIMIT $1",
                  distributed_max);
    const auto events = co_await all_of<event_to_deliver>(at, std::move(ask));
    for (const auto& event : events) {
        const auto told = what.told(event.caller, event.user);
        for (const auto& to : told)
            if (!ended.contains(to)) co_await add_delivery(at, event, to, now, what.retry);
        statement done("UPDATE webhook_events SET distributed = 1, expires_at = $1 WHERE number = $2",
                       now + what.keep.count(), event.number);
        co_await execute(at, std::move(done));
    }
    co_return events.size() == distributed_max;
}

/// Those that nobody has taken for so long: tried in vain, or of callers who have no receiver any more. One
/// that is under way is not due, and waits for its end.
task<std::vector<dropped_deliveries>> give_up(transaction& at, std::int64_t now) {
    struct old_one {
        delivery is;
        std::int64_t next_at = 0;
    };
    const statement ask(
        "SELECT number, caller, event_id, subject, type, tries, next_at FROM webhook_deliveries "
        "WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2",
        now, dropped_max);
    auto found = co_await at.run(ask);
    std::vector<old_one> old;
    for (old_one one; found.next(one.is, one.next_at);)
        if (one.next_at <= now || one.next_at == parked) old.push_back(one);
    std::vector<dropped_deliveries> out;
    for (const auto& one : old) {
        statement drop("DELETE FROM webhook_deliveries WHERE number = $1", one.is.number);
        co_await execute(at, std::move(drop));
        co_await release_next(at, one.is.caller, one.is.subject, now);
        out.push_back({one.is.caller, one.is.type, one.is.event});
    }
    co_return out;
}

/// All that waits for a receiver that has ended, a portion at a time.
task<std::vector<dropped_deliveries>> drop_ended(transaction& at, const caller_name& caller) {
    statement drop(
        "DELETE FROM webhook_deliveries WHERE number IN (SELECT number FROM webhook_deliveries "
        "WHERE caller = $1 ORDER BY next_at LIMIT $2) RETURNING caller, type, event_id",
        caller, dropped_max);
    return all_of<dropped_deliveries>(at, std::move(drop));
}

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
        statement drop("DELETE FROM webhook_deliveries WHERE number = $1", one.number);
        co_await execute(at, std::move(drop));
        co_await release_next(at, one.caller, one.subject, now);
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

const open_receiver* find_receiver(const std::vector<open_receiver>& in, const caller_name& caller) {
    const auto found =
        std::lower_bound(in.begin(), in.end(), caller,
                         [](const open_receiver& one, const caller_name& name) { return one.caller < name; });
    return found != in.end() && found->caller == caller ? &*found : nullptr;
}

task<void> claim_for(transaction& at, const waiting_caller& next, const outbox_turn& what,
                     const ended_receivers& ended, std::int64_t now, outbox_claims& out) {
    const auto* receiver = find_receiver(what.receivers, next.caller);
    if (receiver == nullptr) co_return; // of a caller without one: another replica may know it
    if (ended.contains(next.caller)) {
        auto dropped = co_await drop_ended(at, next.caller);
        out.has_more = out.has_more || dropped.size() == dropped_max;
        std::move(dropped.begin(), dropped.end(), std::back_inserter(out.ended));
        co_return;
    }
    if (next.next_at > now || receiver->room == 0) co_return;
    const auto room = std::min(receiver->room, claimed_max - out.claimed.size());
    auto taken = co_await claim(at, next.caller, room, now, what.claim);
    std::move(taken.begin(), taken.end(), std::back_inserter(out.claimed));
    out.served = next.caller;
}

/// Callers in turn: those behind the last one of the turn before come first, so that none has to wait for the
/// others to have nothing left.
task<void> claim_for_all(transaction& at, const outbox_turn& what, const ended_receivers& ended,
                         std::int64_t now, outbox_claims& out) {
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
}

/// Of an older receiver of the same caller: another URL is open again.
task<ended_receivers> judge_ended(transaction& at, const std::vector<open_receiver>& receivers) {
    auto ended = co_await read_ended(at);
    for (const auto& one : receivers) {
        const auto found = ended.find(one.caller);
        if (found != ended.end() && found->second != one.url_hash) ended.erase(found);
    }
    co_return ended;
}

task<outbox_claims> take_turn(transaction& at, const outbox_turn& what) {
    const auto now = static_cast<std::int64_t>(co_await number_of(at, statement("SELECT now_ms()")));
    for (const auto& end : what.ends)
        co_await write_end(at, end, now);
    const auto ended = co_await judge_ended(at, what.receivers);
    outbox_claims out;
    out.has_more = co_await distribute(at, what, ended, now);
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
        const auto found = ended.find(caller);
        co_return found != ended.end() && found->second == url_hash;
    });
}

} // namespace gateway::store
