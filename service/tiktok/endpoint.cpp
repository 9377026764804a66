#include "tiktok/endpoint.hpp"

#include <array>

namespace gateway::tiktok {
namespace {

using enum repeat_class;

// In the order of the enumerators. Limits: docs/tiktok-wire.md §0; 0 where the manual names none (cancel's 30
// is ours, so that a loop at a caller is not handed on).
constexpr std::array<endpoint_facts, endpoint_count> rows{{
    {endpoint::user_info, "user_info", "GET", "/v2/user/info/", 600, safe},
    {endpoint::video_list, "video_list", "POST", "/v2/video/list/", 600, safe},
    {endpoint::video_query, "video_query", "POST", "/v2/video/query/", 600, safe},
    {endpoint::creator_info, "creator_info", "POST", "/v2/post/publish/creator_info/query/", 20, safe},
    {endpoint::video_init, "video_init", "POST", "/v2/post/publish/video/init/", 6, unsafe},
    {endpoint::inbox_init, "inbox_init", "POST", "/v2/post/publish/inbox/video/init/", 6, unsafe},
    {endpoint::content_init, "content_init", "POST", "/v2/post/publish/content/init/", 6, unsafe},
    {endpoint::status_fetch, "status_fetch", "POST", "/v2/post/publish/status/fetch/", 30, safe},
    {endpoint::cancel, "cancel", "POST", "/v2/post/publish/cancel/", 30, unsafe},
    {endpoint::token, "token", "POST", "/v2/oauth/token/", 0, single_flight},
    {endpoint::revoke, "revoke", "POST", "/v2/oauth/revoke/", 0, unsafe},
    {endpoint::upload, "upload", "PUT", "", 0, byte_safe},
}};

} // namespace

const endpoint_facts& facts(endpoint which) {
    return rows[static_cast<std::size_t>(which)];
}

} // namespace gateway::tiktok
