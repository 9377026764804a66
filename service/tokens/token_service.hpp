// Gives a user's valid access token: from memory on the hot path, refreshed before it expires, with exactly
// one refresh in flight per user. Shared by all workers; every refresh runs as a separate task on one worker,
// the home worker, so a caller that is cancelled never cancels it. Owned by the service.
//
// One refresh: lease → intent durable → request → new pair durable (the old kept) → used.
#pragma once
#include "base/clock.hpp"
#include "base/fair_share.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "vault/token_set.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gateway {
class worker;
}
namespace gateway::store {
class refreshes;
}
namespace gateway::vault {
class token_vault;
}
namespace gateway::telemetry {
class sink;
}
namespace gateway::tiktok {
class oauth;
}

namespace gateway::tokens {

/// The result of a refresh: the labels of token_refreshes_total.
enum class refresh_result {
    refreshed,
    scope_reduced, // refreshed, but TikTok granted fewer scopes: calls that need the others are refused
    invalid_grant, // the user has to connect again
    app_refused,   // TikTok refuses the app's key or secret, so it says nothing about the user
    refused,       // TikTok refuses the request: a fault of the gateway's
    lost,          // the answer was lost: in doubt, or final (rotation_response_lost)
    try_later,     // TikTok's token endpoint failed; retried after a backoff
    wrong_account, // the answer was for another open_id: not stored, raises an alert
    superseded,    // something newer was stored first: a pair, a grant, a revocation
    store_failed   // nothing was sent, or the new pair could not be made durable
};
std::string_view name_of(refresh_result result);

/// `renewed`: a newer pair is stored. `refused`: TikTok gave none for this one. `not_known`: it was not
/// asked, or its answer says nothing about this pair.
enum class renewal { renewed, refused, not_known };

struct token_service_settings {
    double refresh_per_second = 10;
    milliseconds refresh_ahead{300'000};   // cut to half the lifetime
    milliseconds request_timeout{15'000};  // one request to the token endpoint
    milliseconds lease_length{60'000};     // store::lease_length
    milliseconds propagation_grace{3'000}; // for this time a 401 for a pair of a refresh means "not yet"…
    milliseconds young_token_age{
        60'000}; // …and for this time an invalid_grant for it is not final, and a 401 causes no other refresh
    milliseconds certain{10'000};          // a refused pair is not given up while it is younger
    const caller_count* callers = nullptr; // who share the turns of refreshes; null: one
};

class token_service {
public:
    /// `ask` belongs to `home` and is used on its thread only. `counts` counts the end of each refresh, or
    /// is null.
    token_service(worker& home, tiktok::oauth& ask, vault::token_vault& vault, store::refreshes& refreshes,
                  token_service_settings settings, telemetry::sink* counts = nullptr);
    ~token_service();

    /// Prefetches for a call of ready() that follows soon. Any thread.
    void prefetch(const user_id& user) const;
    /// The hot path: the set in memory if it needs no refresh. Null: call access(). Any thread.
    vault::shared_tokens ready(const user_id& user, wall_time now) const;

    /// A set whose access token is valid now. user_not_connected, reconnect_required (with the cause),
    /// vault_unavailable, deadline_exceeded, the token endpoint's failure (app_refused, too) if no valid
    /// token is left, or overloaded if too many refreshes wait, or those of `by` have their share. Any
    /// worker.
    task<result<vault::shared_tokens>> access(user_id user, deadline until, sharer by);

    /// Call when TikTok itself answered 401 to a call of `kind` with the tokens of `refused` (the number of a
    /// tiktok::endpoint, as noted in the set when TikTok accepts it). Gives another set, or the same one
    /// after a pause if it is so new that some of TikTok's servers may not accept it yet; tiktok_error with
    /// the time to wait while another refresh would not help; reconnect_required, which is also stored, when
    /// only a new login helps (classify_refusal). Any worker.
    task<result<vault::shared_tokens>> refresh_after_401(user_id user, vault::shared_tokens refused,
                                                         unsigned kind, deadline until, sharer by);

    /// Refreshes the pair of `version` now, even if it is valid, unless a backoff blocks it. Any worker.
    task<result<renewal>> renew(user_id user, std::uint64_t version, deadline until);

    /// The app's secret was changed: refreshes that wait after failures of the token endpoint need not wait
    /// any more. Any thread.
    void retry_soon();

    /// The connection as the store has it now, also if it was in memory; later calls use this one. Any
    /// worker.
    task<result<vault::shared_tokens>> read_again(user_id user, deadline until);

    /// The connection without any refresh: scopes, account, state. Any worker.
    task<result<vault::shared_tokens>> connection(user_id user, deadline until);

    /// Called periodically: tries refreshes that an earlier process or another replica did not finish once
    /// more, with the old refresh token.
    task<result<std::size_t>> resume_open_refreshes(deadline until);

    /// Called periodically: begins to store refreshed pairs that wait on this replica's disk. Gives the
    /// number of their users. Any thread.
    std::size_t store_spooled();

    /// Refuses new refreshes and waits for those in flight (each has its own deadline). Await it on the home
    /// worker, before that stops.
    task<void> drain(deadline until);

    /// Whose pairs these are.
    const std::string& app() const;

    struct state; // token_service_state.hpp

private:
    std::shared_ptr<state> state_; // shared with the refreshes in flight
};

} // namespace gateway::tokens
