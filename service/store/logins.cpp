#include "store/logins.hpp"

#include "store/engine.hpp"

#include <cstdint>

namespace gateway::store {
namespace {

#define LOGIN_COLUMNS \
    "state_hash, caller, user_id, sealed_verifier, return_url, scopes, expires_at, replace_account"

oauth_state_record read_login(rows& found) {
    oauth_state_record out;
    out.state_hash = found.next_text();
    out.caller = caller_name::trusted(found.next_text());
    out.user = user_id::trusted(found.next_text());
    out.sealed_verifier = found.next_text();
    out.return_url = found.next_text();
    out.scopes = found.next_text();
    out.expires_at = found.next_time();
    out.replace_account = found.next_number() != 0;
    return out;
}

task<void> put_login(transaction& at, const oauth_state_record& record) {
    statement put{"INSERT INTO oauth_states (" LOGIN_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
    put.blob(record.state_hash)
        .text(record.caller.text())
        .text(record.user.text())
        .blob(record.sealed_verifier)
        .text(record.return_url)
        .text(record.scopes)
        .time(record.expires_at)
        .number(std::int64_t{record.replace_account});
    co_await at.run(put);
}

task<std::optional<oauth_state_record>> take_login(transaction& at, const std::string& state_hash,
                                                   wall_time now) {
    statement take{"DELETE FROM oauth_states WHERE state_hash = $1 RETURNING " LOGIN_COLUMNS};
    take.blob(state_hash);
    auto taken = co_await at.run(take);
    std::optional<oauth_state_record> out;
    if (taken.next()) out = read_login(taken);
    if (out && out->expires_at <= now) out.reset();
    co_return out;
}

} // namespace

task<result<void>> logins::put(oauth_state_record record, deadline until) {
    return run(engine_, unit::writes(), until, &put_login, std::move(record));
}

task<result<std::optional<oauth_state_record>>> logins::take(std::string state_hash, wall_time now,
                                                             deadline until) {
    return run(engine_, unit::writes(), until, &take_login, std::move(state_hash), now);
}

} // namespace gateway::store
