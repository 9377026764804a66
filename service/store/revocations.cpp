#include "store/revocations.hpp"

#include "store/account_holders.hpp"
#include "store/import_proofs.hpp"
#include "store/pending_grants.hpp"
#include "store/queries.hpp"

namespace gateway::store {

#define REVOCATION_COLUMNS "user_id, version, app, open_id, sealed_tokens, tries, next_at"

auto columns_of(row_of<revocation_record> auto& of) {
    return columns(of.number, of.user, of.version, of.app, of.account, blob(of.sealed_tokens), of.tries,
                   of.next_at);
}

task<std::uint64_t> add_revocation(transaction& at, const revocation_record& record) {
    statement add("INSERT INTO revocations (" REVOCATION_COLUMNS
                  ") VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING number",
                  record.user, record.version, record.app, record.account, blob(record.sealed_tokens),
                  record.tries, record.next_at);
    return number_of(at, std::move(add));
}

namespace {

task<void> add_unless_held(transaction& at, const revocation_record& record, wall_time now) {
    const user_id nobody;
    const bool held = co_await is_held(at, record.account, record.app, nobody, now);
    if (!held) static_cast<void>(co_await add_revocation(at, record));
}

/// `drop` deletes the row of what was seen; `false`: it is not as it was seen any more.
template <class Seen>
task<bool> put_in_place(transaction& at, task<bool> (*drop)(transaction&, const Seen&), const Seen& seen,
                        const revocation_record& record, wall_time now) {
    const bool first = co_await drop(at, seen);
    if (first) co_await add_unless_held(at, record, now);
    co_return first;
}

} // namespace

task<result<void>> revocations::put(revocation_record record, wall_time now, deadline until) {
    return run(engine_, unit::of(record.account), until, &add_unless_held, std::move(record), now);
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

task<result<std::vector<revocation_record>>> revocations::due(std::string app, wall_time now,
                                                              std::uint32_t limit, deadline until) {
    statement ask("SELECT number, " REVOCATION_COLUMNS
                  " FROM revocations WHERE next_at <= $1 AND app = $2 ORDER BY next_at LIMIT $3",
                  now, app, limit);
    return run(engine_, unit::reads(), until, &all_of<revocation_record>, std::move(ask));
}

task<result<bool>> revocations::claim(revocation_record seen, wall_time now, wall_time again_at,
                                      deadline until) {
    return run(engine_, unit::of(seen.account), until, [=](transaction& at) -> task<bool> {
        const user_id nobody;
        const bool held = co_await is_held(at, seen.account, seen.app, nobody, now);
        if (held) {
            co_await drop_revocations_of(at, seen.account, seen.app);
            co_return false;
        }
        statement claim(
            "UPDATE revocations SET tries = tries + 1, next_at = $1 "
            "WHERE number = $2 AND open_id = $3 AND tries = $4",
            again_at, seen.number, seen.account, seen.tries);
        co_return co_await changes_rows(at, std::move(claim));
    });
}

task<result<bool>> revocations::replace(revocation_record seen, std::string sealed_anew, deadline until) {
    statement put("UPDATE revocations SET sealed_tokens = $1 WHERE number = $2 AND open_id = $3",
                  blob(sealed_anew), seen.number, seen.account);
    return run(engine_, unit::writes(), until, &changes_rows, std::move(put));
}

task<result<bool>> revocations::is_there(std::uint64_t number, open_id account, deadline until) {
    return run(engine_, unit::reads(), until, [=](transaction& at) -> task<bool> {
        statement ask("SELECT count(*) FROM revocations WHERE number = $1 AND open_id = $2", number, account);
        co_return co_await number_of(at, std::move(ask)) > 0;
    });
}

task<result<void>> revocations::remove(revocation_record seen, deadline until) {
    statement drop("DELETE FROM revocations WHERE number = $1 AND open_id = $2 AND sealed_tokens = $3",
                   seen.number, seen.account, blob(seen.sealed_tokens));
    return run(engine_, unit::writes(), until, &execute, std::move(drop));
}

} // namespace gateway::store
