// Who may post what, and how often (docs/tiktok-wire.md §4.1, §4.7, §8.2).
#include "endpoints/posting.hpp"

#include <algorithm>

namespace gateway::simulator {

namespace {

constexpr auto one_day = std::chrono::hours{24};

bool restricted(const app_settings& app) {
    return !app.audited || app.sandbox;
}

bool too_many_users(const world& w, const app_settings& app, const account& user) {
    const std::int64_t most =
        restricted(app) ? w.config.limits.unaudited_users_per_day : w.config.limits.audited_users_per_day;
    if (!restricted(app) && most == 0) return false;
    const bool drafts_too = w.config.choice.drafts_count_as_active_user == "yes";
    const std::int64_t others =
        w.posts.other_active_users(app.client_key, user.facts.username, drafts_too, w.now() - one_day);
    return others >= most;
}

} // namespace

string_list privacy_options(const world& w, const app_settings& app, const account& user) {
    if (restricted(app) && w.config.choice.unaudited_privacy_options == "self_only") return {"SELF_ONLY"};
    const char* widest = user.facts.privacy == "public" ? "PUBLIC_TO_EVERYONE" : "FOLLOWER_OF_CREATOR";
    return {widest, "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"};
}

std::optional<answer> check_privacy(call& c, const post_call& from, const post& one) {
    const string_list options = privacy_options(c.w, *from.app, *from.user);
    if (std::find(options.begin(), options.end(), one.privacy_level) == options.end()) {
        answer out = refuse_cap(c, "privacy_level_option_mismatch");
        out.status = static_cast<int>(c.w.config.choice.privacy_mismatch_status);
        return out;
    }
    const bool private_enough = from.user->facts.privacy == "private" && one.privacy_level == "SELF_ONLY";
    if (restricted(*from.app) && !private_enough) {
        return refuse_cap(c, "unaudited_client_can_only_post_to_private_accounts");
    }
    return std::nullopt;
}

std::string_view direct_cap(const world& w, const app_settings& app, const account& user) {
    if (user.facts.banned) return "spam_risk_user_banned_from_posting";
    const std::int64_t posts =
        user.facts.posts_used + w.posts.direct_posts(user.facts.username, w.now() - one_day);
    if (posts >= w.config.limits.posts_per_day) return "spam_risk_too_many_posts";
    return too_many_users(w, app, user) ? "reached_active_user_cap" : "";
}

std::string_view draft_cap(const world& w, const app_settings& app, const account& user) {
    if (user.facts.banned) return "spam_risk_user_banned_from_posting";
    const std::int64_t drafts =
        user.facts.drafts_used + w.posts.pending_drafts(user.facts.username, w.now() - one_day);
    if (drafts >= w.config.limits.drafts_per_day) return "spam_risk_too_many_pending_share";
    const bool counts = w.config.choice.drafts_count_as_active_user == "yes";
    return counts && too_many_users(w, app, user) ? "reached_active_user_cap" : "";
}

} // namespace gateway::simulator
