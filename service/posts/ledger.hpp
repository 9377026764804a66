// The memory of one publish attempt, step by step: begun (durable) before anything leaves that can post,
// named as soon as TikTok gives the publish_id, settled when our part is over. Lives in the frame of the
// call.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "posts/publisher.hpp"
#include "runtime/task.hpp"
#include "store/records.hpp"

#include <string>
#include <string_view>

namespace gateway::store {
class store;
}
namespace gateway::telemetry {
class recorder;
}

namespace gateway::posts {

/// Steps after the begin are written even when the call's own deadline is over: what happened is a fact.
inline constexpr milliseconds write_time{5'000};

class attempt {
public:
    /// `kind` as in store::post_record.
    attempt(store::store& store, telemetry::recorder& counts, user_id user, const asker& by,
            std::string_view kind, const tiktok::post_info& info);

    store::post_record& record() { return record_; }
    const std::string& name() const { return record_.attempt; }

    bool is_begun() const { return begun_; }

    /// vault_unavailable: then nothing may be sent.
    task<result<void>> begin(deadline until);
    /// TikTok's name for it.
    task<result<void>> named(publish_id id, std::string_view status);
    /// Our part went well; `status` is TikTok's word.
    task<result<void>> settle(std::string_view status);
    /// Ended without a post, for certain.
    task<result<void>> fail(std::string_view fail_reason);
    /// Nobody knows.
    task<result<void>> lose();

private:
    task<result<void>> write();

    store::store& store_;
    telemetry::recorder& counts_;
    store::post_record record_;
    bool begun_ = false;
};

/// What a failed init means (docs/contract.md §4): as it is when TikTok refused or nothing left; else
/// outcome_unknown where the init itself can post, and retryable where it cannot.
failure meaning_of_failed_init(const failure& f, bool init_can_post);

} // namespace gateway::posts
