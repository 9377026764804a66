#include "store/account_holders.hpp"

#include "store/queries.hpp"

namespace gateway::store {

/// Of both tables of connections: one that waits beside that of another app is used again under its own. One
/// that needs a new login holds nothing any more, except if only the answer to its refresh was lost: its
/// access token is still in use then.
#define HOLDING                                    \
    "(state IN ('connected', 'refresh_in_doubt') " \
    "OR (state = 'reconnect_required' AND cause = 'rotation_response_lost'))"

task<bool> is_held(transaction& at, const open_id& account, const std::string& app, const user_id& except,
                   wall_time now) {
    statement ask(
        "SELECT CAST(1 AS BIGINT) AS held WHERE EXISTS (SELECT 1 FROM connections WHERE open_id = $1 "
        "AND app = $2 AND user_id <> $3 AND proven = 1 AND " HOLDING
        ") "
        "OR EXISTS (SELECT 1 FROM other_app_connections WHERE open_id = $1 "
        "AND app = $2 AND user_id <> $3 AND proven = 1 AND " HOLDING
        ") "
        "OR EXISTS (SELECT 1 FROM pending_grants WHERE open_id = $1 AND app = $2 AND user_id <> $3 "
        "AND (expires_at > $4 OR reserved_until > $4)) "
        "OR EXISTS (SELECT 1 FROM import_proofs WHERE open_id = $1 AND app = $2 "
        "AND length(sealed_tokens) > 0 AND expires_at > $4)",
        account, app, except, now);
    co_return co_await number_of(at, std::move(ask)) > 0;
}

task<std::uint64_t> holders_besides(transaction& at, const open_id& account, const std::string& app,
                                    const user_id& except, std::uint64_t most) {
    statement ask(
        "SELECT count(*) FROM (SELECT user_id FROM connections WHERE open_id = $1 AND app = $2 "
        "AND user_id <> $3 AND proven = 1 AND " HOLDING
        " UNION ALL SELECT user_id FROM other_app_connections WHERE open_id = $1 AND app = $2 "
        "AND user_id <> $3 AND proven = 1 AND " HOLDING " LIMIT $4) AS holders",
        account, app, except, most);
    return number_of(at, std::move(ask));
}

task<void> drop_revocations_of(transaction& at, const open_id& account, const std::string& app) {
    statement drop("DELETE FROM revocations WHERE open_id = $1 AND app = $2", account, app);
    return execute(at, std::move(drop));
}

} // namespace gateway::store
