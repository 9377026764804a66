#include "endpoints/fields.hpp"

#include <algorithm>
#include <iterator>

namespace gateway::simulator {

namespace {

struct user_field {
    std::string_view name;
    std::string_view scope;
};

constexpr std::string_view basic = "user.info.basic";
constexpr std::string_view profile = "user.info.profile";
constexpr std::string_view stats = "user.info.stats";

constexpr user_field user_fields[] = {
    {"open_id", basic},           {"union_id", basic},
    {"avatar_url", basic},        {"avatar_url_100", basic},
    {"avatar_large_url", basic},  {"display_name", basic},
    {"bio_description", profile}, {"profile_deep_link", profile},
    {"is_verified", profile},     {"username", profile},
    {"follower_count", stats},    {"following_count", stats},
    {"likes_count", stats},       {"video_count", stats},
};

constexpr std::string_view video_fields[] = {
    "id",         "create_time", "cover_image_url", "share_url",   "video_description",
    "duration",   "height",      "width",           "title",       "embed_html",
    "embed_link", "like_count",  "comment_count",   "share_count", "view_count",
    "is_aigc",
};

} // namespace

std::string_view scope_of_user_field(std::string_view field) {
    const auto* found = std::find_if(std::begin(user_fields), std::end(user_fields),
                                     [&](const user_field& one) { return one.name == field; });
    return found == std::end(user_fields) ? std::string_view{} : found->scope;
}

bool is_video_field(std::string_view field) {
    return std::find(std::begin(video_fields), std::end(video_fields), field) != std::end(video_fields);
}

} // namespace gateway::simulator
