// State changes of posts that only the creator or TikTok's moderators can make.
#include "control/calls.hpp"

namespace gateway::simulator {

/// {"state": "PUBLISH_COMPLETE", "privacy_level"?} the creator posts it · {"state": "FAILED", "fail_reason"}
/// ·
/// {"state": "SEND_TO_USER_INBOX" | "PROCESSING_…"} set as it is, silently · {"state": "PRIVATE"} no longer
/// public.
answer move_post(world& w, const request& in) {
    constexpr std::string_view before = "/posts/", after = "/state";
    const std::string id = in.path.substr(before.size(), in.path.size() - before.size() - after.size());
    post* one = w.posts.find(id);
    if (!one) return control_error("no such post", 404);
    const auto body = control_body(in);
    const std::string state = body ? text_of(*body, "state") : "";
    if (state == "PUBLISH_COMPLETE") {
        std::string level = text_of(*body, "privacy_level");
        if (level.empty()) level = one->privacy_level.empty() ? "PUBLIC_TO_EVERYONE" : one->privacy_level;
        w.posts.creator_posts(*one, level, w.config.timing, w.now());
    } else if (state == "FAILED") {
        const std::string reason = text_of(*body, "fail_reason");
        w.posts.fail(*one, reason.empty() ? "internal" : reason);
    } else if (state == "PRIVATE") {
        w.posts.make_private(*one);
    } else {
        for (const post_status status : {post_status::processing_upload, post_status::processing_download,
                                         post_status::send_to_user_inbox}) {
            if (state == name_of(status)) {
                one->status = status;
                return json_answer(to_json(*one));
            }
        }
        return control_error("state: a status of TikTok's, or PRIVATE");
    }
    w.settle();
    return json_answer(to_json(*one));
}

/// {"event", "content": {…}, "account"?, "client_key"?}: any event, signed and sent as TikTok's are. A
/// `tiktok.ping` needs nothing else: it has the portal's content and no account.
answer send_event(world& w, const request& in) {
    const auto body = control_body(in);
    if (!body) return control_error("the body must be a JSON object");
    std::string client_key = text_of(*body, "client_key");
    if (client_key.empty() && !w.config.apps.empty()) client_key = w.config.apps.front().client_key;
    const app_settings* app = w.find_app(client_key);
    if (!app || app->webhook_url.empty()) return control_error("this app has no webhook_url");
    std::string username = text_of(*body, "account");
    const std::string event = text_of(*body, "event");
    const bool ping = event == ping_event;
    if (username.empty() && !ping && w.default_account()) username = w.default_account()->facts.username;
    const auto* given = body->if_contains("content");
    if (given && !given->is_object()) return control_error("content must be an object");
    boost::json::object content;
    if (given) {
        content = given->as_object();
    } else if (ping) {
        content["reason"] = "testing Webhook";
    }
    w.tell(client_key, username, event, content, text_of(content, "publish_id"));
    return json_answer({{"ok", true}});
}

} // namespace gateway::simulator
