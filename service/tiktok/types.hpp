// Types for the inputs and results of TikTok's calls. Pure: no token, no connection, no clock.
#pragma once
#include "base/ids.hpp"
#include "base/memory/worker_memory.hpp"
#include "tiktok/document.hpp"
#include "tiktok/endpoint.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::tiktok {

/// One call to be made, before it has a token.
struct api_request {
    endpoint which;
    std::string_view fields; // the comma list for `?fields=`, or empty; outlives the call
    worker_string body;      // JSON, or empty
};

/// The data of a direct post (docs/tiktok-wire.md §4.2, §4.4). Empty privacy_level: not a direct post.
struct post_info {
    std::string caption; // `title` of a video; photos have title and description
    std::string title;
    std::string description;
    std::string privacy_level;
    bool privacy_by_default = false; // nobody has asked for this level; TikTok is not told
    bool disable_comment = false, disable_duet = false, disable_stitch = false;
    bool brand_content_toggle = false, brand_organic_toggle = false;
    bool auto_add_music = false;
    std::optional<bool> is_aigc;
    std::optional<std::int32_t> video_cover_timestamp_ms;
};

/// The source of a video's bytes: announced chunks, or a URL that TikTok pulls.
struct video_source {
    std::uint64_t size_bytes = 0, chunk_size_bytes = 0, chunk_count = 0; // FILE_UPLOAD
    std::string url;                                                     // PULL_FROM_URL when not empty
};

struct started_post {
    publish_id id;
    std::string upload_url = {}; // a credential, never shown; empty for PULL_FROM_URL
};

struct creator {
    std::vector<std::string> privacy_levels;
    document raw;
};

struct post_status {
    worker_string status;
    std::string fail_reason;
    std::optional<std::uint64_t> uploaded_bytes;
    document raw;
    std::vector<std::string> post_ids() const;
};

} // namespace gateway::tiktok
