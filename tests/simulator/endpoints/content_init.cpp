// POST /v2/post/publish/content/init/: photos (docs/tiktok-wire.md §4.4).
#include "endpoints/display.hpp"
#include "endpoints/endpoints.hpp"
#include "endpoints/posting.hpp"

#include <boost/json/array.hpp>

namespace gateway::simulator {

namespace {

constexpr std::size_t title_most = 90;
constexpr std::size_t description_most = 4'000;
constexpr std::size_t photos_most = 35;

std::optional<answer> read_photo_info(call& c, const post_call& from, post& into) {
    const boost::json::object* info = object_in(from.body, "post_info");
    if (!info) return refuse_post_params(c, "The post_info is missing");
    into.post_info = *info;
    const bool texts = read_text(*info, "title", into.caption)
                       && read_text(*info, "description", into.description)
                       && read_text(*info, "privacy_level", into.privacy_level);
    if (!texts) return refuse_post_params(c, "The post_info is invalid");
    bool ignored = false, branded = false;
    for (const char* name : {"disable_comment", "auto_add_music", "brand_organic_toggle"}) {
        if (!read_flag(*info, name, ignored))
            return refuse_post_params(c, std::string("The ") + name + " is invalid");
    }
    if (!read_flag(*info, "brand_content_toggle", branded)) {
        return refuse_post_params(c, "The brand_content_toggle is invalid");
    }
    if (c.w.config.choice.branded_self_only == "refuse" && into.direct && branded
        && into.privacy_level == "SELF_ONLY") {
        return refuse_post_params(c, "Branded content cannot be private");
    }
    if (auto refusal = check_text(c, into.caption, title_most, "title")) return refusal;
    return check_text(c, into.description, description_most, "description");
}

/// The URLs; none if the source is not valid for photos.
string_list photo_urls(const boost::json::object& source) {
    string_list urls;
    std::string kind;
    if (!read_text(source, "source", kind) || kind != "PULL_FROM_URL") return urls;
    const auto* images = source.if_contains("photo_images");
    if (!images || !images->is_array() || images->as_array().size() > photos_most) return urls;
    for (const boost::json::value& one : images->as_array()) {
        if (!one.is_string()) return {};
        urls.emplace_back(one.as_string());
    }
    return urls;
}

std::optional<answer> read_photo_source(call& c, const post_call& from, post& into) {
    const boost::json::object* source = object_in(from.body, "source_info");
    if (source) into.urls = photo_urls(*source);
    if (into.urls.empty()) return refuse_post_params(c, "The request source info is empty or incorrect");
    into.photo_cover_index = -1;
    const bool cover = read_integer(*source, "photo_cover_index", into.photo_cover_index);
    if (!cover || into.photo_cover_index < 0
        || into.photo_cover_index >= static_cast<std::int64_t>(into.urls.size())) {
        return refuse_post_params(c, "The photo_cover_index is invalid");
    }
    for (const std::string& url : into.urls) {
        if (auto refusal = check_pull_url(c, *from.app, url)) return refusal;
    }
    return std::nullopt;
}

/// The scope depends on the mode, so the mode is checked first.
std::string mode_of(const call& c) {
    std::string mode;
    const auto body = json_body(c);
    if (body) read_text(*body, "post_mode", mode);
    return mode;
}

} // namespace

answer init_content(call& c) {
    const std::string mode = mode_of(c);
    string_list scopes{"video.publish", "video.upload"};
    if (mode == "DIRECT_POST") scopes = {"video.publish"};
    if (mode == "MEDIA_UPLOAD") scopes = {"video.upload"};
    const post_call begun = begin_post_call(c, scopes, "content/init", c.w.config.limits.init_per_minute);
    if (begun.refusal) return *begun.refusal;
    std::string media;
    const bool photos = read_text(begun.body, "media_type", media) && media == "PHOTO";
    if (!photos || (mode != "DIRECT_POST" && mode != "MEDIA_UPLOAD")) {
        return refuse_post_params(c, "Invalid media_type or post_mode");
    }
    post one;
    one.photo = true;
    one.pull = true;
    one.direct = mode == "DIRECT_POST";
    if (!read_flag(begun.body, "is_aigc", one.is_aigc))
        return refuse_post_params(c, "The is_aigc is invalid");
    if (auto refusal = read_photo_info(c, begun, one)) return *refusal;
    if (auto refusal = read_photo_source(c, begun, one)) return *refusal;
    if (one.direct) {
        if (auto refusal = check_privacy(c, begun, one)) return *refusal;
    } else if (begun.user->facts.app_too_old) {
        return refuse(c, 400, "app_version_check_failed", "The creator's TikTok app is too old.");
    }
    const std::string_view cap =
        one.direct ? direct_cap(c.w, *begun.app, *begun.user) : draft_cap(c.w, *begun.app, *begun.user);
    if (!cap.empty()) return refuse_cap(c, cap);
    if (!one.direct) one.privacy_level.clear(); // has no effect there: the creator chooses
    return begin_post(c, begun, std::move(one));
}

} // namespace gateway::simulator
