#include "tiktok/fields.hpp"

#include "base/lists.hpp"
#include "base/refused_inputs.hpp"

#include <algorithm>
#include <array>

namespace gateway::tiktok {
namespace {

struct user_scope {
    std::string_view scope;
    std::string_view fields;   // comma list: all it opens
    std::string_view defaults; // of the view that needs it
};

// In the order of user_view.
constexpr std::array<user_scope, 3> user_scopes{{
    {"user.info.basic", "open_id,union_id,avatar_url,avatar_url_100,avatar_large_url,display_name",
     "open_id,union_id,avatar_url,display_name"},
    {"user.info.profile", "bio_description,profile_deep_link,is_verified,username",
     "username,bio_description,profile_deep_link,is_verified"},
    {"user.info.stats", "follower_count,following_count,likes_count,video_count",
     "follower_count,following_count,likes_count,video_count"},
}};

constexpr std::string_view video_field_list =
    "id,create_time,cover_image_url,share_url,video_description,duration,height,width,title,embed_html,"
    "embed_link,like_count,comment_count,share_count,view_count,is_aigc";
constexpr std::string_view video_defaults =
    "id,title,video_description,create_time,duration,cover_image_url,share_url,embed_link,like_count,"
    "comment_count,share_count,view_count";

bool holds(std::span<const std::string> names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Each name once, in the requested order.
std::string each_once(const std::vector<std::string>& names) {
    std::vector<std::string> out;
    for (const std::string& name : names)
        if (!holds(out, name)) out.push_back(name);
    return joined(out);
}

template <class Known>
result<void> check_fields(const std::vector<std::string>& asked, Known known) {
    std::vector<field_fault> faults;
    for (std::size_t i = 0; i < asked.size(); ++i)
        if (!known(asked[i]))
            faults.push_back({"fields[" + std::to_string(i) + "]", "TikTok has no field of this name"});
    if (faults.empty()) return {};
    return refused_inputs(std::move(faults));
}

failure scope_missing(std::string_view scope, std::vector<field_fault> faults) {
    return failure(errc::missing_scope, "The user did not grant the scope " + std::string(scope)
                                            + "; connect the user again with it, or ask for other fields.")
        .fields(std::move(faults));
}

} // namespace

std::string_view all_user_fields() {
    static const std::string all = [] {
        std::vector<std::string> lists;
        lists.reserve(std::size(user_scopes));
        for (const user_scope& row : user_scopes)
            lists.emplace_back(row.fields);
        return joined(lists);
    }();
    return all;
}
std::string_view all_video_fields() {
    return video_field_list;
}
std::string_view default_video_fields() {
    return video_defaults;
}

std::string_view default_fields(user_view view) {
    return user_scopes[static_cast<std::size_t>(view)].defaults;
}

std::string_view scope_of_user_field(std::string_view field) {
    for (const user_scope& row : user_scopes)
        if (list_holds(row.fields, ',', field)) return row.scope;
    return {};
}

bool is_video_field(std::string_view field) {
    return list_holds(video_field_list, ',', field);
}

std::string_view usual_fields(user_view view, std::span<const std::string> granted) {
    const user_scope& row = user_scopes[static_cast<std::size_t>(view)];
    return holds(granted, row.scope) ? row.defaults : std::string_view{};
}

result<std::string> user_fields(user_view view, const std::vector<std::string>& asked,
                                std::span<const std::string> granted) {
    const bool by_default = asked.empty();
    const auto usual = usual_fields(view, granted);
    if (by_default && !usual.empty()) return std::string(usual);
    const std::vector<std::string> wanted = by_default ? split_list(default_fields(view)) : asked;
    const auto known =
        check_fields(wanted, [](std::string_view name) { return !scope_of_user_field(name).empty(); });
    if (!known) return known.error();

    std::vector<field_fault> faults;
    std::vector<std::string> allowed;
    std::string_view lacking;
    for (const std::string& name : wanted) {
        const std::string_view scope = scope_of_user_field(name);
        if (holds(granted, scope)) {
            allowed.push_back(name);
            continue;
        }
        if (lacking.empty()) lacking = scope;
        faults.push_back({name, "needs the scope " + std::string(scope)});
    }
    if (!faults.empty() && (!by_default || allowed.empty())) return scope_missing(lacking, std::move(faults));
    return each_once(allowed);
}

result<std::string> video_fields(const std::vector<std::string>& asked,
                                 std::span<const std::string> granted) {
    if (const auto known = check_fields(asked, is_video_field); !known) return known.error();
    constexpr std::string_view scope = "video.list";
    if (!holds(granted, scope))
        return scope_missing(scope, {{"scopes", "needs the scope " + std::string(scope)}});
    return asked.empty() ? std::string(video_defaults) : each_once(asked);
}

} // namespace gateway::tiktok
