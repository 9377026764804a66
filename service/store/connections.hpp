// The links of users to their TikTok accounts, each with its newest token pair, the replaced pairs, and the
// pairs of other TikTok apps, which wait beside until the gateway runs under that app again. A role of the
// store; any thread. Implemented in connections.cpp, new_connections.cpp (put, version_floor),
// account_holders.cpp (doubtful_holders), ends_of_connections.cpp and other_app_connections.cpp.
#pragma once
#include "store/connection_record.hpp"
#include "store/pending_grants.hpp"
#include "store/revocations.hpp"
#include "store/role.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gateway::store {

class change_listener;

/// At most so many users hold one account under one app.
inline constexpr std::uint64_t users_of_account_max = 50;

/// What allows a new grant, and is used up with it: one of them.
struct grant_permit {
    grant_permit() = default;                    // gcc 12 destroys a temporary aggregate of a co_await twice
    std::string state_hash;                      // of the login that was taken
    std::optional<pending_grant_record> claimed; // the waiting grant that is confirmed, as it was claimed
    std::string import_hash;                     // of the proof of the import, which is complete then
    // What else decides about the grant:
    bool import_has_pair = false; // it is the pair that waits under import_hash
    bool was_connected = false;   // its user had a connection when the import began
    /// The connection's pair of another account, which the grant replaces: to be revoked, and nobody has
    /// tried yet. Nothing, or not sealed: there is nothing to revoke with.
    std::optional<revocation_record> replaced;
    /// Asked inside the transaction that stores the grant, on the store's thread, before anything is changed:
    /// it must not wait or use the store; what it throws fails the unit. `false`: not_allowed. Empty: it is
    /// allowed.
    std::function<bool()> is_allowed;
};

/// The end of a write of a new grant. `changed`: another writer was faster. `account_full`:
/// users_of_account_max others hold the account. `imported_before`: import_conflicts() in import_proofs.hpp.
/// `permit_gone`: its user was disconnected meanwhile, or it was used or given up. `not_allowed`:
/// is_allowed() says no, and the permit is not used up. `needs_pair`: TikTok has only named the account for
/// the access token of an import, and only a pair that it gives is taken here: one that it gave would be
/// replaced, or so many others hold the account that the rest is room for pairs.
struct grant_end {
    enum class kind { changed, stored, account_full, imported_before, permit_gone, not_allowed, needs_pair };
    kind what = kind::changed;
    explicit operator bool() const { return what == kind::stored; }
};

/// What of a user ends, as it was seen before: each pair as the revocation that takes its place. One that is
/// not sealed is only deleted, because there is nothing to revoke with.
struct leaving_user {
    user_id user;
    std::uint64_t version = 0; // of the connection; zero: there is none
    std::string running_app; // of this process; who holds the account of a pair of no app holds it under this
    revocation_record pair;  // of the connection
    std::vector<revocation_record> beside; // of each that waits beside, in order of their apps
};

/// The end of a user's connection. `changed`: it is not as it was seen any more, and stays. `absent`: there
/// is none; if none was seen, all the rest of the user has ended.
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
    /// Users who hold this account only if TikTok takes their refresh token, which it has not done yet
    /// (imports, connections of earlier versions) or not for the lifetime of an access token, also those who
    /// wait beside; at most users_of_account_max.
    task<result<std::vector<connection_summary>>> doubtful_holders(open_id account, std::string app,
                                                                   wall_time now, deadline until);
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
    /// own version is above it and above the floor. The previous pair is kept, that of another app beside,
    /// and that of another account becomes a revocation; an open intent ends, and the account's waiting
    /// revocations too.
    task<result<grant_end>> put(connection_record record, std::uint64_t expected_version, grant_permit permit,
                                deadline until);
    /// Never brings a revoked connection back.
    task<result<bool>> set_state(user_id user, std::uint64_t version, connection_state state,
                                 std::string cause, wall_time now, deadline until);
    /// TikTok has ended the app's access to the account: sets the state `revoked` of the users that were
    /// connected to it before `happened_at`, also of a connection that waits beside, and deletes their pairs;
    /// a portion of them, so call it until it gives none.
    task<result<std::vector<user_id>>> revoke(open_id account, std::string app, wall_time happened_at,
                                              std::string cause, wall_time now, deadline until);
    /// Deletes the connection, its kept pairs, those of other apps, its intent, its running logins and what
    /// is known of its imports; a grant that waits for its confirmation is over. In the same unit the pair
    /// is moved to the revocations if nobody else holds the account under its app, and those of other apps
    /// are moved there in any case: who holds their accounts is judged when they are tried.
    task<result<connection_end>> end(leaving_user seen, wall_time now, deadline until);

    /// The user's pair of this app that waits beside the one of another app.
    task<result<std::optional<connection_record>>> find_beside(user_id user, std::string app, deadline until);
    /// All that wait beside the user's connection, in order of their apps.
    task<result<std::vector<connection_record>>> find_all_beside(user_id user, deadline until);
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
    /// The same for such a row that waits beside. `false` also if the user has a pair of this app.
    task<result<bool>> bind_beside(connection_record seen, std::string app, std::string sealed_anew,
                                   deadline until);
    /// Deletes such a row.
    task<result<void>> drop_beside(connection_record seen, deadline until);

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
/// that waits beside, which is of this app then, also if it was of none. `false`: there is none of that
/// version.
task<bool> refresh_beside(transaction& at, const connection_record& record, std::uint64_t expected_version);
// Between the files of this role:
task<void> write_connection(transaction& at, const connection_record& record);
/// Moves the present connection, of another app or of none, to those that wait beside.
task<void> put_beside(transaction& at, const user_id& user);
/// The same update as connections::revoke() for those that wait beside; gives their users.
task<std::vector<user_id>> revoke_beside(transaction& at, const open_id& account, const std::string& app,
                                         wall_time happened_at, const std::string& cause, wall_time now);
/// Whether these are the pairs that wait beside the user's connection. They cannot change until the unit
/// ends.
task<bool> hold_beside(transaction& at, const user_id& user, const std::vector<revocation_record>& seen);
/// Deletes everything around a connection that ends.
task<void> forget_pairs_around(transaction& at, const user_id& user);

} // namespace gateway::store
