// TikTok's endpoints (docs/tiktok-wire.md §0, "Endpoint map"): one row each; everything that differs between
// them is a column. The keys and defaults of `limits.tiktok.*`, the windows, the labels of the metrics and
// the requests are derived from it. Constants only, so that settings/ may use them, too.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gateway::tiktok {

/// In the order of the rows. Replicas share windows by an endpoint's number, also while two versions run: a
/// new one is added at the end.
enum class endpoint : std::uint8_t {
    user_info,
    video_list,
    video_query,
    creator_info,
    video_init,
    inbox_init,
    content_init,
    status_fetch,
    cancel,
    token,
    revoke,
    upload
};

/// docs/tiktok-wire.md §8.4.
enum class repeat_class : std::uint8_t { safe, byte_safe, unsafe, single_flight };

struct endpoint_row {
    endpoint which;
    std::string_view name; // the metrics' label; limits.tiktok.<name>_per_minute
    std::string_view method = "POST";
    std::string_view path;
    std::string_view content_type = "application/json; charset=UTF-8"; // docs/tiktok-wire.md §0
    std::string_view scope = {}; // the needed scope, alternatives separated by |; empty: by field, or none
    std::uint32_t calls_per_minute = 0; // the default of its limit for one user; 0: no window
    std::string_view counts = "calls";  // what its window counts, for a refusal
    repeat_class repeats = repeat_class::safe;
    bool data_is_due = true;             // a success must have `data`
    bool may_be_counted_per_app = false; // docs/tiktok-wire.md W1
};

/// Limits are those of docs/tiktok-wire.md §0; 0 if TikTok documents none (30 for cancel is the gateway's own
/// limit, so that a caller's loop does not reach TikTok).
inline constexpr std::array endpoints{
    endpoint_row{.which = endpoint::user_info,
                 .name = "user_info",
                 .method = "GET",
                 .path = "/v2/user/info/",
                 .calls_per_minute = 600,
                 .counts = "profile reads",
                 .may_be_counted_per_app = true},
    endpoint_row{.which = endpoint::video_list,
                 .name = "video_list",
                 .path = "/v2/video/list/",
                 .content_type = "application/json",
                 .scope = "video.list",
                 .calls_per_minute = 600,
                 .counts = "video lists",
                 .may_be_counted_per_app = true},
    endpoint_row{.which = endpoint::video_query,
                 .name = "video_query",
                 .path = "/v2/video/query/",
                 .content_type = "application/json",
                 .scope = "video.list",
                 .calls_per_minute = 600,
                 .counts = "video queries",
                 .may_be_counted_per_app = true},
    endpoint_row{.which = endpoint::creator_info,
                 .name = "creator_info",
                 .path = "/v2/post/publish/creator_info/query/",
                 .scope = "video.publish",
                 .calls_per_minute = 20,
                 .counts = "creator queries"},
    endpoint_row{.which = endpoint::video_init,
                 .name = "video_init",
                 .path = "/v2/post/publish/video/init/",
                 .scope = "video.publish",
                 .calls_per_minute = 6,
                 .counts = "direct posts",
                 .repeats = repeat_class::unsafe},
    endpoint_row{.which = endpoint::inbox_init,
                 .name = "inbox_init",
                 .path = "/v2/post/publish/inbox/video/init/",
                 .scope = "video.upload",
                 .calls_per_minute = 6,
                 .counts = "uploads",
                 .repeats = repeat_class::unsafe},
    endpoint_row{.which = endpoint::content_init,
                 .name = "content_init",
                 .path = "/v2/post/publish/content/init/",
                 .scope = "video.upload|video.publish",
                 .calls_per_minute = 6,
                 .counts = "photo posts",
                 .repeats = repeat_class::unsafe},
    endpoint_row{.which = endpoint::status_fetch,
                 .name = "status_fetch",
                 .path = "/v2/post/publish/status/fetch/",
                 .scope = "video.upload|video.publish",
                 .calls_per_minute = 30,
                 .counts = "status queries"},
    endpoint_row{.which = endpoint::cancel,
                 .name = "cancel",
                 .path = "/v2/post/publish/cancel/",
                 .scope = "video.upload|video.publish",
                 .calls_per_minute = 30,
                 .repeats = repeat_class::unsafe,
                 .data_is_due = false},
    // OAuth and the upload host have no documented window.
    endpoint_row{.which = endpoint::token,
                 .name = "token",
                 .path = "/v2/oauth/token/",
                 .repeats = repeat_class::single_flight},
    endpoint_row{.which = endpoint::revoke,
                 .name = "revoke",
                 .path = "/v2/oauth/revoke/",
                 .repeats = repeat_class::unsafe},
    endpoint_row{.which = endpoint::upload,
                 .name = "upload",
                 .method = "PUT",
                 .path = "",
                 .repeats = repeat_class::byte_safe},
};
inline constexpr std::size_t endpoint_count = endpoints.size();
static_assert(endpoint_count <= 32, "vault::acceptance has a bit for each");

constexpr const endpoint_row& row_of(endpoint which) {
    return endpoints[static_cast<std::size_t>(which)];
}

static_assert(
    [] {
        for (std::size_t at = 0; at < endpoint_count; ++at)
            if (endpoints[at].which != static_cast<endpoint>(at)) return false;
        return true;
    }(),
    "the rows stand in the order of the enumerators");

} // namespace gateway::tiktok
