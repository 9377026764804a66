#include "store/import_proofs.hpp"

#include "store/account_holders.hpp"
#include "store/queries.hpp"

#include <algorithm>

namespace gateway::store {

#define PROOF_COLUMNS "refresh_hash, app, open_id, sealed_tokens, granted_at, expires_at, user_id"
#define PUT_PROOF                                                                                         \
    "INSERT INTO import_proofs (" PROOF_COLUMNS                                                           \
    ") VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (refresh_hash) DO UPDATE SET app = $2, open_id = " \
    "$3, "                                                                                                \
    "sealed_tokens = $4, granted_at = $5, expires_at = $6, user_id = $7"

auto columns_of(row_of<import_proof_record> auto& of) {
    return columns(blob(of.refresh_hash), of.app, of.account, blob(of.sealed_tokens), of.granted_at,
                   of.expires_at, of.user);
}

task<bool> import_conflicts(transaction& at, const std::string& refresh_hash, bool has_pair,
                            const connection_record& record, const std::optional<connection_summary>& there) {
    statement ask(
        "SELECT user_id FROM import_proofs WHERE refresh_hash = $1 "
        "AND (user_id = '' OR (app = $2 AND expires_at > $3))", // a pair that waits counts also after its
                                                                // day: it is the only copy
        blob(refresh_hash), record.app, record.updated_at);
    const auto owner = co_await first_of<user_id>(at, std::move(ask));
    const bool waits = owner && owner->empty();
    if (has_pair) co_return !waits; // the pair that waited was completed or given up meanwhile
    if (waits) co_return true;      // that pair has to be completed first
    if (!owner) co_return false;
    if (*owner != record.user) co_return true;
    co_return there && !is_of_another_app(*there, record.app) && is_in_use(*there);
}

task<void> complete_import(transaction& at, const std::string& refresh_hash,
                           const connection_record& record) {
    const auto until = std::max(record.updated_at + import_proof_time, record.refresh_expires_at);
    const import_proof_record done{refresh_hash,        record.app, record.account, {},
                                   record.connected_at, until,      record.user};
    statement put(PUT_PROOF, columns_of(done));
    co_await execute(at, std::move(put));
    statement drop(
        "DELETE FROM import_proofs WHERE user_id = $1 AND refresh_hash <> $2 AND (expires_at, refresh_hash) "
        "<= (SELECT expires_at, refresh_hash FROM import_proofs WHERE user_id = $1 "
        "ORDER BY expires_at DESC, refresh_hash DESC LIMIT 1 OFFSET 5)",
        record.user, blob(refresh_hash));
    co_await execute(at, std::move(drop));
}

task<bool> drop_unfinished(transaction& at, const import_proof_record& seen) {
    return changes_rows(at, statement("DELETE FROM import_proofs WHERE refresh_hash = $1 AND user_id = '' "
                                      "AND expires_at = $2",
                                      blob(seen.refresh_hash), seen.expires_at));
}

task<void> forget_imports(transaction& at, const user_id& user) {
    return execute(at, statement("DELETE FROM import_proofs WHERE user_id = $1", user));
}

task<result<std::optional<import_proof_record>>> import_proofs::find(std::string refresh_hash,
                                                                     std::string app, wall_time now,
                                                                     deadline until) {
    statement ask("SELECT " PROOF_COLUMNS
                  " FROM import_proofs WHERE refresh_hash = $1 AND app = $2 AND expires_at > $3",
                  blob(refresh_hash), app, now);
    return run(engine_, unit::reads(), until, &first_of<import_proof_record>, std::move(ask));
}

task<result<void>> import_proofs::put(import_proof_record record, deadline until) {
    return run(engine_, unit::of(record.account), until, [=](transaction& at) -> task<void> {
        co_await drop_revocations_of(at, record.account, record.app);
        co_await execute(at, statement(PUT_PROOF, columns_of(record)));
    });
}

task<result<std::vector<import_proof_record>>> import_proofs::due(wall_time now, std::uint32_t limit,
                                                                  deadline until) {
    statement ask("SELECT " PROOF_COLUMNS
                  " FROM import_proofs WHERE expires_at <= $1 AND user_id = '' AND open_id <> '' "
                  "ORDER BY expires_at LIMIT $2",
                  now, limit);
    return run(engine_, unit::reads(), until, &all_of<import_proof_record>, std::move(ask));
}

task<result<void>> import_proofs::drop_of_account(open_id account, std::string app, wall_time until_then,
                                                  deadline until) {
    statement drop(
        "DELETE FROM import_proofs WHERE open_id = $1 AND app = $2 AND user_id = '' AND granted_at <= $3",
        account, app, until_then);
    return run(engine_, unit::writes(), until, &execute, std::move(drop));
}

} // namespace gateway::store
