#include "store/columns.hpp"
#include "store/postgresql/operations.hpp"

namespace gateway::store::postgresql {
namespace {

/// The newest fence anybody has for this user: of the lease, or of a request that is on its way.
task<std::uint64_t> newest_fence(connection& at, const user_id& user) {
    statement ask{
        "SELECT greatest(coalesce((SELECT fence FROM leases WHERE user_id = $1), 0), "
        "coalesce((SELECT fence FROM refresh_intents WHERE user_id = $1), 0))"};
    ask.text(user.text());
    auto found = co_await at.run(ask);
    co_return found.next() ? found.next_count() : 0;
}

} // namespace

// How long a lease holds is measured by the database alone: clocks of replicas differ, and stand still.
task<maybe_lease> take_lease(connection& at, const user_id& user, const std::string& owner,
                             milliseconds length, wall_time now) {
    statement held{"SELECT fence FROM leases WHERE user_id = $1 AND expires_at > " DATABASE_NOW};
    held.text(user.text());
    auto holder = co_await at.run(held);
    if (holder.next()) co_return std::nullopt;
    lease out{user, owner, 0, now + length};
    statement count{"UPDATE counters SET value = value + 1 WHERE name = 'fence' RETURNING value"};
    auto next = co_await at.run(count);
    if (next.next()) out.fence = next.next_count();
    statement take{
        "INSERT INTO leases (user_id, owner, fence, expires_at) "
        "VALUES ($1, $2, $3, " DATABASE_NOW
        " + $4) ON CONFLICT (user_id) DO UPDATE "
        "SET owner = excluded.owner, fence = excluded.fence, expires_at = excluded.expires_at"};
    take.text(user.text()).text(owner).number(out.fence).number(std::int64_t{length.count()});
    co_await at.run(take);
    co_return out;
}

task<done> release_lease(connection& at, const lease& held) {
    statement release{"DELETE FROM leases WHERE user_id = $1 AND fence = $2"};
    release.text(held.user.text()).number(held.fence);
    co_await at.run(release);
    co_return done{};
}

task<refresh_begin> begin_refresh(connection& at, const lease& held, std::uint64_t version, wall_time now) {
    statement earlier{"SELECT 1 FROM refresh_intents WHERE user_id = $1 AND version = $2"};
    earlier.text(held.user.text()).number(version);
    auto found = co_await at.run(earlier);
    const bool again = found.next();
    statement begin{
        "INSERT INTO refresh_intents (user_id, version, fence, started_at) "
        "SELECT c.user_id, c.version, l.fence, $1 FROM connections c "
        "JOIN leases l ON l.user_id = c.user_id "
        "WHERE c.user_id = $2 AND c.version = $3 AND c.state <> 'revoked' AND l.fence = $4 "
        "ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, "
        "fence = excluded.fence, started_at = excluded.started_at"};
    begin.time(now).text(held.user.text()).number(version).number(held.fence);
    const auto begun = co_await at.run(begin);
    if (begun.changed() == 0) co_return refresh_begin::refused;
    co_return again ? refresh_begin::begun_again : refresh_begin::begun;
}

task<refresh_end> finish_refresh(connection& at, const lease& held, const connection_record& record,
                                 std::uint64_t expected_version) {
    auto there = co_await hold_connection(at, record.user);
    const bool ours = there && there->version == expected_version && record.version > expected_version
                      && there->state != connection_state::revoked;
    const auto newest = co_await newest_fence(at, record.user);
    if (ours && newest > held.fence) { // the intent stays, as in sqlite/refresh.cpp
        kept_tokens_record late{record.user, record.version, kept_reason::candidate, record.sealed_tokens,
                                record.updated_at};
        co_await keep_tokens(at, late);
        co_return refresh_end::kept_as_candidate;
    }
    co_await close_refresh(at, held);
    if (!ours) co_return refresh_end::superseded;
    kept_tokens_record previous{record.user, expected_version, kept_reason::previous,
                                std::move(there->sealed_tokens), record.updated_at};
    co_await keep_tokens(at, previous);
    co_await write_connection(at, record);
    co_return refresh_end::stored;
}

task<std::vector<refresh_intent>> open_refreshes(connection& at) {
    statement ask{"SELECT " INTENT_COLUMNS
                  " FROM refresh_intents i WHERE NOT EXISTS "
                  "(SELECT 1 FROM leases l WHERE l.user_id = i.user_id AND l.expires_at > " DATABASE_NOW
                  ") ORDER BY started_at"};
    auto found = co_await at.run(ask);
    std::vector<refresh_intent> out;
    while (found.next())
        out.push_back(read_intent(found));
    co_return out;
}

task<done> close_refresh(connection& at, const lease& held) {
    statement over{"DELETE FROM refresh_intents WHERE user_id = $1 AND fence <= $2"};
    over.text(held.user.text()).number(held.fence);
    co_await at.run(over);
    co_return done{};
}

} // namespace gateway::store::postgresql
