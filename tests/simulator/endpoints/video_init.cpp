// POST /v2/post/publish/video/init/ and /v2/post/publish/inbox/video/init/ (docs/tiktok-wire.md §4.2, §4.3).
#include "endpoints/endpoints.hpp"
#include "endpoints/posting.hpp"

#include <limits>

namespace gateway::simulator {

namespace {

constexpr std::size_t caption_most = 2'200;

std::optional<answer> read_video_info(call& c, const post_call& from, post& into) {
    const boost::json::object* info = object_in(from.body, "post_info");
    if (!info) return refuse_post_params(c, "The post_info is missing");
    into.post_info = *info;
    if (!read_text(*info, "title", into.caption)) return refuse_post_params(c, "The title is invalid");
    if (!read_text(*info, "privacy_level", into.privacy_level)) {
        return refuse_post_params(c, "The privacy_level is invalid");
    }
    bool branded = false, ignored = false;
    for (const char* name : {"disable_duet", "disable_stitch", "disable_comment", "brand_organic_toggle"}) {
        if (!read_flag(*info, name, ignored))
            return refuse_post_params(c, std::string("The ") + name + " is invalid");
    }
    if (!read_flag(*info, "brand_content_toggle", branded)) {
        return refuse_post_params(c, "The brand_content_toggle is invalid");
    }
    if (!read_flag(*info, "is_aigc", into.is_aigc)) return refuse_post_params(c, "The is_aigc is invalid");
    std::int64_t cover_ms = 0;
    const bool cover_fits = read_integer(*info, "video_cover_timestamp_ms", cover_ms)
                            && cover_ms >= std::numeric_limits<std::int32_t>::min()
                            && cover_ms <= std::numeric_limits<std::int32_t>::max();
    if (!cover_fits) return refuse_post_params(c, "The video_cover_timestamp_ms is invalid");
    const bool toggles = info->contains("brand_content_toggle") && info->contains("brand_organic_toggle");
    if (c.w.config.choice.brand_toggles == "required" && !toggles) {
        return refuse_post_params(c, "The brand toggles are missing");
    }
    if (c.w.config.choice.branded_self_only == "refuse" && branded && into.privacy_level == "SELF_ONLY") {
        return refuse_post_params(c, "Branded content cannot be private");
    }
    return check_text(c, into.caption, caption_most, "title");
}

} // namespace

answer init_video(call& c) {
    const post_call begun =
        begin_post_call(c, {"video.publish"}, "video/init", c.w.config.limits.init_per_minute);
    if (begun.refusal) return *begun.refusal;
    post one;
    one.direct = true;
    if (auto refusal = read_video_info(c, begun, one)) return *refusal;
    if (auto refusal = read_video_source(c, begun, one)) return *refusal;
    if (auto refusal = check_privacy(c, begun, one)) return *refusal;
    const std::string_view cap = direct_cap(c.w, *begun.app, *begun.user);
    if (!cap.empty()) return refuse_cap(c, cap);
    return begin_post(c, begun, std::move(one));
}

answer init_inbox_video(call& c) {
    const post_call begun =
        begin_post_call(c, {"video.upload"}, "inbox/video/init", c.w.config.limits.init_per_minute);
    if (begun.refusal) return *begun.refusal;
    post one;
    if (auto refusal = read_video_source(c, begun, one)) return *refusal;
    const std::string_view cap = draft_cap(c.w, *begun.app, *begun.user);
    if (!cap.empty()) return refuse_cap(c, cap);
    return begin_post(c, begun, std::move(one));
}

} // namespace gateway::simulator
