// TikTok's API, bound to one user. Adds, once and for all endpoints: the token (refreshed once for all who
// wait), the window of (user, endpoint), 401 → refresh → once more, retry by class within a shared budget,
// and the translation of TikTok's refusals (also those with HTTP 200) into our errors. Actions do not handle
// tokens, clocks or retries. Lives for one call, on the worker that serves it.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "limits/window.hpp"
#include "runtime/task.hpp"
#include "tiktok/document.hpp"
#include "tiktok/endpoint.hpp"
#include "tiktok/types.hpp"
#include "user_api/retry_policy.hpp"
#include "vault/token_set.hpp"
#include "windows/shared_windows.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace gateway {
class body_source;
}
namespace gateway::telemetry {
class recorder;
struct call_record;
} // namespace gateway::telemetry
namespace gateway::tiktok {
struct chunk_plan;
}

namespace gateway::user_api {

struct call_outcome;
class api_client;
class chunk_sender;

class bound_api {
public:
    /// `user` and `record` outlive it.
    bound_api(api_client& shared, const user_id& user, telemetry::call_record& record, deadline until);

    const user_id& user() const { return user_; }
    deadline until() const { return until_; }
    telemetry::call_record& record() const { return record_; }
    telemetry::recorder& recorder() const; // of this worker
    /// Waits for a full window, as long as the deadline allows, instead of failing with rate_limited. For
    /// batches, which are limited by TikTok's six inits a minute.
    void wait_for_slots(bool wait) { waits_for_slots_ = wait; }
    /// Sends nothing with tokens of another account, whatever becomes of the user's connection meanwhile:
    /// creator_not_authorized then. Before it is bound.
    void require_account(open_id account) { account_ = std::move(account); }
    /// Finds the user's token and granted scopes in memory, which is the usual case, or reads the vault, and
    /// does not call TikTok: user_not_connected, reconnect_required.
    task<result<void>> bind();
    /// The first half of it, for those whom a coroutine costs too much. If that fails, call bind().
    bool try_bind();
    /// What the user granted, once bound.
    std::span<const std::string> scopes() const;

    /// The state of one of the user's windows; takes no slot of it.
    task<result<limits::quota_status>> window_of(tiktok::endpoint which);

    /// The answer as it comes (tiktok/requests.hpp makes what is asked).
    task<result<tiktok::document>> call(tiktok::api_request what);
    task<result<tiktok::creator>> creator_info();
    /// Sends an init. Never repeated once bytes may have left (a 401 has no effect, so it is repeated once
    /// after a refresh). If the answer is lost, the failure has may_have_reached_tiktok; the caller decides
    /// what that means. `uploads`: the answer must name the upload URL.
    task<result<tiktok::started_post>> start_post(tiktok::api_request init, bool uploads);
    task<result<tiktok::post_status>> fetch_status(const publish_id& id);
    /// Before the init of a video whose bytes we send; as chunk_sender::prepare.
    task<result<std::unique_ptr<chunk_sender>>> prepare_upload(body_source& from,
                                                               const tiktok::chunk_plan& plan);

private:
    /// Call if `taken` is not a slot.
    task<result<limits::permit>> wait_for_slot(tiktok::endpoint which, windows::shared_windows::taken taken);
    bool is_of_required_account(const vault::token_set& found) const {
        return !account_ || found.account == *account_;
    }
    /// From memory; null: none, or not wanted.
    vault::shared_tokens ready(wall_time now) const;
    vault::shared_tokens tokens_now() const;
    /// Call if they are not ready.
    task<result<vault::shared_tokens>> wait_for_tokens();
    task<result<vault::shared_tokens>> refresh(vault::shared_tokens refused, unsigned kind);
    retry_decision decide(const call_outcome& out, tiktok::repeat_class repeats, const tries& so_far);
    void note(const call_outcome& out);
    void settle_slot(limits::permit& slot, tiktok::endpoint which, call_outcome& out,
                     const retry_decision& next);
    void note_refusal(tiktok::endpoint which, const failure& why);

    api_client& shared_;
    const user_id& user_;
    telemetry::call_record& record_;
    deadline until_;
    bool waits_for_slots_ = false;
    std::optional<open_id> account_; // empty: whatever account the user has
    vault::shared_tokens bound_;     // the tokens that bind found, and when
    wall_time bound_at_;
};

/// For a `creator_id` that is not the account of a connected user whom this caller may use.
failure creator_not_connected();

} // namespace gateway::user_api
