// TikTok's endpoints, one file each, and which path is whose (docs/tiktok-wire.md §0).
#pragma once
#include "endpoints/call.hpp"

#include <string_view>

namespace gateway::simulator {

answer show_authorize_page(call& c);
answer decide_consent(call& c);
answer give_token(call& c);
answer revoke_token(call& c);
answer get_user_info(call& c);
answer list_videos(call& c);
answer query_videos(call& c);
answer query_creator_info(call& c);
answer init_video(call& c);
answer init_inbox_video(call& c);
answer init_content(call& c);
answer fetch_status(call& c);
answer cancel_post(call& c);

struct endpoint_row {
    std::string_view method;
    std::string_view path;
    answer (*handle)(call&);
    bool secret = false;                           // query and body must not be stored in the history
    std::int64_t limit_settings::*limit = nullptr; // of one user in one window; null: there is none
};

inline constexpr endpoint_row endpoints[] = {
    // At TikTok the page is on another host than the API, which has all paths below and requires the last
    // slash.
    {"GET", "/v2/auth/authorize/", show_authorize_page, true},
    {"GET", "/v2/auth/authorize", show_authorize_page, true},
    {"POST", "/v2/auth/authorize/", decide_consent, true},
    {"POST", "/v2/oauth/token/", give_token, true},
    {"POST", "/v2/oauth/revoke/", revoke_token, true},
    {"GET", "/v2/user/info/", get_user_info, false, &limit_settings::display_per_minute},
    {"POST", "/v2/video/list/", list_videos, false, &limit_settings::display_per_minute},
    {"POST", "/v2/video/query/", query_videos, false, &limit_settings::display_per_minute},
    {"POST", "/v2/post/publish/creator_info/query/", query_creator_info, false,
     &limit_settings::creator_info_per_minute},
    {"POST", "/v2/post/publish/video/init/", init_video, false, &limit_settings::init_per_minute},
    {"POST", "/v2/post/publish/inbox/video/init/", init_inbox_video, false, &limit_settings::init_per_minute},
    {"POST", "/v2/post/publish/content/init/", init_content, false, &limit_settings::init_per_minute},
    {"POST", "/v2/post/publish/status/fetch/", fetch_status, false, &limit_settings::status_per_minute},
    {"POST", "/v2/post/publish/cancel/", cancel_post},
};

answer route(call& c);
/// Counts a call of a known account against the window of its endpoint, whatever becomes of it.
void note_arrival(world& w, const request_record& one);

} // namespace gateway::simulator
