// Running logins, between the authorize URL and the callback. A role of the store; any thread.
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
    std::string sealed_verifier; // empty when PKCE is off
    std::string return_url;      // empty: the gateway's own page
    std::string scopes;          // the requested scopes
    wall_time expires_at;
    bool replace_account = false; // another account may replace the connected one
};

class logins : private role {
public:
    using role::role;

    task<result<void>> put(oauth_state_record record, deadline until);
    /// Gives and deletes it; expired ones are absent.
    task<result<std::optional<oauth_state_record>>> take(std::string state_hash, wall_time now,
                                                         deadline until);
};

} // namespace gateway::store
