// The service for connections: logins, lists, imports and disconnecting. Uses the vault for tokens and TikTok
// for OAuth; has no state of its own. One per worker, on that worker's thread. Implemented in
// connection_service.cpp (list, import), login.cpp and finish_login.cpp, waiting_grants.cpp (confirmations),
// spooled_pairs.cpp, ending.cpp, views.cpp (JSON); its parts are login_rights.hpp, importing.hpp and
// revoking.hpp.
//
// Rules:
// - A login belongs to the caller who began it: at the callback it counts what that caller may do then, and
//   what decides where the grant goes is authenticated, so that nobody can change it in the store (T20).
// - Whoever finishes a login gives their account to the user it was begun for. Where a link can be handed on,
//   the grant waits until the caller has confirmed that the returning browser is that user's.
// - A user who connects again replaces the old grant. If the login is for another TikTok account, the user
//   stays connected to the first one, whatever its state, unless the caller has allowed the replacement:
//   otherwise a person who is logged in to the wrong account would post there from now on.
// - Two users may be connected to the same TikTok account: two grants. TikTok's revocation ends the app's
//   access to the whole account, so disconnecting one user revokes at TikTok only when nobody else holds that
//   account (store/account_holders.hpp), and otherwise only deletes the tokens here (T22).
// - A connection of another TikTok app is shown as `reconnect_required`, cause `other_app` (V15).
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "connections/callback_page.hpp"
#include "connections/importing.hpp"
#include "connections/login_outcome.hpp"
#include "connections/login_rights.hpp"
#include "connections/revoking.hpp"
#include "connections/uncut_work.hpp"
#include "runtime/task.hpp"
#include "settings/settings.hpp"
#include "store/connection_record.hpp"
#include "store/logins.hpp"
#include "store/role.hpp"
#include "vault/pair_spool.hpp"
#include "vault/token_set.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gateway::store {
class connections;
class pending_grants;
struct grant_permit;
struct pending_grant_record;
} // namespace gateway::store
namespace gateway::telemetry {
class sink;
}
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
    std::vector<std::string> scopes;            // empty: those of the settings
    std::string return_url;                     // empty: the gateway's own page
    std::optional<bool> disable_auto_auth = {}; // not given: true where nothing is confirmed
    bool replace_account = false;               // another account may replace the connected one
    bool confirm = false; // the grant waits for the caller's confirmation; needs a return_url
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
    std::string_view reason = {}; // of a refusal (docs/contract.md §6)
    std::string log_id = {};      // TikTok's, of the exchange
};

/// How a login ended, for its page, the log and the counters.
struct login_end {
    login_result result = login_result::unavailable;
    std::optional<refusal_words> words = {}; // where those of the result are not enough
    std::string account_name = {};           // of the TikTok account, where it is known
    std::string scopes = {};                 // granted; comma list
    tiktok_error_text tiktok = {};           // what TikTok said
    std::string cause = {};                  // what else the operator should know; contains no secret
    bool waits_on_disk = false;              // `unavailable`: it goes on by itself when the store takes it
};

/// The result of storing a grant.
struct stored_grant {
    login_result result = login_result::unavailable; // connected, or why not
    std::string scopes = {};
    std::optional<failure> why = {}; // of `unavailable`
};

struct disconnected {
    bool revoked_at_tiktok = false;
    std::string_view reason; // if not: used_by_another_user, other_app, already_ended, tiktok_unreachable
};

/// The display name of a connected user's TikTok account; empty if it is not known in time.
using find_account_name = std::function<task<std::string>(user_id user, deadline until)>;

/// How logins are begun: of the settings.
struct login_settings {
    std::string authorize_url;
    std::string public_url; // of this gateway: a return_url may lie under it
    std::vector<std::string> scopes;
    std::string pkce; // hex, base64url, off
};

class connection_service {
public:
    /// `whose` asks TikTok for the account of an imported token. `counts` counts and logs the ends of logins,
    /// or is null; `account_name` is for the pages.
    connection_service(store::connections& connections, store::logins& begun, store::pending_grants& pending,
                       vault::token_vault& vault, tiktok::oauth& ask, tokens::token_service& tokens,
                       login_settings logins, store::refreshes& leases, ask_account whose,
                       telemetry::sink* counts = nullptr, find_account_name account_name = {});

    /// Who may call from now on; before that nobody, so that no login can be finished.
    void change_callers(find_caller callers) { rights_->change_callers(std::move(callers)); }

    /// While it is false, the callback answers `unavailable` and uses nothing up. It outlives the service.
    void wait_for_store(const std::atomic<bool>& is_there) { store_is_there_ = &is_there; }

    /// invalid_input with fields (scopes, return_url).
    task<result<login_start>> start(const settings::caller& by, user_id user, login_options options,
                                    wall_time now, deadline until);
    /// Always gives a page, never a failure, because the client is a browser.
    task<callback_end> callback(callback_query query, wall_time now, deadline until);
    /// Connects the grant that waits under this confirmation for this caller and user. invalid_input: there
    /// is none, with the same text whatever the reason; or it is for another account, or one that is full.
    /// in_progress: another call has begun to confirm it. forbidden: the caller may do so no more.
    task<result<store::connection_summary>> confirm(const settings::caller& by, user_id user,
                                                    std::string confirmation, wall_time now, deadline until);
    /// Ends waiting grants, and imports that were never completed, whose time is over; where nobody else
    /// holds the account, they are revoked at TikTok by retry_revocations(). Called periodically by the
    /// service; gives their number.
    task<result<std::size_t>> sweep_unfinished(wall_time now, deadline until);

