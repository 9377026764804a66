// How deliveries end: taken, tried again later, given up, or dropped with their receiver.
#include "store/outbox_rows.hpp"
#include "store/outbox_steps.hpp"
#include "store/queries.hpp"

#include <utility>

namespace gateway::store {

auto columns_of(row_of<dropped_deliveries> auto& of) {
    return columns(of.caller, of.type, of.event);
}

namespace {

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

} // namespace

task<void> drop_delivery(transaction& at, const delivery& what, std::int64_t now) {
    statement drop("DELETE FROM webhook_deliveries WHERE number = $1", what.number);
    co_await execute(at, std::move(drop));
    co_await release_next(at, what.caller, what.subject, now);
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

task<ended_receivers> read_ended(transaction& at, const std::vector<open_receiver>& receivers) {
    auto ended = co_await read_ended(at);
    for (const auto& one : receivers) {
        const auto found = ended.find(one.caller);
        if (found != ended.end() && found->second != one.url_hash) ended.erase(found);
    }
    co_return ended;
}

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
        co_await drop_delivery(at, one.is, now);
        out.push_back({one.is.caller, one.is.type, one.is.event});
    }
    co_return out;
}

task<std::vector<dropped_deliveries>> drop_ended(transaction& at, const caller_name& caller) {
    statement drop(
        "DELETE FROM webhook_deliveries WHERE caller = $1 AND subject IN (SELECT subject FROM "
        "webhook_deliveries WHERE caller = $1 ORDER BY next_at LIMIT $2) RETURNING caller, type, event_id",
        caller, dropped_max);
    return all_of<dropped_deliveries>(at, std::move(drop));
}

} // namespace gateway::store
