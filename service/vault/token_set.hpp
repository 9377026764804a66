// One user's tokens, opened. Immutable and shared by everybody who uses it at the moment: two owners exist
// because a refresh puts a new set in place while calls still run with the old one.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/secret.hpp"
#include "store/records.hpp"
#include "vault/scope_lists.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gateway::vault {

/// What TikTok gave, on its way into the vault. An empty refresh token keeps the one we have (a refresh
/// only).
struct fresh_tokens {
    secret access_token;
    secret refresh_token;
    open_id account;
    std::string scopes; // comma list; empty: as before (a refresh only)
    milliseconds access_lifetime{0};
    milliseconds refresh_lifetime{0}; // 0: as before (a refresh only)
};

struct token_set {
    // First what every call looks at, so that it lies together: each line of memory is a miss of the
    // processor's caches where users are many.
    store::connection_state state = store::connection_state::connected;
    wall_time connected_at; // of the login or import behind it
    wall_time received_at;  // of this pair
    wall_time access_expires_at;
    secret access_token;   // empty once wiped
    shared_scopes granted; // null: none
    std::uint64_t version = 0;

    user_id user;
    open_id account;
    secret refresh_token;
    std::string cause;
    wall_time refresh_expires_at;

    const scope_list& scopes() const;

    /// A refresh gave this pair less than `age` ago: TikTok may not know it everywhere yet. Where another
    /// replica received it, its clock may be ahead of ours (Q02).
    bool renewed_within(milliseconds age, wall_time now) const {
        return received_at > connected_at && std::chrono::abs(now - received_at) < age;
    }
    bool has_scope(std::string_view name) const;
    bool usable(wall_time now) const {
        return state != store::connection_state::revoked
               && state != store::connection_state::reconnect_required && !access_token.empty()
               && now < access_expires_at;
    }
};

using shared_tokens = std::shared_ptr<const token_set>;

} // namespace gateway::vault
