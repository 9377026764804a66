// One publish attempt at TikTok (docs/tiktok-wire.md §6). Plain data; post_book changes it over time.
#pragma once
#include "base/clock.hpp"
#include "configure/settings.hpp"
#include "rules/picture_size.hpp"
#include "rules/running_digest.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway::simulator {

enum class post_status {
    processing_upload,
    processing_download,
    send_to_user_inbox,
    publish_complete,
    failed
};
std::string_view name_of(post_status status);

struct chunk_record {
    std::int64_t first = 0;
    std::int64_t last = 0;
};

struct pulled_record {
    std::string url;
    std::string sha256;
    std::string type;
    std::int64_t size_bytes = 0;
    std::optional<picture_size> pixels = {}; // of a picture, if its head contains them
};

struct post {
    std::uint64_t number = 0; // in the order of the inits
    std::string publish_id;
    std::string client_key;
    std::string username;
    std::string token_id;
    bool photo = false;
    bool direct = false; // false: a draft for the creator's inbox
    bool pull = false;   // false: bytes come to the upload host
    post_status status = post_status::processing_upload;
    std::string fail_reason;

    std::string caption;
    std::string description; // photos
    std::string privacy_level;
    boost::json::object post_info; // as it was sent
    bool is_aigc = false;

    std::int64_t size_bytes = 0;
    std::int64_t chunk_size = 0;
    std::int64_t total_chunk_count = 0;
    string_list urls;
    std::int64_t photo_cover_index = 0;

    wall_time created_at;
    std::string upload_id;
    std::string upload_token;
    wall_time upload_expires_at;
    std::int64_t uploaded_bytes = 0;
    std::int64_t downloaded_bytes = 0;
    running_digest digest;
    std::string head; // the first bytes, to detect the container
    std::string sha256;
    std::vector<chunk_record> chunks;
    std::vector<pulled_record> pulled;
    std::vector<std::int64_t> post_ids;
    std::vector<wall_time> public_since; // of each post id
    bool endless = false;                // its pull never ends (W28)

    bool running() const {
        return status == post_status::processing_upload || status == post_status::processing_download;
    }
    /// The type in TikTok's webhooks: DIRECT_PUBLISH or INBOX_SHARE.
    std::string publish_type() const { return direct ? "DIRECT_PUBLISH" : "INBOX_SHARE"; }
};

/// For the history.
boost::json::object to_json(const post& one);

} // namespace gateway::simulator
