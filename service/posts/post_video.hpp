// One video from its bytes to TikTok, whoever asked (an upload, or the publish of a draft): plan, container,
// creator, ledger, init, chunks. In this order, because what costs nothing is checked first and what can post
// is written down first.
#pragma once
#include "base/result.hpp"
#include "posts/ledger.hpp"
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
    tiktok::post_info info; // of a direct post; complete
    std::optional<std::uint64_t> chunk_hint_bytes;
};

struct video_done {
    publish_id id;
    tiktok::chunk_plan plan;
    user_api::sent_video sent;
    std::string content_type; // of the container found
};

/// On failure `ledger` says how it ended; on success it is named, and left to be settled by the caller.
/// Begins `ledger` unless that is done already.
task<result<video_done>> post_video(user_api::bound_api& tiktok, store::store& store, video_job job,
                                    attempt& ledger);

/// creator_info, asked before each direct post, and what it allows. Daily caps come with the ledger's wait.
task<result<void>> ask_creator(user_api::bound_api& tiktok, store::store& store, std::string privacy_level,
                               wall_time now);

} // namespace gateway::posts
