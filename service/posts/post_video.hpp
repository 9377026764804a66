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

namespace gateway::posts {

struct video_job {
    body_source* from = nullptr;
    bool direct = false;
    tiktok::post_info info; // for a direct post; complete
    std::optional<std::uint64_t> chunk_hint_bytes;
};

struct video_done {
    publish_id id;
    tiktok::chunk_plan plan;
    user_api::sent_video sent;
    std::string content_type; // of the detected container
};

/// On failure `attempt` has been ended; on success it is named, and the caller settles it. Begins `attempt`
/// unless that is already done.
task<result<video_done>> post_video(user_api::bound_api& tiktok, store::ledger& rows, video_job job,
                                    attempt_writer& attempt);

/// Reads creator_info before each direct post and checks what it allows. Daily caps have the ledger's wait.
task<result<void>> ask_creator(user_api::bound_api& tiktok, store::ledger& rows, std::string privacy_level,
                               wall_time now);

} // namespace gateway::posts
