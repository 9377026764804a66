// TikTok's endpoints, one file each; the router maps paths to them (docs/tiktok-wire.md §0).
#pragma once
#include "endpoints/call.hpp"

namespace gateway::simulator {

answer route(call& c);

answer show_authorize_page(call& c); // GET  /v2/auth/authorize/, also without the last slash
answer decide_consent(call& c);      // POST /v2/auth/authorize/
answer give_token(call& c);          // POST /v2/oauth/token/
answer revoke_token(call& c);        // POST /v2/oauth/revoke/
answer get_user_info(call& c);       // GET  /v2/user/info/
answer list_videos(call& c);         // POST /v2/video/list/
answer query_videos(call& c);        // POST /v2/video/query/
answer query_creator_info(call& c);  // POST /v2/post/publish/creator_info/query/
answer init_video(call& c);          // POST /v2/post/publish/video/init/
answer init_inbox_video(call& c);    // POST /v2/post/publish/inbox/video/init/
answer init_content(call& c);        // POST /v2/post/publish/content/init/
answer fetch_status(call& c);        // POST /v2/post/publish/status/fetch/
answer cancel_post(call& c);         // POST /v2/post/publish/cancel/

} // namespace gateway::simulator
