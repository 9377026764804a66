#include "store/account_holders.hpp"

#include "store/connection_columns.hpp"
#include "store/connections.hpp"
#include "store/queries.hpp"

namespace gateway::store {

/// Of both tables of connections: one that waits beside that of another app is used again under its own. They
/// may have living tokens, at the time $4.
#define LIVING_AT(time) "state IN ('connected', 'refresh_in_doubt') AND refresh_expires_at > " time
#define LIVING LIVING_AT("$4")

/// TikTok itself gave the pair: whoever has one access token of an account could hold it otherwise with
/// tokens that are worth nothing. One that needs a new login counts no more, except if only the answer to its
/// refresh was lost: its access token is in use then.
#define GIVEN                                 \
    "proof = 'pair' AND ((" LIVING            \
    ") OR (state = 'reconnect_required' AND " \
    "cause = 'rotation_response_lost' AND access_expires_at > $4))"

/// Only while the access token lives: TikTok may have ended the pair without a word, and a refresh token
/// lives for a year.
#define HOLDING GIVEN " AND access_expires_at > $4"

/// Only a refresh shows whether they hold it, at the time $3.
#define DOUBTFUL LIVING_AT("$3") " AND (proof <> 'pair' OR access_expires_at <= $3)"

task<bool> is_held(transaction& at, const open_id& account, const std::string& app, const user_id& except,
                   wall_time now) {
    statement ask(
        "SELECT CAST(1 AS BIGINT) AS held WHERE EXISTS (SELECT 1 FROM connections WHERE open_id = $1 "
        "AND app = $2 AND user_id <> $3 AND " HOLDING
        ") "
        "OR EXISTS (SELECT 1 FROM other_app_connections WHERE open_id = $1 "
        "AND app = $2 AND user_id <> $3 AND " HOLDING
        ") "
        "OR EXISTS (SELECT 1 FROM pending_grants WHERE open_id = $1 AND app = $2 AND user_id <> $3 "
        "AND (expires_at > $4 OR reserved_until > now_ms())) "
        "OR EXISTS (SELECT 1 FROM import_proofs WHERE open_id = $1 AND app = $2 "
        "AND length(sealed_tokens) > 0 AND expires_at > $4)",
        account, app, except, now);
    co_return co_await number_of(at, std::move(ask)) > 0;
}

task<bool> is_held_doubtfully(transaction& at, const open_id& account, const std::string& app,
                              wall_time now) {
    statement ask(
        "SELECT CAST(1 AS BIGINT) AS doubtful WHERE EXISTS (SELECT 1 FROM connections WHERE open_id = $1 "
        "AND app IN ($2, '') AND " DOUBTFUL
        ") "
        "OR EXISTS (SELECT 1 FROM other_app_connections WHERE open_id = $1 AND app = $2 AND " DOUBTFUL ")",
        account, app, now);
    co_return co_await number_of(at, std::move(ask)) > 0;
}

task<result<std::vector<connection_summary>>> connections::doubtful_holders(open_id account, std::string app,
                                                                            wall_time now, deadline until) {
    statement ask("SELECT " SUMMARY_COLUMNS
                  " FROM connections WHERE open_id = $1 AND app IN ($2, '') AND " DOUBTFUL
                  " UNION ALL SELECT " SUMMARY_COLUMNS
                  " FROM other_app_connections WHERE open_id = $1 AND app = $2 AND " DOUBTFUL " LIMIT $4",
                  account, app, now, users_of_account_max);
    return run(engine_, unit::reads(), until, &all_of<connection_summary>, std::move(ask));
}

#define COUNT_BESIDES(condition)                                                             \
    "SELECT count(*) FROM (SELECT user_id FROM connections WHERE open_id = $1 AND app = $2 " \
    "AND user_id <> $3 AND " condition                                                       \
    " UNION ALL SELECT user_id FROM other_app_connections "                                  \
    "WHERE open_id = $1 AND app = $2 AND user_id <> $3 AND " condition " LIMIT $5) AS users"

task<std::uint64_t> users_besides(transaction& at, const connection_record& of, account_proof proof,
                                  std::uint64_t most) {
    const bool given = proof == account_proof::pair;
    auto ask = given ? statement(COUNT_BESIDES(GIVEN), of.account, of.app, of.user, of.updated_at, most)
                     : statement(COUNT_BESIDES(LIVING), of.account, of.app, of.user, of.updated_at, most);
    return number_of(at, std::move(ask));
}

task<void> drop_revocations_of(transaction& at, const open_id& account, const std::string& app) {
    // Of no app, too: no two apps have the same open_id, so one of this account is of this app.
    statement drop("DELETE FROM revocations WHERE open_id = $1 AND app IN ($2, '')", account, app);
    return execute(at, std::move(drop));
}

} // namespace gateway::store
