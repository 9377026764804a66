#include "posts/post_settings.hpp"

#include "base/refused_inputs.hpp"
#include "store/post_record.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <utility>

namespace gateway::posts {
namespace {

namespace json = boost::json;

/// Each setting with its name: that of the input, and that in the ledger.
template <class Info, class Each>
void for_each_setting(Info& info, Each each) {
    each("caption", info.caption);
    each("title", info.title);
    each("description", info.description);
    each("privacy_level", info.privacy_level);
    each("privacy_by_default", info.privacy_by_default);
    each("disable_comment", info.disable_comment);
    each("disable_duet", info.disable_duet);
    each("disable_stitch", info.disable_stitch);
    each("brand_content_toggle", info.brand_content_toggle);
    each("brand_organic_toggle", info.brand_organic_toggle);
    each("auto_add_music", info.auto_add_music);
    each("is_aigc", info.is_aigc);
    each("video_cover_timestamp_ms", info.video_cover_timestamp_ms);
}

bool is_set(const std::string& value) {
    return !value.empty();
}
bool is_set(bool value) {
    return value;
}
template <class T>
bool is_set(const std::optional<T>& value) {
    return value.has_value();
}

} // namespace

std::string write_settings(const tiktok::post_info& info) {
    json::object out;
    for_each_setting(info, [&out](std::string_view name, const auto& value) {
        if (is_set(value)) out[name] = json::value_from(value);
    });
    return json::serialize(out);
}

tiktok::post_info read_settings(std::string_view text) {
    tiktok::post_info info;
    boost::system::error_code bad;
    const json::value parsed = json::parse(text, bad);
    if (!bad && parsed.is_object()) apply_settings(info, parsed.get_object());
    return info;
}

void apply_settings(tiktok::post_info& info, const json::object& given) {
    for_each_setting(info, [&given]<class T>(std::string_view name, T& into) {
        const json::value* const value = given.if_contains(name);
        if (!value) return;
        if (auto read = json::try_value_to<T>(*value)) into = std::move(*read);
    });
}

result<tiktok::post_info> complete_direct(tiktok::post_info info, const std::string& default_privacy_level) {
    info.privacy_by_default = info.privacy_level.empty();
    if (info.privacy_by_default) info.privacy_level = default_privacy_level;
    if (info.brand_content_toggle && info.privacy_level == "SELF_ONLY") {
        std::vector<field_fault> faults{
            {"brand_content_toggle", "branded content must not be private: give a wider privacy_level"}};
        return refused_inputs(std::move(faults));
    }
    return info;
}

std::string privacy_level_of(const store::post_record& post) {
    return post.kind.starts_with("direct_") ? read_settings(post.settings).privacy_level : std::string{};
}

void tell_privacy(const store::post_record& post, std::string& level, std::vector<std::string>& warnings) {
    if (!post.kind.starts_with("direct_")) return;
    const auto info = read_settings(post.settings);
    level = info.privacy_level;
    if (level.empty() || !info.privacy_by_default) return;
    std::string sentence = "No privacy_level was given, so this post has the gateway's default, " + level;
    sentence += level == "SELF_ONLY" ? ": only the creator sees it." : ".";
    warnings.push_back(std::move(sentence));
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
