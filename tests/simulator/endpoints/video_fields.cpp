#include "endpoints/video_fields.hpp"

#include "endpoints/fields.hpp"

namespace gateway::simulator {

namespace {

/// TikTok shows at most 150 characters of a caption; cut at a whole UTF-8 character.
std::string shortened(const std::string& caption) {
    std::size_t end = 0;
    for (int characters = 0; end < caption.size() && characters < 150; ++characters) {
        ++end;
        while (end < caption.size() && (static_cast<unsigned char>(caption[end]) & 0xC0) == 0x80) {
            ++end;
        }
    }
    return caption.substr(0, end);
}

boost::json::value value_of(const video& one, const account& owner, std::string_view field, wall_time now) {
    constexpr std::int64_t cover_lifetime_s = 6 * 3600;
    const std::string page = "https://www.tiktok.test/@" + owner.facts.username + "/video/" + one.id;
    if (field == "id") return one.id.c_str();
    if (field == "create_time") return one.create_time_ms / 1000;
    if (field == "cover_image_url") {
        const std::int64_t expires = unix_ms(now) / 1000 + cover_lifetime_s;
        return ("https://p16-sign.tiktokcdn.test/" + one.id + ".jpeg?x-expires=" + std::to_string(expires))
            .c_str();
    }
    if (field == "share_url") return page.c_str();
    if (field == "video_description" || field == "title") return shortened(one.title).c_str();
    if (field == "duration") return one.duration_s;
    if (field == "height") return 1024;
    if (field == "width") return 576;
    if (field == "embed_html")
        return ("<blockquote class=\"tiktok-embed\" cite=\"" + page + "\"></blockquote>").c_str();
    if (field == "embed_link") return ("https://www.tiktok.test/player/v1/" + one.id).c_str();
    if (field == "is_aigc") return one.is_aigc;
    // Counters that differ between videos and do not change.
    const std::int64_t seed = static_cast<std::int64_t>(one.id.back() - '0') + 1;
    if (field == "view_count") return seed * 1'000;
    if (field == "like_count") return seed * 100;
    return seed * 10;
}

} // namespace

std::optional<boost::json::object> shown_fields(const video& one, const account& owner,
                                                const string_list& fields, wall_time now) {
    boost::json::object shown;
    for (const std::string& field : fields) {
        if (!is_video_field(field)) return std::nullopt;
        shown[field] = value_of(one, owner, field, now);
    }
    return shown;
}

} // namespace gateway::simulator
