#include "store/pending_grants.hpp"

#include "store/account_holders.hpp"
#include "store/logins.hpp"
#include "store/queries.hpp"

namespace gateway::store {

#define GRANT_COLUMNS                                                                            \
    "confirmation_hash, state_hash, caller, user_id, app, open_id, scopes, replace_account, "    \
    "sealed_tokens, access_expires_at, refresh_expires_at, created_at, granted_at, expires_at, " \
    "reserved_until"

auto columns_of(row_of<pending_grant_record> auto& of) {
    return columns(blob(of.confirmation_hash), blob(of.state_hash), of.caller, of.user, of.app, of.account,
                   of.scopes, of.replace_account, blob(of.sealed_tokens), of.access_expires_at,
                   of.refresh_expires_at, of.created_at, of.granted_at, of.expires_at, of.reserved_until);
}

task<bool> drop_waiting(transaction& at, const pending_grant_record& seen) {
    statement drop(
        "DELETE FROM pending_grants WHERE confirmation_hash = $1 AND expires_at = $2 AND reserved_until = $3",
        blob(seen.confirmation_hash), seen.expires_at, seen.reserved_until);
    co_return co_await changes_rows(at, std::move(drop));
}

task<result<bool>> pending_grants::put(pending_grant_record record, deadline until) {
    return run(engine_, unit::of(record.user, record.account), until, [=](transaction& at) -> task<bool> {
        if (!record.state_hash.empty()) {
            const bool allowed = co_await use_login(at, record.state_hash);
            if (!allowed) co_return false;
        }
        co_await drop_revocations_of(at, record.account, record.app);
        statement put("INSERT INTO pending_grants (" GRANT_COLUMNS
                      ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
                      columns_of(record));
        co_await execute(at, std::move(put));
        co_return true;
    });
}

task<result<std::optional<pending_grant_record>>> pending_grants::claim(std::string confirmation_hash,
                                                                        caller_name caller, user_id user,
                                                                        wall_time now, milliseconds length,
                                                                        deadline until) {
    statement claim(
        "UPDATE pending_grants SET reserved_until = now_ms() + $5 "
        "WHERE confirmation_hash = $1 AND caller = $2 AND user_id = $3 "
        "AND expires_at > $4 AND reserved_until <= now_ms() RETURNING " GRANT_COLUMNS,
        blob(confirmation_hash), caller, user, now, length);
    return run(engine_, unit::writes(), until, &first_of<pending_grant_record>, std::move(claim));
}

task<result<std::optional<milliseconds>>> pending_grants::reserved_for(std::string confirmation_hash,
                                                                       caller_name caller, user_id user,
                                                                       wall_time now, deadline until) {
    statement ask(
        "SELECT greatest(reserved_until - (SELECT now_ms()), 0) FROM pending_grants "
        "WHERE confirmation_hash = $1 AND caller = $2 AND user_id = $3 AND expires_at > $4",
        blob(confirmation_hash), caller, user, now);
    return run(engine_, unit::reads(), until, &first_of<milliseconds>, std::move(ask));
}

task<result<void>> pending_grants::give_back(pending_grant_record claimed, deadline until) {
    statement give_back(
        "UPDATE pending_grants SET reserved_until = 0 WHERE confirmation_hash = $1 AND reserved_until = $2",
        blob(claimed.confirmation_hash), claimed.reserved_until);
    return run(engine_, unit::writes(), until, &execute, std::move(give_back));
}

task<result<void>> pending_grants::drop(std::string confirmation_hash, deadline until) {
    statement drop("DELETE FROM pending_grants WHERE confirmation_hash = $1", blob(confirmation_hash));
    return run(engine_, unit::writes(), until, &execute, std::move(drop));
}

task<result<std::vector<pending_grant_record>>> pending_grants::due(wall_time now, std::uint32_t limit,
                                                                    deadline until) {
    statement ask("SELECT " GRANT_COLUMNS
                  " FROM pending_grants WHERE expires_at <= $1 AND reserved_until <= (SELECT now_ms()) "
                  "ORDER BY expires_at LIMIT $2",
                  now, limit);
    return run(engine_, unit::reads(), until, &all_of<pending_grant_record>, std::move(ask));
}

task<result<void>> pending_grants::drop_of_account(open_id account, std::string app, wall_time until_then,
                                                   deadline until) {
    statement drop("DELETE FROM pending_grants WHERE open_id = $1 AND app = $2 AND granted_at <= $3", account,
                   app, until_then);
    return run(engine_, unit::writes(), until, &execute, std::move(drop));
}

} // namespace gateway::store
