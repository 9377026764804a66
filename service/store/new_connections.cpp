// How a new grant becomes a user's connection (connections.hpp).
#include "store/account_holders.hpp"
#include "store/connection_columns.hpp"
#include "store/connections.hpp"
#include "store/import_proofs.hpp"
#include "store/logins.hpp"
#include "store/outgoing_event.hpp"
#include "store/queries.hpp"

namespace gateway::store {

#define VERSION_FLOOR "SELECT value FROM counters WHERE name = 'version_floor'"

namespace {

using end_kind = grant_end::kind;

/// `false`: it is gone, or is not what it was any more.
task<bool> use_up(transaction& at, const grant_permit& permit) {
    if (permit.claimed) co_return co_await drop_waiting(at, *permit.claimed);
    if (!permit.state_hash.empty()) co_return co_await use_login(at, permit.state_hash);
    co_return true;
}

/// TikTok has named the account for an access token, which says nothing about the refresh token: it must not
/// replace a pair that TikTok gave.
bool would_replace_given_pair(const connection_record& record,
                              const std::optional<connection_summary>& there) {
    return record.proof == account_proof::access_token && there && there->app == record.app
           && there->proof == account_proof::pair && is_in_use(*there)
           && there->refresh_expires_at > record.updated_at;
}

/// Why there is no room for one user more; nothing: there is.
task<std::optional<end_kind>> judge_room(transaction& at, const connection_record& record) {
    const auto others = co_await users_besides(at, record, record.proof, users_of_account_max);
    if (others < users_of_account_max) co_return std::nullopt;
    if (record.proof != account_proof::access_token) co_return end_kind::account_full;
    const auto pairs = co_await users_besides(at, record, account_proof::pair, users_of_account_max);
    co_return pairs < users_of_account_max ? end_kind::needs_pair : end_kind::account_full;
}

/// Why the grant is not stored; nothing: it may be, and its permit is used up.
task<std::optional<end_kind>> judge_grant(transaction& at, const connection_record& record,
                                          const std::optional<connection_summary>& there,
                                          const grant_permit& permit) {
    if (permit.was_connected && !there) co_return end_kind::permit_gone;
    if (!permit.import_hash.empty()) {
        const bool conflicts =
            co_await import_conflicts(at, permit.import_hash, permit.import_has_pair, record, there);
        if (conflicts) co_return end_kind::imported_before;
    }
    if (would_replace_given_pair(record, there)) co_return end_kind::needs_pair;
    const auto no_room = co_await judge_room(at, record);
    if (no_room) co_return no_room;
    // After everything else that refuses the grant.
    if (permit.is_allowed && !permit.is_allowed()) co_return end_kind::not_allowed;
    const bool used = co_await use_up(at, permit);
    if (!used) co_return end_kind::permit_gone;
    co_return std::nullopt;
}

/// Who holds its account is judged at each try, and a grant of it that comes meanwhile deletes the row.
task<void> add_replaced_to_revocations(transaction& at, const connection_record& record,
                                       const std::optional<connection_summary>& there,
                                       const std::optional<revocation_record>& pair) {
    if (!pair || pair->sealed_tokens.empty() || !there || !is_in_use(*there)) co_return;
    if (there->app != record.app || there->account == record.account) co_return;
    static_cast<void>(co_await add_revocation(at, *pair));
}

/// Whether a caller who knew `there` sees another connection now.
bool shows_change(const connection_record& record, const std::optional<connection_summary>& there) {
    if (record.state != connection_state::connected) return false;
    return !there || there->state != record.state || there->account != record.account
           || there->scopes != record.scopes || there->app != record.app;
}

/// In place of `there`, and with what follows from it.
task<void> store_grant(transaction& at, const connection_record& record,
                       const std::optional<connection_summary>& there, const grant_permit& permit) {
    const bool holds = record.proof == account_proof::pair; // else it is tried before they are
    if (holds) co_await drop_revocations_of(at, record.account, record.app);
    co_await add_replaced_to_revocations(at, record, there, permit.replaced);
    if (there && there->app != record.app) { // of no app: it may be of another one, too
        co_await put_beside(at, record.user);
        co_await write_connection(at, record);
    } else {
        co_await replace_connection(at, record);
    }
    statement older("DELETE FROM other_app_connections WHERE user_id = $1 AND app = $2", record.user,
                    record.app);
    co_await execute(at, std::move(older));
    co_await execute(at, statement("DELETE FROM refresh_intents WHERE user_id = $1", record.user));
    if (!permit.import_hash.empty()) co_await complete_import(at, permit.import_hash, record);
    if (shows_change(record, there))
        co_await add_connection_event(at, event_type::connection_connected, record.user, record.account, {},
                                      record.updated_at);
}

} // namespace

task<result<std::uint64_t>> connections::version_floor(deadline until) {
    return run(engine_, unit::reads(), until, &number_of, statement(VERSION_FLOOR));
}

task<result<grant_end>> connections::put(connection_record record, std::uint64_t expected_version,
                                         grant_permit permit, deadline until) {
    const auto how = unit::of(record.user, record.account);
    return run(engine_, how, until, [=](transaction& at) -> task<grant_end> {
        const auto there = co_await hold_connection(at, record.user);
        const std::uint64_t version = there ? there->version : 0;
        std::uint64_t floor = version;
        if (!there) floor = co_await number_of(at, statement(VERSION_FLOOR));
        if (version != expected_version || record.version <= floor) co_return grant_end{end_kind::changed};
        const auto refused = co_await judge_grant(at, record, there, permit);
        if (refused) co_return grant_end{*refused};
        co_await store_grant(at, record, there, permit);
        co_return grant_end{end_kind::stored};
    });
}

} // namespace gateway::store
