#include "store/refreshes.hpp"

#include "limits/share.hpp"
#include "store/outgoing_event.hpp"
#include "store/queries.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace gateway::store {

auto columns_of(row_of<refresh_intent> auto& of) {
    return columns(of.user, of.version, of.started_at);
}

namespace {

task<void> close_intent(transaction& at, const lease& held) {
    return execute(at, statement("DELETE FROM refresh_intents WHERE user_id = $1 AND fence <= $2", held.user,
                                 held.fence));
}

constexpr milliseconds never{-1};

/// Notes whether the holder of this lease is seen. Gives for how long it was not; `never`: it is there.
task<milliseconds> note_life(transaction& at, lease of, bool is_gone, milliseconds gone_for) {
    if (is_gone == (gone_for >= milliseconds{0})) co_return gone_for;
    statement seen("UPDATE leases SET gone_since = 0 WHERE user_id = $1 AND fence = $2", of.user, of.fence);
    statement missed("UPDATE leases SET gone_since = now_ms() WHERE user_id = $1 AND fence = $2", of.user,
                     of.fence);
    auto note = is_gone ? std::move(missed) : std::move(seen);
    co_await execute(at, std::move(note));
    co_return is_gone ? milliseconds{0} : never;
}

/// `silent_max`: after this time without a heartbeat a replica counts as dead; a store of one process has no
/// heartbeats.
task<std::optional<lease_holder>> holder_of(transaction& at, user_id user, milliseconds silent_max) {
    const statement ask(
        "SELECT l.owner, l.fence, l.expires_at - now_ms(), "
        "CASE WHEN l.gone_since = 0 THEN -1 ELSE greatest(0, now_ms() - l.gone_since) END, "
        "coalesce((SELECT i.alive_until FROM store_instances i WHERE i.owner = l.owner) - now_ms(), $2) "
        "FROM leases l WHERE l.user_id = $1 AND l.expires_at > now_ms()",
        user, silent_max);
    auto found = co_await at.run(ask);
    std::optional<lease_holder> out;
    std::string owner;
    lease of{user};
    lease_holder there;
    milliseconds gone_for{0}, counts_as_alive_for{0};
    if (!found.next(owner, of.fence, there.left, gone_for, counts_as_alive_for)) co_return out;
    const bool is_gone = co_await at.owner_is_gone(owner);
    gone_for = co_await note_life(at, std::move(of), is_gone, gone_for);
    if (is_gone) there.left = std::min(there.left, gone_holder_keeps - gone_for);
    const bool is_silent = silent_max - counts_as_alive_for >= 2 * limits::beat_interval(silent_max);
    there.is_gone = is_gone || is_silent;
    if (there.left.count() > 0) out = there;
    co_return out;
}

/// Refreshes whose holder has died before its lease has expired.
task<std::vector<refresh_intent>> left_by_the_gone(transaction& at, const std::string& app) {
    const statement ask(
        "SELECT i.user_id, i.version, i.started_at, l.owner, l.fence, "
        "CASE WHEN l.gone_since = 0 THEN -1 ELSE greatest(0, (SELECT now_ms()) - l.gone_since) END "
        "FROM refresh_intents i "
        "JOIN leases l ON l.user_id = i.user_id WHERE l.expires_at > (SELECT now_ms()) "
        "AND l.expires_at <= (SELECT now_ms()) + $1 AND NOT EXISTS "
        "(SELECT 1 FROM connections c WHERE c.user_id = i.user_id AND c.app <> '' AND c.app <> $2) "
        "ORDER BY i.started_at, i.user_id LIMIT 1000",
        lease_length - gone_holder_keeps, app);
    struct held_one {
        refresh_intent intent;
        std::string owner;
        std::uint64_t fence = 0;
        milliseconds gone_for{0};
    };
    auto found = co_await at.run(ask);
    std::vector<held_one> held;
    held_one one;
    while (found.next(one.intent.user, one.intent.version, one.intent.started_at, one.owner, one.fence,
                      one.gone_for))
        held.push_back(one);
    std::map<std::string, bool> gone;
    std::vector<refresh_intent> out;
    for (auto& each : held) {
        if (!gone.contains(each.owner)) {
            const bool is_gone = co_await at.owner_is_gone(each.owner);
            gone.emplace(each.owner, is_gone);
        }
        const lease of{each.intent.user, each.fence};
        const auto gone_for = co_await note_life(at, of, gone.at(each.owner), each.gone_for);
        if (gone_for >= gone_holder_keeps) out.push_back(std::move(each.intent));
    }
    co_return out;
}

task<std::vector<refresh_intent>> find_unfinished(transaction& at, const std::string& app) {
    statement ask(
        "SELECT user_id, version, started_at FROM refresh_intents i WHERE NOT EXISTS "
        "(SELECT 1 FROM leases l WHERE l.user_id = i.user_id AND l.expires_at > now_ms()) AND NOT EXISTS "
        "(SELECT 1 FROM connections c WHERE c.user_id = i.user_id AND c.app <> '' AND c.app <> $1) "
        "ORDER BY started_at, user_id LIMIT 1000",
        app);
    auto out = co_await all_of<refresh_intent>(at, std::move(ask));
    auto more = co_await left_by_the_gone(at, app);
    std::move(more.begin(), more.end(), std::back_inserter(out));
    std::stable_sort(out.begin(), out.end(), [](const refresh_intent& a, const refresh_intent& b) {
        return a.started_at < b.started_at;
    });
    co_return out;
}

} // namespace

