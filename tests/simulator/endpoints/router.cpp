#include "endpoints/endpoints.hpp"

namespace gateway::simulator {

namespace {

struct row {
    std::string_view method;
    std::string_view path;
    answer (*handle)(call&);
    bool secret; // query and body must not be stored in the history
};

constexpr row rows[] = {
    // At TikTok the page is on another host than the API, which has all paths below and requires the last
    // slash.
    {"GET", "/v2/auth/authorize/", show_authorize_page, true},
    {"GET", "/v2/auth/authorize", show_authorize_page, true},
    {"POST", "/v2/auth/authorize/", decide_consent, true},
    {"POST", "/v2/oauth/token/", give_token, true},
    {"POST", "/v2/oauth/revoke/", revoke_token, true},
    {"GET", "/v2/user/info/", get_user_info, false},
    {"POST", "/v2/video/list/", list_videos, false},
    {"POST", "/v2/video/query/", query_videos, false},
    {"POST", "/v2/post/publish/creator_info/query/", query_creator_info, false},
    {"POST", "/v2/post/publish/video/init/", init_video, false},
    {"POST", "/v2/post/publish/inbox/video/init/", init_inbox_video, false},
    {"POST", "/v2/post/publish/content/init/", init_content, false},
    {"POST", "/v2/post/publish/status/fetch/", fetch_status, false},
    {"POST", "/v2/post/publish/cancel/", cancel_post, false},
};

} // namespace

answer route(call& c) {
    for (const row& one : rows) {
        if (one.path != c.in.path || one.method != c.in.method) continue;
        if (!one.secret) {
            c.record.query = c.in.query;
            c.record.body = c.in.body;
        }
        return one.handle(c);
    }
    return not_found(); // a wrong method is answered like an unknown path
}

} // namespace gateway::simulator
