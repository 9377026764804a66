// Whose access token, always a good one: from memory on the hot path, refreshed ahead of its end, exactly one
// refresh in flight per user. Shared by all workers; every refresh runs on one worker, its home, as a task of
// its own, so a caller that goes away never cancels it. Owned by main.
//
// One refresh: lease → intent durable → request → new pair durable (the old kept) → used.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "vault/token_set.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace gateway {
class worker;
}
namespace gateway::store {
class store;
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

/// How one refresh ended: the labels of token_refreshes_total.
enum class refresh_result {
    refreshed,
    scope_reduced, // refreshed, and TikTok granted less than before: calls that need the rest fail closed
    invalid_grant, // the user has to connect again
    refused,       // TikTok refuses the app, not the user
    lost,          // the answer was lost: in doubt, or for good (rotation_response_lost)
    try_later,     // TikTok's token endpoint is in trouble; backed off
    wrong_account, // the answer was for another open_id: not stored, an alarm
    superseded,    // somebody else was faster: a newer pair, a new grant, a revocation
    store_failed   // nothing was sent, or the new pair could not be made durable
};
std::string_view name_of(refresh_result result);

struct token_service_settings {
    double refresh_per_second = 10;
    milliseconds refresh_ahead{300'000};  // cut to half the lifetime
    milliseconds request_timeout{15'000}; // one request to the token endpoint
    milliseconds lease_length{60'000};    // longer than two requests and their stores
    milliseconds settling{3'000}; // so long a 401 to a pair that a refresh just gave means "not yet"…
    milliseconds young{60'000};   // …and so long neither is an invalid_grant for it believed, nor another
                                  // refresh tried for one that was not taken
    milliseconds certain{10'000}; // a pair that is refused is not given up while it is younger
};

class token_service {
public:
    /// `ask` belongs to `home` and is used on its thread only. `counts` takes the end of each refresh; null:
    /// nobody counts.
    token_service(worker& home, tiktok::oauth& ask, vault::token_vault& vault, store::store& records,
                  token_service_settings settings, telemetry::sink* counts = nullptr);
    ~token_service();

    /// ready() is asked for this user soon. Any thread.
    void expect(const user_id& user) const;
    /// The hot path: the set in memory if it needs no refresh. Null: ask access(). Any thread.
    vault::shared_tokens ready(const user_id& user, wall_time now) const;

    /// A set whose access token is good now. user_not_connected, reconnect_required (with the cause),
    /// vault_unavailable, deadline_exceeded, or what the token endpoint's trouble is when no valid token is
    /// left. Any worker.
    task<result<vault::shared_tokens>> access(user_id user, deadline until);

    /// TikTok said, in its own words, that it does not accept the token of `refused`, to a call of `kind` (a
    /// tiktok::endpoint by its number, as whoever sends notes it in the set when TikTok takes one). Another
    /// set, or the same after a pause while it is so new that TikTok may not know it everywhere; tiktok_error
    /// with the wait while another refresh would hardly help; reconnect_required, also written down, when
    /// nothing else does (judge_refusal). Any worker.
    task<result<vault::shared_tokens>> refresh_after_401(user_id user, vault::shared_tokens refused,
                                                         unsigned kind, deadline until);

    /// Refreshes the pair of `version` now, good or not, if nothing is in the way. `true`: a newer pair is
    /// there. On the home worker.
    task<result<bool>> renew(user_id user, std::uint64_t version, deadline until);

    /// The connection as it stands, without any refresh: scopes, account, state. Any worker.
    task<result<vault::shared_tokens>> connection(user_id user, deadline until);

    /// From time to time: refreshes whose end nobody saw, in an earlier life or on another replica, are asked
    /// once more with the old refresh token.
    task<result<std::size_t>> resume_open_refreshes(deadline until);

    /// Refuses new refreshes and waits for those in flight (each has its own bound of time). Awaited on the
    /// home worker, before it stops.
    task<void> drain(deadline until);

    struct state; // token_service_state.hpp

private:
    std::shared_ptr<state> state_; // shared with the refreshes in flight
};

} // namespace gateway::tokens
