// TikTok's endpoints, one file each; the router knows which path is whose (tiktok-api §0).
#pragma once
#include "endpoints/call.hpp"

namespace gateway::simulator {

answer route(call& c);

answer show_authorize_page(call& c); // GET  /v2/auth/authorize/
answer decide_consent(call& c);      // POST /v2/auth/authorize/
answer give_token(call& c);          // POST /v2/oauth/token/
answer revoke_token(call& c);        // POST /v2/oauth/revoke/
answer get_user_info(call& c);       // GET  /v2/user/info/
answer list_videos(call& c);         // POST /v2/video/list/
answer query_videos(call& c);        // POST /v2/video/query/

} // namespace gateway::simulator