    /// TikTok's flat token answer (docs/tiktok-wire.md §1.2) as body, or one from another store: an expired
    /// access token is refreshed. TikTok is asked whose they are first. malformed_json, invalid_input, and
    /// the failures of that question.
    task<result<store::connection_summary>> import_tokens(user_id user, std::string body, wall_time now,
                                                          deadline until, caller_name by = {});

    task<result<store::page_of<store::connection_summary>>> list(const settings::caller& by,
                                                                 std::string cursor, std::uint32_t limit,
                                                                 deadline until);
    task<result<store::connection_summary>> show(user_id user, deadline until);
    /// Users of this caller of whom TikTok has said that they are connected to that account; those without
    /// doubt first.
    task<result<std::vector<store::connection_summary>>> of_account(const settings::caller& by,
                                                                    open_id account, deadline until);
    /// Deletes the connection, and revokes it at TikTok if nobody else holds the account (with a refresh
    /// before it, and a few tries); if TikTok does not answer, the sealed pair is kept for later tries.
    task<result<disconnected>> disconnect(user_id user, wall_time now, deadline until, caller_name by = {});
    /// Those tries, of all replicas; called periodically.
    task<result<revocation_round>> retry_revocations(deadline until);
    /// Stores pairs of imports and logins that wait on this replica's disk; called periodically by the
    /// service.
    task<result<void>> store_spooled(deadline until);
    /// No refresh of an import or a revocation begins any more; drain() waits for those that have begun,
    /// which have their own deadlines. On the worker's thread.
    void begin_drain() { uncut_.begin_drain(); }
    task<void> drain(deadline until) { return uncut_.wait_empty(until); }
    /// TikTok's webhook `authorization.removed`; gives the number of affected users. `reason`:
    /// docs/tiktok-wire.md §7. `happened_at`, the event's create_time in whole seconds: a grant that may be
    /// newer is kept (T19, a late event).
    task<result<std::size_t>> on_authorization_removed(open_id account, std::int64_t reason,
                                                       wall_time happened_at, wall_time now, deadline until);

private:
    // login.cpp
    task<result<std::optional<store::oauth_state_record>>> take_login(std::string state_hash, wall_time now,
                                                                      deadline until);
    /// `noted`: what became of it, if it has ended.
    callback_end show_again(const store::oauth_state_record& login, std::string_view noted,
                            const std::string& code) const;
    /// For show_again().
    task<void> keep_outcome(store::oauth_state_record login, const login_outcome& outcome);
    void report(const user_id& user, const caller_name& caller, const login_end& end) const;

    // finish_login.cpp
    /// Finishes a login that was taken. `page`: its salt, and what proves the code, of which both a
    /// confirmation and the page that is loaded again are made.
    task<login_end> finish(const store::oauth_state_record& login, secret verifier,
                           const callback_query& query, const login_outcome& page, wall_time now,
                           deadline until);
    /// TikTok has answered, so the store has a time of its own.
    task<login_end> keep_grant(const store::oauth_state_record& login, vault::fresh_tokens fresh,
                               secret confirmation, wall_time now);
    /// Without a confirmation. not_allowed: nothing is used up, and it may still wait for one.
    task<login_end> connect_at_once(const store::oauth_state_record& login, const vault::fresh_tokens& fresh,
                                    wall_time now);
    /// Stores it as the user's connection. link_spent: what allows it is gone. not_allowed: is_allowed() of
    /// the permit says no.
    task<stored_grant> store_grant(user_id user, vault::fresh_tokens fresh, store::grant_permit permit,
                                   bool replace_account, wall_time now, deadline until);

    // spooled_pairs.cpp
    /// A copy on the disk until the store has the grant. `page`: whose page tells of it.
    vault::spooled_copy keep_copy(const store::oauth_state_record& login, const login_outcome& page,
                                  const vault::fresh_tokens& fresh, wall_time now);
    task<result<void>> finish_spooled(vault::spooled_copy copy, deadline until);

    // waiting_grants.cpp
    /// Keeps the grant, sealed, until the confirmation comes.
    task<login_result> keep_waiting(const store::oauth_state_record& login, const vault::fresh_tokens& fresh,
                                    secret confirmation, wall_time now, deadline until);
    /// For a confirmation that could not claim its grant.
    task<failure> not_claimed(std::string confirmation_hash, caller_name caller, user_id user, wall_time now,
                              deadline until);
    task<result<vault::fresh_tokens>> open_claimed(const store::pending_grant_record& grant, wall_time now,
                                                   deadline until);
    /// The page of that login, when it is loaded again, tells this.
    task<void> note_end(std::string state_hash, login_result result, wall_time now);
    /// `false`: another replica was first, or somebody confirms it.
    task<result<bool>> end_unconfirmed(const store::pending_grant_record& grant, wall_time now,
                                       deadline until);

    // ending.cpp
    task<result<disconnected>> end_connection(user_id user, wall_time now, deadline until);
    /// The pair of a user who is disconnected, with a valid access token if possible.
    struct revocable {
        vault::shared_tokens tokens;
        bool has_grant = false; // as far as known, TikTok still accepts it
        bool tiktok_is_away = false;
    };
    task<revocable> make_revocable(vault::shared_tokens seen, wall_time now, deadline until);

    store::connections& connections_;
    store::logins& begun_;           // until the browser comes back
    store::pending_grants& pending_; // until the caller confirms
    vault::token_vault& vault_;
    tiktok::oauth& ask_;
    tokens::token_service& tokens_;
    const login_settings logins_;
    const std::shared_ptr<login_rights> rights_; // after logins_
    uncut_work uncut_;                           // before those who begin it
    importer importing_;
    revoker revoking_;
    telemetry::sink* const counts_;
    const find_account_name account_name_;
    const std::atomic<bool>* store_is_there_ = nullptr; // null: it is
};

} // namespace gateway::connections
