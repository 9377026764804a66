// Posts one video from its bytes, for an upload or the publish of a draft: plan, container format, creator,
// ledger, init, chunks. In this order, because cheap checks come first, and the ledger is written before a
// request that can post.
#pragma once
#include "base/result.hpp"
#include "posts/attempt_writer.hpp"
#include "runtime/task.hpp"
#include "tiktok/chunk_plan.hpp"
#include "user_api/bound_api.hpp"
#include "user_api/chunk_sender.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::posts {

struct video_job {
    body_source* from = nullptr;
    tiktok::post_info info; // for a direct post; complete
    std::optional<std::uint64_t> chunk_hint_bytes;
    user_api::upload_observer* observer = nullptr; // null: nobody
};

struct video_done {
    publish_id id;
    tiktok::chunk_plan plan;
    user_api::sent_video sent;
    std::string content_type; // of the detected container
};

/// On failure `attempt` has been ended; on success it is named, and the caller settles it. Begins `attempt`
/// unless that is already done.
task<result<video_done>> post_video(user_api::bound_api& tiktok, video_job job, attempt_writer& attempt);

/// Posts media that TikTok pulls, so that the init is the only request: creator, ledger, init. Begins and
/// settles `attempt`; adds a warning if the ledger could not be written.
task<result<publish_id>> post_pulled(user_api::bound_api& tiktok, tiktok::api_request init,
                                     std::string privacy_level, attempt_writer& attempt,
                                     std::vector<std::string>& warnings);

inline constexpr std::string_view not_written_down =
    "The post is at TikTok, but it could not be written down here.";

} // namespace gateway::posts