task<result<std::optional<lease_holder>>> refreshes::find_holder(user_id user, deadline until) {
    const auto silent_max = engine_.limits().silent_max;
    return run(engine_, unit::of(user), until,
               [=](transaction& at) { return holder_of(at, user, silent_max); });
}

task<result<std::optional<lease>>> refreshes::take_lease(user_id user, milliseconds length, deadline until,
                                                         std::uint64_t instead_of) {
    const auto silent_max = engine_.limits().silent_max;
    return run(engine_, unit::of(user), until, [=](transaction& at) -> task<std::optional<lease>> {
        statement drop("DELETE FROM leases WHERE user_id = $1 AND fence = $2", user, instead_of);
        if (instead_of > 0) co_await execute(at, std::move(drop));
        const auto holder = co_await holder_of(at, user, silent_max);
        if (holder) co_return std::nullopt;
        lease out{user};
        out.fence = co_await number_of(
            at, statement("UPDATE counters SET value = value + 1 WHERE name = 'fence' RETURNING value"));
        statement take(
            "INSERT INTO leases (user_id, owner, fence, expires_at) VALUES ($1, $2, $3, now_ms() + $4) "
            "ON CONFLICT (user_id) DO UPDATE SET owner = excluded.owner, fence = excluded.fence, "
            "expires_at = excluded.expires_at, gone_since = 0",
            user, at.owner(), out.fence, length);
        co_await execute(at, std::move(take));
        co_return out;
    });
}

task<result<void>> refreshes::release_lease(lease held, deadline until) {
    statement release("DELETE FROM leases WHERE user_id = $1 AND fence = $2", held.user, held.fence);
    return run(engine_, unit::of(held.user), until, &execute, std::move(release));
}

task<result<refresh_begin>> refreshes::begin(lease held, std::uint64_t version, deadline until) {
    return run(engine_, unit::of(held.user), until, [=](transaction& at) -> task<refresh_begin> {
        // Without space the new pair could not be stored, while TikTok would have ended the old one (V01).
        if (!at.require_room()) co_return refresh_begin::refused;
        const auto earlier = co_await first_of<std::uint64_t>(
            at, statement("SELECT version FROM refresh_intents WHERE user_id = $1 AND version = $2",
                          held.user, version));
        statement begin(
            "INSERT INTO refresh_intents (user_id, version, fence, started_at) "
            "SELECT c.user_id, c.version, l.fence, now_ms() FROM connections c "
            "JOIN leases l ON l.user_id = c.user_id "
            "WHERE c.user_id = $1 AND c.version = $2 AND c.state <> 'revoked' AND l.fence = $3 "
            "ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, fence = excluded.fence, "
            "started_at = excluded.started_at",
            held.user, version, held.fence);
        const bool begun = co_await changes_rows(at, std::move(begin));
        if (!begun) co_return refresh_begin::refused;
        co_return earlier ? refresh_begin::begun_again : refresh_begin::begun;
    });
}

task<result<refresh_end>> refreshes::finish(lease held, connection_record record,
                                            std::uint64_t expected_version, deadline until) {
    return run(engine_, unit::of(held.user), until, [=](transaction& at) -> task<refresh_end> {
        const auto there = co_await hold_connection(at, record.user);
        if (there && is_of_another_app(*there, record.app)) {
            const bool beside = co_await refresh_beside(at, record, expected_version);
            co_await close_intent(at, held);
            co_return beside ? refresh_end::stored_beside : refresh_end::superseded;
        }
        const bool ours = there && there->version == expected_version && record.version > expected_version
                          && there->state != connection_state::revoked;
        statement ask( // the newest fence: of the lease, or of a request in flight
            "SELECT greatest(coalesce((SELECT fence FROM leases WHERE user_id = $1), 0), "
            "coalesce((SELECT fence FROM refresh_intents WHERE user_id = $1), 0))",
            record.user);
        const auto newest_fence = co_await number_of(at, std::move(ask));
        if (ours && newest_fence > held.fence) {
            // The intent stays, so that the next refresh sees that TikTok may have rotated.
            const kept_tokens_record kept{record.user,          record.version,    kept_reason::candidate,
                                          record.sealed_tokens, record.updated_at, record.app};
            co_await keep_pair(at, kept);
            co_return refresh_end::kept_as_candidate;
        }
        co_await close_intent(at, held);
        if (!ours) co_return refresh_end::superseded;
        co_await replace_connection(at, record);
        if (there->state == connection_state::reconnect_required && is_in_use(record))
            co_await add_connection_event(at, event_type::connection_connected, record.user, record.account,
                                          {}, record.updated_at);
        co_return refresh_end::stored;
    });
}

task<result<void>> refreshes::close(lease held, deadline until) {
    return run(engine_, unit::of(held.user), until, &close_intent, std::move(held));
}

task<result<std::vector<refresh_intent>>> refreshes::unfinished(std::string app, deadline until) {
    return run(engine_, unit::writes().as_upkeep(), until, &find_unfinished, std::move(app));
}

} // namespace gateway::store
