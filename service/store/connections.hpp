// The links of users to their TikTok accounts, each with its newest token pair, and the replaced pairs. A
// role of the store; any thread.
#pragma once
#include "store/connection_record.hpp"
#include "store/role.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway::store {

class change_listener;

/// Writes compare the version first: `false` means that another writer was faster.
class connections : private role {
public:
    using role::role;

    task<result<std::optional<connection_record>>> find(user_id user, deadline until);
    /// Without the sealed pair.
    task<result<std::optional<connection_summary>>> find_summary(user_id user, deadline until);
    /// Two users may be connected to one account; in order of user_id.
    task<result<std::vector<connection_summary>>> of_account(open_id account, deadline until);
    /// Users matching one of `patterns`, in order of user_id, after `cursor` (a user_id). The cost is bounded
    /// per page: if rows must be compared with a pattern, a page ends after a fixed number of them, with
    /// fewer rows than `limit`, perhaps none, and a next page.
    task<result<page_of<connection_summary>>> list(std::vector<std::string> patterns, std::string cursor,
                                                   std::uint32_t limit, deadline until);
    task<result<connections_by_state>> count_by_state(deadline until);
    /// Newest first.
    task<result<std::vector<kept_tokens_record>>> kept_tokens(user_id user, deadline until);

    /// The highest version of all deleted connections: the first pair of a new one gets the next number, so
    /// that no version of a user is ever used twice.
    task<result<std::uint64_t>> version_floor(deadline until);
    /// A new grant. Stored if the connection still has `expected_version` (0: there is none) and the record's
    /// own version is above it and above the floor. The previous pair is kept; an open intent ends.
    task<result<bool>> put(connection_record record, std::uint64_t expected_version, deadline until);
    /// Never brings a revoked connection back.
    task<result<bool>> set_state(user_id user, std::uint64_t version, connection_state state,
                                 std::string cause, wall_time now, deadline until);
    /// Sets the state `revoked` and deletes every pair. `false`: no such user.
    task<result<bool>> revoke(user_id user, std::string cause, wall_time now, deadline until);
    /// Deletes the connection, its kept pairs, its intent and its running logins.
    task<result<bool>> forget(user_id user, deadline until);

    /// Reports changes of connections by other replicas, until stop_listening() has returned.
    void listen(change_listener& who);
    void stop_listening(change_listener& who);
};

// For refreshes, too, in a unit of the user:
/// What a writer compares with. The row cannot change until the unit ends.
task<std::optional<connection_summary>> hold_connection(transaction& at, const user_id& user);
/// Replaces the user's connection with the record, keeps its pair as previous, and notifies.
task<void> replace_connection(transaction& at, const connection_record& record);

} // namespace gateway::store
