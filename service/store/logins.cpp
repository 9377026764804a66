#include "store/logins.hpp"

#include "store/queries.hpp"

namespace gateway::store {

#define LOGIN_COLUMNS                                                                                 \
    "state_hash, caller, user_id, sealed_verifier, return_url, scopes, expires_at, replace_account, " \
    "app, confirm"

auto columns_of(row_of<oauth_state_record> auto& of) {
    return columns(blob(of.state_hash), of.caller, of.user, blob(of.sealed_verifier), of.return_url,
                   of.scopes, of.expires_at, of.replace_account, of.app, of.confirm, of.progress);
}

task<bool> use_login(transaction& at, const std::string& state_hash) {
    statement use("UPDATE oauth_states SET progress = 'stored' WHERE state_hash = $1 AND progress = 'taken'",
                  blob(state_hash));
    return changes_rows(at, std::move(use));
}

task<result<void>> logins::put(oauth_state_record record, deadline until) {
    statement put("INSERT INTO oauth_states (" LOGIN_COLUMNS
                  ", progress) "
                  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                  columns_of(record));
    return run(engine_, unit::writes(), until, &execute, std::move(put));
}

namespace {

statement look_for(const std::string& state_hash, wall_time now) {
    return statement("SELECT " LOGIN_COLUMNS
                     ", progress FROM oauth_states WHERE state_hash = $1 AND expires_at > $2",
                     blob(state_hash), now);
}

} // namespace

task<result<std::optional<oauth_state_record>>> logins::find(std::string state_hash, wall_time now,
                                                             deadline until) {
    return run(engine_, unit::reads(), until, &first_of<oauth_state_record>, look_for(state_hash, now));
}

task<result<std::optional<oauth_state_record>>> logins::take(std::string state_hash, wall_time now,
                                                             deadline until) {
    return run(engine_, unit::writes(), until,
               [=](transaction& at) -> task<std::optional<oauth_state_record>> {
                   statement take(
                       "UPDATE oauth_states SET progress = 'taken' WHERE state_hash = $1 "
                       "AND progress = 'begun' AND expires_at > $2 RETURNING " LOGIN_COLUMNS ", 'begun'",
                       blob(state_hash), now);
                   auto first = co_await first_of<oauth_state_record>(at, std::move(take));
                   if (first) co_return first;
                   auto look = look_for(state_hash, now);
                   co_return co_await first_of<oauth_state_record>(at, std::move(look));
               });
}

task<result<void>> logins::note_outcome(std::string state_hash, std::string sealed_outcome, deadline until) {
    statement note(
        "UPDATE oauth_states SET progress = 'ended', sealed_verifier = $2 "
        "WHERE state_hash = $1 AND progress <> 'begun'",
        blob(state_hash), blob(sealed_outcome));
    return run(engine_, unit::writes(), until, &execute, std::move(note));
}

} // namespace gateway::store
