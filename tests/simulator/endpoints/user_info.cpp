// GET /v2/user/info/ (docs/tiktok-wire.md §2.1, §3.1, W7 to W9).
#include "endpoints/display.hpp"
#include "endpoints/endpoints.hpp"
#include "endpoints/fields.hpp"
#include "rules/names.hpp"

#include <boost/json/value.hpp>

namespace gateway::simulator {

namespace {

boost::json::value user_value(world& w, const grant& consent, const account& user, std::string_view field) {
    const account_settings& facts = user.facts;
    const std::string picture = "https://p16-sign.tiktokcdn.test/" + facts.username;
    if (field == "open_id") return w.open_id(consent.client_key, facts.username).c_str();
    if (field == "union_id") return union_id_of(facts.username).c_str();
    if (field == "avatar_url") return (picture + "~168x168.jpeg").c_str();
    if (field == "avatar_url_100") return (picture + "~100x100.jpeg").c_str();
    if (field == "avatar_large_url") return (picture + "~720x720.jpeg").c_str();
    if (field == "display_name") return facts.display_name.c_str();
    if (field == "bio_description") return facts.bio_description.c_str();
    if (field == "profile_deep_link") return ("https://vm.tiktok.test/" + facts.username + "/").c_str();
    if (field == "profile_web_link") return ("https://www.tiktok.test/@" + facts.username).c_str();
    if (field == "is_verified") return facts.is_verified;
    if (field == "username") return facts.username.c_str();
    if (field == "follower_count") return facts.follower_count;
    if (field == "following_count") return facts.following_count;
    if (field == "likes_count") return facts.likes_count;
    return static_cast<std::int64_t>(user.videos.size());
}

/// The value of a field that the user did not grant, if TikTok sends one (W8).
boost::json::value empty_like(const boost::json::value& full) {
    if (full.is_string()) return "";
    if (full.is_bool()) return false;
    return 0;
}

} // namespace

answer get_user_info(call& c) {
    const grant* consent = authenticate(c);
    if (!consent) return refuse_token(c);
    if (const auto wait = take_display_place(c, "user/info")) return refuse_rate(c, *wait);
    const auto fields = requested_fields(c);
    if (!fields) return refuse_params(c, "The fields parameter is missing.");
    const account* user = c.w.find_account(consent->username);
    boost::json::object found;
    for (const std::string& field : *fields) {
        const bool web_link = field == "profile_web_link" && c.w.config.choice.profile_web_link == "known";
        const std::string_view scope = web_link ? "user.info.profile" : scope_of_user_field(field);
        if (scope.empty()) return refuse_params(c, "The field " + field + " is not valid.");
        boost::json::value value = user_value(c.w, *consent, *user, field);
        if (!has_scope(*consent, scope)) {
            const std::string& choice = c.w.config.choice.missing_field_scope;
            if (choice == "not_authorized") return refuse_scope(c);
            if (choice == "permission_missed") {
                return refuse(c, 400, "scope_permission_missed",
                              "Additional scopes are required for some fields.");
            }
            value = empty_like(value);
        }
        found[field] = std::move(value);
    }
    return succeed(c, {{"user", std::move(found)}});
}

} // namespace gateway::simulator
