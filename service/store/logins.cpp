#include "store/logins.hpp"

#include "store/queries.hpp"

namespace gateway::store {

#define LOGIN_COLUMNS \
    "state_hash, caller, user_id, sealed_verifier, return_url, scopes, expires_at, replace_account"

auto columns_of(row_of<oauth_state_record> auto& of) {
    return columns(blob(of.state_hash), of.caller, of.user, blob(of.sealed_verifier), of.return_url,
                   of.scopes, of.expires_at, of.replace_account);
}

task<result<void>> logins::put(oauth_state_record record, deadline until) {
    statement put("INSERT INTO oauth_states (" LOGIN_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                  columns_of(record));
    return run(engine_, unit::writes(), until, &execute, std::move(put));
}

task<result<std::optional<oauth_state_record>>> logins::take(std::string state_hash, wall_time now,
                                                             deadline until) {
    statement take("DELETE FROM oauth_states WHERE state_hash = $1 RETURNING " LOGIN_COLUMNS,
                   blob(state_hash));
    auto taken = co_await run(engine_, unit::writes(), until, &first_of<oauth_state_record>, std::move(take));
    if (taken && *taken && (*taken)->expires_at <= now) taken->reset();
    co_return taken;
}

} // namespace gateway::store
