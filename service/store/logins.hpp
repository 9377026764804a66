// Running logins, between the authorize URL and the callback, and what became of them until their time is
// over. A role of the store; any thread.
#pragma once
#include "store/role.hpp"

#include <optional>
#include <string>

namespace gateway::store {

/// Found by the hash of its state; can be taken once.
struct oauth_state_record {
    std::string state_hash; // SHA-256, 32 bytes
    caller_name caller;
    user_id user;
    std::string sealed_verifier; // authenticates every other member except the outcome
    std::string return_url;      // empty: the gateway's own page
    std::string scopes;          // the requested scopes
    wall_time expires_at;
    bool replace_account = false; // another account may replace the connected one
    std::string app;              // the client key of the TikTok app
    bool confirm = false;         // the grant waits for the caller's confirmation
    std::string outcome = {};     // empty until it is taken
};

class logins : private role {
public:
    using role::role;

    task<result<void>> put(oauth_state_record record, deadline until);
    /// Expired ones are absent.
    task<result<std::optional<oauth_state_record>>> find(std::string state_hash, wall_time now,
                                                         deadline until);
    /// The login, with its outcome before this call: empty exactly once, for the call that takes it and sets
    /// the outcome to `taken`. Expired ones are absent.
    task<result<std::optional<oauth_state_record>>> take(std::string state_hash, std::string taken,
                                                         wall_time now, deadline until);
    /// What became of a login that was taken, for later calls of take().
    task<result<void>> note_outcome(std::string state_hash, std::string outcome, deadline until);
};

} // namespace gateway::store
