// Grants of logins that wait for their caller's confirmation. One that is never confirmed becomes a
// revocation (revocations.hpp). A role of the store; any thread.
#pragma once
#include "store/role.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway::store {

/// Found by the hash of its confirmation.
struct pending_grant_record {
    std::string confirmation_hash; // SHA-256, 32 bytes
    std::string state_hash;        // of the login that brought it; empty: of none
    caller_name caller;
    user_id user;
    std::string app; // the client key of the TikTok app
    open_id account;
    std::string scopes;           // comma list, as TikTok granted it
    bool replace_account = false; // of the login
    std::string sealed_tokens;    // authenticates all of this except the last two members
    wall_time access_expires_at, refresh_expires_at;
    wall_time created_at;
    wall_time granted_at; // by TikTok's clock, if it is known
    wall_time expires_at; // may be confirmed before
    /// By the database's clock; until then only the confirmation that has begun may store it.
    wall_time reserved_until;
};

/// Inside a unit of the account: `false` if the grant is not as it was seen any more: somebody has stored it,
/// given it up or ended it, or a later confirmation has reserved it.
task<bool> drop_waiting(transaction& at, const pending_grant_record& seen);

class pending_grants : private role {
public:
    using role::role;

    /// A revocation of the same account that waits would end this grant, too, so it is forgotten. `false`:
    /// the login that brought it is gone (use_login() in logins.hpp), and nothing is stored.
    task<result<bool>> put(pending_grant_record record, deadline until);
    /// Reserves the grant that waits under this hash for this caller and user, for one confirmation of at
    /// most this length; nothing if there is none. connections::put() uses it up.
    task<result<std::optional<pending_grant_record>>> claim(std::string confirmation_hash, caller_name caller,
                                                            user_id user, wall_time now, milliseconds length,
                                                            deadline until);
    /// For how long one that claim() cannot give is reserved, of those that wait for this caller and user;
    /// nothing if there is none.
    task<result<std::optional<milliseconds>>> reserved_for(std::string confirmation_hash, caller_name caller,
                                                           user_id user, wall_time now, deadline until);
    /// It waits again, because it could not be stored.
    task<result<void>> give_back(pending_grant_record claimed, deadline until);
    task<result<void>> drop(std::string confirmation_hash, deadline until);
    /// Grants of any app whose time is over, and which no confirmation has reserved; oldest first.
    task<result<std::vector<pending_grant_record>>> due(wall_time now, std::uint32_t limit, deadline until);
    /// Deletes this app's grants of an account that TikTok has not given after `until_then`: the user has
    /// left there.
    task<result<void>> drop_of_account(open_id account, std::string app, wall_time until_then,
                                       deadline until);
};

} // namespace gateway::store
