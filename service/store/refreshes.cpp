#include "store/refreshes.hpp"

#include "store/queries.hpp"

namespace gateway::store {

auto columns_of(row_of<refresh_intent> auto& of) {
    return columns(of.user, of.version, of.started_at);
}

namespace {

task<void> close_intent(transaction& at, const lease& held) {
    return execute(at, statement("DELETE FROM refresh_intents WHERE user_id = $1 AND fence <= $2", held.user,
                                 held.fence));
}

} // namespace

task<result<std::optional<lease>>> refreshes::take_lease(user_id user, milliseconds length, deadline until) {
    return run(engine_, unit::of(user), until, [=](transaction& at) -> task<std::optional<lease>> {
        const auto holder = co_await first_of<std::uint64_t>(
            at, statement("SELECT fence FROM leases WHERE user_id = $1 AND expires_at > now_ms()", user));
        if (holder) co_return std::nullopt;
        lease out{user};
        out.fence = co_await number_of(
            at, statement("UPDATE counters SET value = value + 1 WHERE name = 'fence' RETURNING value"));
        statement take(
            "INSERT INTO leases (user_id, owner, fence, expires_at) VALUES ($1, $2, $3, now_ms() + $4) "
            "ON CONFLICT (user_id) DO UPDATE SET owner = excluded.owner, fence = excluded.fence, "
            "expires_at = excluded.expires_at",
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
        co_return refresh_end::stored;
    });
}

task<result<void>> refreshes::close(lease held, deadline until) {
    return run(engine_, unit::of(held.user), until, &close_intent, std::move(held));
}

task<result<std::vector<refresh_intent>>> refreshes::unfinished(std::string app, deadline until) {
    statement ask(
        "SELECT user_id, version, started_at FROM refresh_intents i WHERE NOT EXISTS "
        "(SELECT 1 FROM leases l WHERE l.user_id = i.user_id AND l.expires_at > now_ms()) AND NOT EXISTS "
        "(SELECT 1 FROM connections c WHERE c.user_id = i.user_id AND c.app <> '' AND c.app <> $1) "
        "ORDER BY started_at, user_id LIMIT 1000",
        app);
    return run(engine_, unit::reads().as_upkeep(), until, &all_of<refresh_intent>, std::move(ask));
}

} // namespace gateway::store
