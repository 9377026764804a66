// The service for connections: logins, lists, imports and disconnecting. Uses the vault for tokens and TikTok
// for OAuth; has no state of its own. One per worker, on that worker's thread. Implemented in
// connection_service.cpp (list, import), login.cpp, ending.cpp, views.cpp (JSON).
//
// Rules:
// - A user who connects again replaces the old grant. If the login is for another TikTok account, the user
//   stays connected to the first one, whatever its state, unless the caller has allowed the replacement:
//   otherwise a person who is logged in to the wrong account would post there from now on.
// - Two users may be connected to the same TikTok account: two grants. TikTok's revocation ends the app's
//   access to the whole account, so disconnecting one user revokes at TikTok only when no other user is
//   connected to that account, and otherwise only deletes the tokens here (T22).
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "settings/settings.hpp"
#include "store/connection_record.hpp"
#include "store/logins.hpp"
#include "store/role.hpp"
#include "vault/token_set.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gateway::store {
class connections;
} // namespace gateway::store
namespace gateway::vault {
class token_vault;
}
namespace gateway::tiktok {
class oauth;
}
namespace gateway::tokens {
class token_service;
}

namespace gateway::connections {

/// {"user_id","open_id","scopes":[…],"state","cause":null|"…","access_expires_at",…}; times as RFC 3339.
std::string to_json(const store::connection_summary& shown);
/// {"users":[…],"next_cursor":null|"…"}
std::string to_json(const store::page_of<store::connection_summary>& shown);

struct login_options {
    std::vector<std::string> scopes; // empty: those of the settings
    std::string return_url;          // empty: the gateway's own page
    bool disable_auto_auth = false;
    bool replace_account = false; // another account may replace the connected one
};
struct login_start {
    std::string authorize_url;
    wall_time expires_at;
};
/// {"authorize_url","expires_at"}
std::string to_json(const login_start& shown);

/// The query of /oauth/callback, decoded. Everything in it is untrusted.
struct callback_query {
    std::string code, state, scopes, error, error_description;
};
/// Must be sent with no-store, no-referrer and no-framing headers.
struct callback_page {
    int status = 200; // 200 or 400
    std::string html; // no script, no outside resource; its style is inline
};
struct callback_redirect {
    std::string to;
};
using callback_answer = std::variant<callback_page, callback_redirect>;

/// The page for the browser, and the facts for the log.
struct callback_end {
    callback_answer shown;
    user_id user; // of the login; empty if none was found
    caller_name caller;
    std::string_view reason = {}; // of a refusal that has a name (docs/contract.md §6)
};

struct disconnected {
    bool revoked_at_tiktok = false;
};

/// How logins are begun: of the settings.
struct login_settings {
    std::string authorize_url;
    std::string public_url; // of this gateway: a return_url may lie under it
    std::vector<std::string> scopes;
    std::string pkce; // hex, base64url, off
};

class connection_service {
public:
    connection_service(store::connections& connections, store::logins& begun, vault::token_vault& vault,
                       tiktok::oauth& ask, tokens::token_service& tokens, login_settings logins);

    /// invalid_input with fields (scopes, return_url).
    task<result<login_start>> start(const settings::caller& by, user_id user, login_options options,
                                    wall_time now, deadline until);
    /// Always gives a page, never a failure, because the client is a browser.
    task<callback_end> callback(callback_query query, wall_time now, deadline until);

    /// TikTok's flat token answer (docs/tiktok-wire.md §1.2) as body, or one from another store: an expired
    /// access token is refreshed. malformed_json, invalid_input.
    task<result<store::connection_summary>> import_tokens(user_id user, std::string body, wall_time now,
                                                          deadline until);

    task<result<store::page_of<store::connection_summary>>> list(const settings::caller& by,
                                                                 std::string cursor, std::uint32_t limit,
                                                                 deadline until);
    task<result<store::connection_summary>> show(user_id user, deadline until);
    /// Users of this caller who are connected to that account, in order of user_id.
    task<result<std::vector<store::connection_summary>>> of_account(const settings::caller& by,
                                                                    open_id account, deadline until);
    /// Revokes at TikTok if possible (with a refresh before it, and a few tries), and deletes the tokens in
    /// any case.
    task<result<disconnected>> disconnect(user_id user, wall_time now, deadline until);
    /// TikTok's webhook `authorization.removed`; gives the number of affected users. `reason`:
    /// docs/tiktok-wire.md §7. `happened_at`, the event's create_time in whole seconds: a grant that may be
    /// newer is kept (T19, a late event).
    task<result<std::size_t>> on_authorization_removed(open_id account, std::int64_t reason,
                                                       wall_time happened_at, wall_time now, deadline until);

private:
    /// Finishes a login that was found.
    task<callback_end> finish(const store::oauth_state_record& login, std::string code, wall_time now,
                              deadline until);
    /// For a grant that is not kept: revokes it at TikTok if no user is connected to the account; best
    /// effort.
    task<void> give_back(secret access_token, open_id account, deadline until);
    /// Whether TikTok confirmed it.
    task<bool> revoke_at_tiktok(user_id user, vault::shared_tokens tokens, wall_time now, deadline until);

    store::connections& connections_;
    store::logins& begun_; // until the browser comes back
    vault::token_vault& vault_;
    tiktok::oauth& ask_;
    tokens::token_service& tokens_;
    const login_settings logins_;
};

} // namespace gateway::connections
