#include "store/columns.hpp"
#include "store/sqlite/operations.hpp"

namespace gateway::store::sqlite {
namespace {

/// The newest fence anybody has for this user: of the lease, or of a request that is on its way.
std::uint64_t newest_fence(sqlite_database& at, const user_id& user) {
    query found{at,
                "SELECT max(coalesce((SELECT fence FROM leases WHERE user_id = ?), 0), "
                "coalesce((SELECT fence FROM refresh_intents WHERE user_id = ?), 0))"};
    return found.text(user.text()).text(user.text()).row() ? found.next_count() : 0;
}

} // namespace

std::optional<lease> take_lease(sqlite_database& at, const user_id& user, const std::string& owner,
                                milliseconds length, wall_time now) {
    {
        query held{at, "SELECT 1 FROM leases WHERE user_id = ? AND expires_at > ?"};
        if (held.text(user.text()).time(now).row()) return std::nullopt;
    }
    lease out{user, owner, 0, now + length};
    {
        query next{at, "UPDATE counters SET value = value + 1 WHERE name = 'fence' RETURNING value"};
        if (next.row()) out.fence = next.next_count();
        next.run(); // a statement with RETURNING ends when it was read to its end
    }
    query{at, "INSERT OR REPLACE INTO leases (user_id, owner, fence, expires_at) VALUES (?, ?, ?, ?)"}
        .text(user.text())
        .text(owner)
        .number(out.fence)
        .time(out.expires_at)
        .run();
    return out;
}

void release_lease(sqlite_database& at, const lease& held) {
    query{at, "DELETE FROM leases WHERE user_id = ? AND fence = ?"}
        .text(held.user.text())
        .number(held.fence)
        .run();
}

refresh_begin begin_refresh(sqlite_database& at, const lease& held, std::uint64_t version, wall_time now) {
    // The new pair could not be stored, and TikTok would have ended the old one (V01).
    if (at.no_room()) {
        at.refuse_for_room();
        return refresh_begin::refused;
    }
    bool again = false;
    {
        query earlier{at, "SELECT 1 FROM refresh_intents WHERE user_id = ? AND version = ?"};
        again = earlier.text(held.user.text()).number(version).row();
    }
    query begun{at,
                "INSERT OR REPLACE INTO refresh_intents (user_id, version, fence, started_at) "
                "SELECT c.user_id, c.version, l.fence, ? FROM connections c "
                "JOIN leases l ON l.user_id = c.user_id "
                "WHERE c.user_id = ? AND c.version = ? AND c.state <> 'revoked' AND l.fence = ?"};
    if (begun.time(now).text(held.user.text()).number(version).number(held.fence).run() == 0)
        return refresh_begin::refused;
    return again ? refresh_begin::begun_again : refresh_begin::begun;
}

refresh_end finish_refresh(sqlite_database& at, const lease& held, const connection_record& record,
                           std::uint64_t expected_version) {
    auto there = find_connection(at, record.user);
    const bool ours = there && there->version == expected_version && record.version > expected_version
                      && there->state != connection_state::revoked;
    const bool late = newest_fence(at, record.user) > held.fence;
    if (ours && late) { // the intent stays: whoever begins next has to know that TikTok may have rotated
        keep_tokens(at, {record.user, record.version, kept_reason::candidate, record.sealed_tokens,
                         record.updated_at});
        return refresh_end::kept_as_candidate;
    }
    close_refresh(at, held);
    if (!ours) return refresh_end::superseded;
    keep_tokens(at, {record.user, expected_version, kept_reason::previous, std::move(there->sealed_tokens),
                     record.updated_at});
    write_connection(at, record);
    return refresh_end::stored;
}

std::vector<refresh_intent> open_refreshes(sqlite_database& at, wall_time now) {
    query found{at, "SELECT " INTENT_COLUMNS
                    " FROM refresh_intents i WHERE NOT EXISTS "
                    "(SELECT 1 FROM leases l WHERE l.user_id = i.user_id AND l.expires_at > ?) "
                    "ORDER BY started_at"};
    found.time(now);
    std::vector<refresh_intent> out;
    while (found.row())
        out.push_back(read_intent(found));
    return out;
}

void close_refresh(sqlite_database& at, const lease& held) {
    query{at, "DELETE FROM refresh_intents WHERE user_id = ? AND fence <= ?"}
        .text(held.user.text())
        .number(held.fence)
        .run();
}

} // namespace gateway::store::sqlite
