// Running logins, between the authorize URL and the callback, and what became of them until their time is
// over. A role of the store; any thread.
#pragma once
#include "store/named_value.hpp"
#include "store/role.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::store {

/// `taken`: by the one callback that may finish it. `stored`: its grant is stored. `ended`: what became of it
/// is noted.
enum class login_progress { begun, taken, stored, ended };
constexpr std::array<std::string_view, 4> names_of(login_progress) {
    return {"begun", "taken", "stored", "ended"};
}

/// Found by the hash of its state; can be taken once.
struct oauth_state_record {
    std::string state_hash; // SHA-256, 32 bytes
    caller_name caller;
    user_id user;
    /// Authenticates every other member, and whether the login has ended: then what became of it is in the
    /// verifier's place.
    std::string sealed_verifier;
    std::string return_url; // empty: the gateway's own page
    std::string scopes;     // the requested scopes
    wall_time expires_at;
    bool replace_account = false; // another account may replace the connected one
    std::string app;              // the client key of the TikTok app
    bool confirm = false;         // the grant waits for the caller's confirmation
    login_progress progress = login_progress::begun;
};

/// Inside a unit of the user: for the grant of a login that was taken, once. `false`: the login is gone,
/// because its user was disconnected.
task<bool> use_login(transaction& at, const std::string& state_hash);

class logins : private role {
public:
    using role::role;

    task<result<void>> put(oauth_state_record record, deadline until);
    /// Expired ones are absent.
    task<result<std::optional<oauth_state_record>>> find(std::string state_hash, wall_time now,
                                                         deadline until);
    /// The login, with its progress before this call: `begun` exactly once, for the call that takes it.
    /// Expired ones are absent.
    task<result<std::optional<oauth_state_record>>> take(std::string state_hash, wall_time now,
                                                         deadline until);
    /// What became of a login that was taken, for later calls of take().
    task<result<void>> note_outcome(std::string state_hash, std::string sealed_outcome, deadline until);
};

} // namespace gateway::store
