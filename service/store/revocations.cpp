#include "store/revocations.hpp"

#include "store/account_holders.hpp"
#include "store/import_proofs.hpp"
#include "store/pending_grants.hpp"
#include "store/queries.hpp"

namespace gateway::store {

#define REVOCATION_COLUMNS \
    "user_id, version, app, open_id, sealed_tokens, tries, refused, answer_lost, proof, expires_at"

auto columns_of(row_of<revocation_record> auto& of) {
    return columns(of.number, of.user, of.version, of.app, of.account, blob(of.sealed_tokens), of.tries,
                   of.refused, of.answer_lost, of.proof, of.expires_at);
}

task<std::uint64_t> add_revocation(transaction& at, const revocation_record& record) {
    statement add("INSERT INTO revocations (" REVOCATION_COLUMNS
                  ", next_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now_ms() + $11) "
                  "RETURNING number",
                  record.user, record.version, record.app, record.account, blob(record.sealed_tokens),
                  record.tries, record.refused, record.answer_lost, record.proof, record.expires_at,
                  record.wait);
    return number_of(at, std::move(add));
}

namespace {

/// Gives the row's number; zero: somebody holds the account.
task<std::uint64_t> add_unless_held(transaction& at, const revocation_record& record, wall_time now) {
    const user_id nobody;
    const bool held = co_await is_held(at, record.account, record.app, nobody, now);
    if (held) co_return 0;
    co_return co_await add_revocation(at, record);
}

/// `false`: somebody holds the account under this app, and no revocation of it waits any more.
task<bool> unless_held(transaction& at, const revocation_record& seen, const std::string& app,
                       wall_time now) {
    const user_id nobody;
    const bool held = co_await is_held(at, seen.account, app, nobody, now);
    if (held) co_await drop_revocations_of(at, seen.account, seen.app);
    co_return !held;
}

/// Under any app, proven or not.
task<bool> is_connected_to(transaction& at, const user_id& user, const open_id& account) {
    statement ask(
        "SELECT CAST(1 AS BIGINT) AS found WHERE EXISTS "
        "(SELECT 1 FROM connections WHERE user_id = $1 AND open_id = $2) OR EXISTS "
        "(SELECT 1 FROM other_app_connections WHERE user_id = $1 AND open_id = $2)",
        user, account);
    co_return co_await number_of(at, std::move(ask)) > 0;
}

/// `drop` deletes the row of what was seen; `false`: it is not as it was seen any more.
template <class Seen>
task<bool> put_in_place(transaction& at, task<bool> (*drop)(transaction&, const Seen&), const Seen& seen,
                        const revocation_record& record, wall_time now) {
    const bool first = co_await drop(at, seen);
    if (first) static_cast<void>(co_await add_unless_held(at, record, now));
    co_return first;
}

} // namespace

task<result<void>> revocations::put(revocation_record record, wall_time now, deadline until) {
    return run(engine_, unit::of(record.account), until, [=](transaction& at) -> task<void> {
        static_cast<void>(co_await add_unless_held(at, record, now));
    });
}

task<result<bool>> revocations::put_in_place_of(pending_grant_record seen, revocation_record record,
                                                wall_time now, deadline until) {
    return run(engine_, unit::of(record.account), until,
               [=](transaction& at) { return put_in_place(at, &drop_waiting, seen, record, now); });
}

task<result<bool>> revocations::put_in_place_of(import_proof_record seen, revocation_record record,
                                                wall_time now, deadline until) {
    return run(engine_, unit::of(record.account), until,
               [=](transaction& at) { return put_in_place(at, &drop_unfinished, seen, record, now); });
}

task<result<std::vector<revocation_record>>> revocations::due(std::string app, std::uint32_t tries_below,
                                                              std::uint32_t limit, deadline until) {
    statement ask("SELECT number, " REVOCATION_COLUMNS
                  " FROM revocations WHERE app = $1 AND next_at <= (SELECT now_ms()) AND tries < $2 "
                  "ORDER BY next_at LIMIT $3",
                  app, tries_below, limit);
    return run(engine_, unit::reads(), until, &all_of<revocation_record>, std::move(ask));
}

task<result<bool>> revocations::claim(revocation_record seen, std::string app, milliseconds wait,
                                      wall_time now, deadline until) {
    return run(engine_, unit::of(seen.account), until, [=](transaction& at) -> task<bool> {
        const bool wanted = co_await unless_held(at, seen, app, now);
        if (!wanted) co_return false;
        statement claim(
            "UPDATE revocations SET tries = tries + 1, next_at = now_ms() + $1 "
            "WHERE number = $2 AND open_id = $3 AND tries = $4",
            wait, seen.number, seen.account, seen.tries);
        co_return co_await changes_rows(at, std::move(claim));
    });
}

task<result<std::uint64_t>> revocations::replace(revocation_record anew, wall_time now, deadline until) {
    return run(engine_, unit::of(anew.account), until, [=](transaction& at) -> task<std::uint64_t> {
        statement put(
            "UPDATE revocations SET app = $1, sealed_tokens = $2, refused = $3, answer_lost = $4, "
            "proof = $5, expires_at = $6, tries = $7 WHERE number = $8 AND open_id = $9",
            anew.app, blob(anew.sealed_tokens), anew.refused, anew.answer_lost, anew.proof, anew.expires_at,
            anew.tries, anew.number, anew.account);
        const bool is_there = co_await changes_rows(at, std::move(put));
        if (is_there) co_return anew.number;
        co_return co_await add_unless_held(at, anew, now);
    });
}

task<result<bool>> revocations::renew(revocation_record anew, wall_time now, deadline until) {
    return run(engine_, unit::of(anew.account), until, [=](transaction& at) -> task<bool> {
        statement renew(
            "UPDATE revocations SET app = $1, sealed_tokens = $2, refused = 0, answer_lost = 0, "
            "proof = 'pair', expires_at = $3 WHERE open_id = $4 AND (app = $1 OR app = '') AND user_id = $5 "
            "AND version = $6",
            anew.app, blob(anew.sealed_tokens), anew.expires_at, anew.account, anew.user, anew.version);
        const bool waits = co_await changes_rows(at, std::move(renew));
        if (waits) co_return true;
        const bool connected = co_await is_connected_to(at, anew.user, anew.account);
        if (connected) co_return false;
        co_return co_await add_unless_held(at, anew, now) > 0;
    });
}

task<result<void>> revocations::note_trouble(revocation_record seen, deadline until) {
    statement note(
        "UPDATE revocations SET refused = $1, answer_lost = $2 "
        "WHERE number = $3 AND open_id = $4 AND sealed_tokens = $5",
        seen.refused, seen.answer_lost, seen.number, seen.account, blob(seen.sealed_tokens));
    return run(engine_, unit::writes(), until, &execute, std::move(note));
}

task<result<revoke_verdict>> revocations::judge(revocation_record seen, wall_time now, deadline until) {
    using enum revoke_verdict;
    return run(engine_, unit::of(seen.account), until, [=](transaction& at) -> task<revoke_verdict> {
        const bool wanted = co_await unless_held(at, seen, seen.app, now);
        if (!wanted) co_return held;
        statement ask("SELECT count(*) FROM revocations WHERE number = $1 AND open_id = $2", seen.number,
                      seen.account);
        const bool is_there = co_await number_of(at, std::move(ask)) > 0;
        if (!is_there) co_return gone;
        const bool doubtful = co_await is_held_doubtfully(at, seen.account, seen.app, now);
        co_return doubtful ? held_doubtfully : allowed;
    });
}

task<result<void>> revocations::remove(revocation_record seen, deadline until) {
    statement drop("DELETE FROM revocations WHERE number = $1 AND open_id = $2 AND sealed_tokens = $3",
                   seen.number, seen.account, blob(seen.sealed_tokens));
    return run(engine_, unit::writes(), until, &execute, std::move(drop));
}

} // namespace gateway::store
