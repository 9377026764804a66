#include "posts/post_settings.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace gateway::posts {
namespace {

namespace json = boost::json;

void put(json::object& out, std::string_view name, const std::string& value) {
    if (!value.empty()) out[name] = value;
}
void put(json::object& out, std::string_view name, bool value) {
    if (value) out[name] = true;
}

void get(const json::object& from, std::string_view name, std::string& into) {
    const json::value* value = from.if_contains(name);
    if (value && value->is_string()) into = std::string(value->get_string());
}
void get(const json::object& from, std::string_view name, bool& into) {
    const json::value* value = from.if_contains(name);
    if (value && value->is_bool()) into = value->get_bool();
}

template <class T, class U>
void take_if_given(T& into, const std::optional<U>& from) {
    if (from) into = *from;
}

} // namespace

std::string write_settings(const tiktok::post_info& info) {
    json::object out;
    put(out, "caption", info.caption);
    put(out, "title", info.title);
    put(out, "description", info.description);
    put(out, "privacy_level", info.privacy_level);
    put(out, "disable_comment", info.disable_comment);
    put(out, "disable_duet", info.disable_duet);
    put(out, "disable_stitch", info.disable_stitch);
    put(out, "brand_content_toggle", info.brand_content_toggle);
    put(out, "brand_organic_toggle", info.brand_organic_toggle);
    put(out, "auto_add_music", info.auto_add_music);
    if (info.is_aigc) out["is_aigc"] = *info.is_aigc;
    if (info.video_cover_timestamp_ms) out["video_cover_timestamp_ms"] = *info.video_cover_timestamp_ms;
    return json::serialize(out);
}

tiktok::post_info read_settings(std::string_view text) {
    tiktok::post_info info;
    boost::system::error_code bad;
    const json::value parsed = json::parse(text, bad);
    if (bad || !parsed.is_object()) return info;
    const json::object& from = parsed.get_object();
    get(from, "caption", info.caption);
    get(from, "title", info.title);
    get(from, "description", info.description);
    get(from, "privacy_level", info.privacy_level);
    get(from, "disable_comment", info.disable_comment);
    get(from, "disable_duet", info.disable_duet);
    get(from, "disable_stitch", info.disable_stitch);
    get(from, "brand_content_toggle", info.brand_content_toggle);
    get(from, "brand_organic_toggle", info.brand_organic_toggle);
    get(from, "auto_add_music", info.auto_add_music);
    if (const json::value* value = from.if_contains("is_aigc"); value && value->is_bool())
        info.is_aigc = value->get_bool();
    if (const json::value* value = from.if_contains("video_cover_timestamp_ms"); value && value->is_int64())
        info.video_cover_timestamp_ms = static_cast<std::int32_t>(value->get_int64());
    return info;
}

tiktok::post_info merged(tiktok::post_info info, const publish_request& now) {
    take_if_given(info.caption, now.caption);
    take_if_given(info.privacy_level, now.privacy_level);
    take_if_given(info.disable_comment, now.disable_comment);
    take_if_given(info.disable_duet, now.disable_duet);
    take_if_given(info.disable_stitch, now.disable_stitch);
    take_if_given(info.brand_content_toggle, now.brand_content_toggle);
    take_if_given(info.brand_organic_toggle, now.brand_organic_toggle);
    take_if_given(info.is_aigc, now.is_aigc);
    take_if_given(info.video_cover_timestamp_ms, now.video_cover_timestamp_ms);
    return info;
}

result<tiktok::post_info> complete_direct(tiktok::post_info info, const std::string& default_privacy_level) {
    if (info.privacy_level.empty()) info.privacy_level = default_privacy_level;
    if (info.brand_content_toggle && info.privacy_level == "SELF_ONLY") {
        std::vector<field_fault> faults{
            {"brand_content_toggle", "branded content must not be private: give a wider privacy_level"}};
        return failure(errc::invalid_input, "Branded content must not be private (SELF_ONLY).")
            .fields(std::move(faults));
    }
    return info;
}

result<void> check_offered(const tiktok::creator& creator, const std::string& privacy_level) {
    const auto& offered = creator.privacy_levels;
    if (std::find(offered.begin(), offered.end(), privacy_level) != offered.end()) return {};
    std::string list;
    for (const std::string& level : offered)
        list += (list.empty() ? "" : ", ") + level;
    std::vector<field_fault> faults{{"privacy_level", "must be one of " + list}};
    return failure(errc::privacy_level_not_allowed,
                   "The creator's account does not offer " + privacy_level + "; it offers " + list + ".")
        .fields(std::move(faults));
}

} // namespace gateway::posts
