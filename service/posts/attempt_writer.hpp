// Writes the ledger's record of one publish attempt: begun (durable) before a request that can post is sent,
// named as soon as TikTok gives the publish_id, settled when the gateway's part is done. Lives in the frame
// of the call.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "posts/publisher.hpp"
#include "runtime/task.hpp"
#include "store/post_record.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gateway::telemetry {
class recorder;
struct call_record;
} // namespace gateway::telemetry

namespace gateway::posts {

/// Steps after the begin are written even after the call's deadline, because they have happened. The caller
/// waits for the end less long: what could not be written is written later.
inline constexpr milliseconds write_time{5'000};
inline constexpr milliseconds end_time{2'000};

class attempt_writer {
public:
    /// `kind` as in store::post_record.
    attempt_writer(store::ledger& rows, user_api::bound_api& tiktok, const post_origin& by,
                   std::string_view kind, const tiktok::post_info& info);

    store::post_record& record() { return record_; }
    const std::string& name() const { return record_.attempt; }

    bool is_begun() const { return begun_; }
    /// Posted at once; otherwise sent to the creator's inbox.
    bool is_direct() const { return record_.kind.starts_with("direct_"); }

    /// If it fails (vault_unavailable), nothing may be sent.
    task<result<void>> begin(deadline until);
    /// Stores TikTok's publish_id.
    task<result<void>> named(publish_id id, std::string_view status);
    /// The gateway's part succeeded; `status` is TikTok's. If it fails, the answer is noted as not durable.
    task<result<void>> settle(std::string_view status);
    /// Certainly ended without a post, after TikTok gave it a publish_id. `why`: for the caller's webhook.
    task<result<void>> fail(std::string_view fail_reason, const failure& why);
    /// Certainly ended without a post, and without a publish_id: nothing is kept of it.
    task<void> forget();
    /// The outcome is unknown.
    task<result<void>> lose();
    /// TikTok's init failed, and with it the attempt: only one that may have posted is kept. Gives what to
    /// answer; a daily cap comes with the ledger's wait.
    task<failure> end_failed_init(failure why, deadline until);
    /// Adds the ledger's wait to a refusal by a daily cap.
    task<failure> with_wait(failure why, deadline until);

private:
    task<result<void>> write(std::optional<store::outgoing_event> event = std::nullopt);

    store::durable when() const;

    store::ledger& rows_;
    telemetry::recorder& counts_;
    telemetry::call_record& call_;
    store::post_record record_;
    bool begun_ = false;
};

/// What a failed init means (docs/contract.md §4): unchanged if TikTok refused or nothing was sent; else
/// outcome_unknown if the init itself can post, and retryable if it cannot.
failure meaning_of_failed_init(const failure& f, bool init_can_post);

} // namespace gateway::posts
