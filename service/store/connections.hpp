// The links of users to their TikTok accounts, each with its newest token pair, the replaced pairs, and the
// pairs of other TikTok apps, which wait beside until the gateway runs under that app again. A role of the
// store; any thread. Implemented in connections.cpp, ends_of_connections.cpp and other_app_connections.cpp.
#pragma once
#include "store/connection_record.hpp"
#include "store/role.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway::store {

class change_listener;
struct revocation_record;

/// At most so many users hold one account under one app.
inline constexpr std::uint64_t users_of_account_max = 50;

/// The end of a write of a new grant. None of them: another writer was faster.
struct grant_end {
    bool stored = false;
    bool account_full = false;    // users_of_account_max others hold the account
    bool imported_before = false; // was_imported() in import_proofs.hpp
    explicit operator bool() const { return stored; }
};

/// The end of a user's connection. `changed`: it is not the one that was seen any more, and stays.
struct connection_end {
    enum class kind { absent, changed, held_by_others, alone } what = kind::absent;
    std::uint64_t revocation = 0; // the number of the row that was added
};

/// Writes compare the version first: `false` means that another writer was faster.
class connections : private role {
public:
    using role::role;

    task<result<std::optional<connection_record>>> find(user_id user, deadline until);
    /// Without the sealed pair.
    task<result<std::optional<connection_summary>>> find_summary(user_id user, deadline until);
    /// Users of whom TikTok itself has said that they are connected to this account of this app, in order of
    /// user_id.
    task<result<std::vector<connection_summary>>> of_account(open_id account, std::string app,
                                                             std::uint32_t limit, deadline until);
    /// Users matching one of `patterns`, in order of user_id, after `cursor` (a user_id). The cost is bounded
    /// per page: a page ends after a fixed number of rows that were compared with a pattern, or of patterns,
    /// with fewer rows than `limit`, perhaps none, and a next page.
    task<result<page_of<connection_summary>>> list(std::vector<std::string> patterns, std::string cursor,
                                                   std::uint32_t limit, deadline until);
    /// Reads the whole index, in portions that take turns with the calls: connections that change meanwhile
    /// may be counted twice or not at all.
    task<result<connections_by_state>> count_by_state(deadline until);
    /// Newest first.
    task<result<std::vector<kept_tokens_record>>> kept_tokens(user_id user, deadline until);

    /// The highest version of all deleted connections: the first pair of a new one gets the next number, so
    /// that no version of a user is ever used twice.
    task<result<std::uint64_t>> version_floor(deadline until);
    /// A new grant. Stored if the connection still has `expected_version` (0: there is none) and the record's
    /// own version is above it and above the floor. The previous pair is kept, that of another app beside;
    /// an open intent ends, and the account's waiting revocations too. `import_hash`: of the import's proof,
    /// which is complete with it.
    task<result<grant_end>> put(connection_record record, std::uint64_t expected_version, deadline until,
                                std::string import_hash = {});
    /// Never brings a revoked connection back.
    task<result<bool>> set_state(user_id user, std::uint64_t version, connection_state state,
                                 std::string cause, wall_time now, deadline until);
    /// TikTok has ended the app's access to the account: sets the state `revoked` of the users that were
    /// connected to it before `happened_at`, and deletes their pairs; a portion of them, so call it until it
    /// gives none.
    task<result<std::vector<user_id>>> revoke(open_id account, std::string app, wall_time happened_at,
                                              std::string cause, wall_time now, deadline until);
    /// Deletes the connection, its kept pairs, those of other apps, its intent, its running logins and what
    /// is known of its imports; a grant that waits for its confirmation is over.
    task<result<bool>> forget(user_id user, deadline until);
    /// The same for the connection of this account and version. If nobody else holds the account under its
    /// app, the pair is moved to the revocations in the same unit, if there is a pair in `to_revoke`.
    task<result<connection_end>> end(user_id user, std::uint64_t version, revocation_record to_revoke,
                                     wall_time now, deadline until);
    /// A refresh of this user's version has ended after the connection: its pair takes the place of the one
    /// that waits to be revoked. `false`: none waits.
    task<result<bool>> renew_revocation(revocation_record with, deadline until);

    /// The user's pair of this app that waits beside the one of another app.
    task<result<std::optional<connection_record>>> find_beside(user_id user, std::string app, deadline until);
    /// Users with such a pair, in order of user_id, after `cursor`.
    task<result<std::vector<user_id>>> list_beside(std::string app, std::string cursor, std::uint32_t limit,
                                                   deadline until);
    /// Makes the pair of `waiting_version` that waits beside, sealed anew in `record`, the user's connection
    /// again, and lets the present one of `expected_version` wait. `false`: one of them has changed.
    task<result<bool>> swap(connection_record record, std::uint64_t waiting_version,
                            std::uint64_t expected_version, deadline until);
    /// The number of connections of apps other than this one, counted in small units.
    task<result<std::uint64_t>> count_of_other_apps(std::string app, deadline until);
    /// Rows from before apps were noted, with their pairs, in order of user_id, after `cursor`.
    task<result<std::vector<connection_record>>> list_without_app(std::string cursor, std::uint32_t limit,
                                                                  deadline until);
    /// Notes the app of such a row, with its pair sealed anew. `false`: it has changed.
    task<result<bool>> bind_to_app(connection_record seen, std::string app, std::string sealed_anew,
                                   deadline until);

    /// Reports changes of connections by other replicas, until stop_listening() has returned.
    void listen(change_listener& who);
    void stop_listening(change_listener& who);
};

// For refreshes, too, in a unit of the user:
/// What a writer compares with. The row cannot change until the unit ends.
task<std::optional<connection_summary>> hold_connection(transaction& at, const user_id& user);
/// Replaces the user's connection with the record, keeps its pair as previous, and notifies.
task<void> replace_connection(transaction& at, const connection_record& record);
/// Stores a pair that is not the user's newest one, and deletes the oldest above the bound.
task<void> keep_pair(transaction& at, const kept_tokens_record& pair);
/// A refresh that began under another app than the one of the present connection: its pair goes to the one
/// that waits beside. `false`: there is none of that version.
task<bool> refresh_beside(transaction& at, const connection_record& record, std::uint64_t expected_version);
// Between the files of this role:
task<void> write_connection(transaction& at, const connection_record& record);
/// Moves the present connection, of another app, to those that wait beside.
task<void> put_beside(transaction& at, const user_id& user);
/// Deletes everything around a connection that ends.
task<void> forget_pairs_around(transaction& at, const user_id& user);

} // namespace gateway::store
