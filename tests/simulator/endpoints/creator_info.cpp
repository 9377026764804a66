// POST /v2/post/publish/creator_info/query/ (docs/tiktok-wire.md §4.1).
#include "endpoints/endpoints.hpp"
#include "endpoints/posting.hpp"

#include <boost/json/array.hpp>

namespace gateway::simulator {

answer query_creator_info(call& c) {
    const post_call begun =
        begin_post_call(c, {"video.publish"}, "creator_info", c.w.config.limits.creator_info_per_minute);
    if (begun.refusal) return *begun.refusal;
    const account_settings& facts = begun.user->facts;
    const std::string_view cap = direct_cap(c.w, *begun.app, *begun.user);
    // HTTP 200 on purpose: "do not post now" is an answer here, not a fault of the request.
    if (!cap.empty()) return refuse(c, 200, cap, "The creator cannot post at this moment.");
    boost::json::array options;
    for (const std::string& one : privacy_options(c.w, *begun.app, *begun.user)) {
        options.emplace_back(one.c_str());
    }
    const bool is_private = facts.privacy == "private";
    return succeed(
        c, {{"creator_avatar_url", "https://p16-sign.tiktokcdn.test/" + facts.username + "~168x168.jpeg"},
            {"creator_username", facts.username},
            {"creator_nickname", facts.display_name},
            {"privacy_level_options", std::move(options)},
            {"comment_disabled", facts.comment_disabled},
            {"duet_disabled", facts.duet_disabled || is_private},
            {"stitch_disabled", facts.stitch_disabled || is_private},
            {"max_video_post_duration_sec", facts.max_video_post_duration_sec}});
}

} // namespace gateway::simulator
