// How deliveries end: taken, tried again later, given up, or dropped with their receiver.
#include "store/outbox_rows.hpp"
#include "store/outbox_steps.hpp"
#include "store/queries.hpp"

#include <utility>

namespace gateway::store {

auto columns_of(row_of<dropped_delivery> auto& of) {
    return columns(of.caller, of.type, of.event, of.queued_at);
}

namespace {

/// So long after it was said last, a replica counts as one that has another URL: much longer than a restart
/// takes, and no longer than the alarm for late webhooks waits, so that whoever goes back to a URL that has
/// ended for good gets none.
constexpr std::int64_t others_are_believed_ms = 3'600'000;

/// The oldest of the caller and subject is the next one, if it waited for another.
task<void> release_next(transaction& at, const caller_name& caller, const std::string& subject,
                        std::int64_t now) {
    statement release(
        "UPDATE webhook_deliveries SET next_at = $1 WHERE next_at = $2 AND number = "
        "(SELECT number FROM webhook_deliveries WHERE caller = $3 AND subject = $4 ORDER BY number LIMIT 1)",
        now, parked, caller, subject);
    return execute(at, std::move(release));
}

/// The newest few of each caller are kept, so that its row does not grow with each URL it ever had.
task<void> note_url_ended(transaction& at, const delivery_end& end, milliseconds heard_within,
                          std::int64_t now) {
    statement note(
        "INSERT INTO webhook_ends (caller, url_hash, ended_at, others_until) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (caller, url_hash) DO UPDATE SET others_until = greatest(webhook_ends.others_until, "
        "excluded.others_until)",
        end.of.caller, blob(end.url_hash), now, now + heard_within.count());
    co_await execute(at, std::move(note));
    statement forget(
        "DELETE FROM webhook_ends WHERE caller = $1 AND ended_at < (SELECT ended_at FROM webhook_ends WHERE "
        "caller = $1 ORDER BY ended_at DESC LIMIT 1 OFFSET 7)",
        end.of.caller);
    co_await execute(at, std::move(forget));
}

} // namespace

task<void> drop_delivery(transaction& at, const delivery& what, std::int64_t now) {
    statement drop("DELETE FROM webhook_deliveries WHERE number = $1", what.number);
    co_await execute(at, std::move(drop));
    co_await release_next(at, what.caller, what.subject, now);
}

/// Another replica may have claimed it meanwhile: `tries` is another one then, and the end is not ours to
/// write.
task<void> write_end(transaction& at, const delivery_end& end, const outbox_turn& of_turn, std::int64_t now) {
    const auto& of = end.of;
    if (end.what != delivery_end::kind::taken) {
        const bool has_ended = end.what == delivery_end::kind::ended;
        if (has_ended) co_await note_url_ended(at, end, of_turn.heard_within, now);
        statement later(
            "UPDATE webhook_deliveries SET next_at = least($1, greatest(expires_at, $5)) "
            "WHERE number = $2 AND event_id = $3 AND tries = $4",
            now + (has_ended ? 0 : end.wait.count()), of.number, of.event, of.tries, now);
        co_await execute(at, std::move(later));
        co_return;
    }
    statement drop("DELETE FROM webhook_deliveries WHERE number = $1 AND event_id = $2 AND tries = $3",
                   of.number, of.event, of.tries);
    const bool dropped = co_await changes_rows(at, std::move(drop));
    if (dropped) co_await release_next(at, of.caller, of.subject, now);
}

task<ended_urls> read_ended(transaction& at) {
    const statement ask("SELECT caller, url_hash, ended_at, others_until FROM webhook_ends");
    auto found = co_await at.run(ask);
    ended_urls out;
    caller_name caller;
    std::string hash;
    ended_url end;
    auto hash_column = blob(hash);
    while (found.next(caller, hash_column, end.ended_at, end.others_until))
        out[{caller, hash}] = end;
    co_return out;
}

task<void> say_others(transaction& at, const std::vector<open_receiver>& receivers, ended_urls& ended,
                      std::int64_t now) {
    for (auto& [url, end] : ended) {
        const auto* receiver = find_receiver(receivers, url.first);
        const bool is_another = receiver != nullptr && receiver->url_hash != url.second
                                && !ended.contains({receiver->caller, receiver->url_hash});
        if (!is_another || end.others_until > now + others_are_believed_ms / 2) continue;
        end.others_until = now + others_are_believed_ms;
        statement say("UPDATE webhook_ends SET others_until = $1 WHERE caller = $2 AND url_hash = $3",
                      end.others_until, url.first, blob(url.second));
        co_await execute(at, std::move(say));
    }
}

task<std::vector<dropped_delivery>> give_up(transaction& at, std::int64_t now) {
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
    std::vector<dropped_delivery> out;
    for (const auto& one : old) {
        co_await drop_delivery(at, one.is, now);
        out.push_back({one.is.caller, one.is.type, one.is.event, {}});
    }
    co_return out;
}

task<std::vector<dropped_delivery>> drop_ended(transaction& at, const caller_name& caller,
                                               const ended_url& end) {
    statement drop(
        "DELETE FROM webhook_deliveries WHERE caller = $1 AND subject IN (SELECT subject FROM "
        "webhook_deliveries WHERE caller = $1 ORDER BY next_at LIMIT $2) "
        "RETURNING caller, type, event_id, created_at",
        caller, dropped_max);
    auto out = co_await all_of<dropped_delivery>(at, std::move(drop));
    for (auto& one : out)
        one.is_later = unix_ms(one.queued_at) > end.ended_at;
    co_return out;
}

} // namespace gateway::store
