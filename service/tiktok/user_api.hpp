// TikTok's API, bound to one user. Adds, once and for all endpoints: the token (refreshed once for all who
// wait), the window of (user, endpoint), 401 → refresh → once more, retry by class within a shared budget,
// and the translation of TikTok's refusals (also those with HTTP 200) into our errors. An action never sees a
// token, a clock or a retry. Lives for one call, on the worker that serves it.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "limits/window.hpp"
#include "runtime/task.hpp"
#include "tiktok/document.hpp"
#include "tiktok/endpoint.hpp"
#include "tiktok/shared_windows.hpp"
#include "vault/token_set.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::outbound {
class exchange;
}
namespace gateway::telemetry {
struct call_record;
}

namespace gateway::tiktok {

struct api_request;
struct call_outcome;
class services; // what all user_api of one worker share: client, tokens, windows, retry budget, endpoints'
                // address

/// What direct posts carry (tiktok-api §4.2, §4.4). Empty privacy_level: not a direct post.
struct post_info {
    std::string caption; // `title` of a video; of photos: title and description apart
    std::string title;
    std::string description;
    std::string privacy_level;
    bool disable_comment = false, disable_duet = false, disable_stitch = false;
    bool brand_content_toggle = false, brand_organic_toggle = false;
    bool auto_add_music = false;
    std::optional<bool> is_aigc;
    std::optional<std::int32_t> video_cover_timestamp_ms;
};

/// Where the bytes of a video come from: announced chunks, or a URL TikTok pulls itself.
struct video_source {
    std::uint64_t size_bytes = 0, chunk_size_bytes = 0, chunk_count = 0; // FILE_UPLOAD
    std::string url;                                                     // PULL_FROM_URL when not empty
};

struct started_post {
    publish_id id;
    std::string upload_url; // a credential: empty for PULL_FROM_URL, never shown to anybody
    std::string log_id;
};

struct creator {
    std::vector<std::string> privacy_levels;
    bool comment_disabled = false, duet_disabled = false, stitch_disabled = false;
    std::int64_t max_video_post_duration_sec = 0;
    document raw;
};

struct post_status {
    worker_string status;
    std::string fail_reason;
    std::optional<std::uint64_t> uploaded_bytes;
    document raw;
    /// Scalar or list, numbers or strings: all were seen (U16).
    std::vector<std::string> post_ids() const;
};

class user_api {
public:
    /// `user` and `record` outlive it.
    user_api(services& shared, const user_id& user, telemetry::call_record& record, deadline until);

    const user_id& user() const { return user_; }
    deadline until() const { return until_; }
    /// For what talks to TikTok without a token: the chunk sender.
    services& shared() const { return shared_; }
    telemetry::call_record& record() const { return record_; }
    /// A full window is waited for, as long as the deadline allows, instead of answered with rate_limited.
    /// For batches, which pace themselves by TikTok's six inits a minute.
    void wait_for_slots(bool wait) { waits_for_slots_ = wait; }
    /// Finds the user's token, and with it what they granted, where that needs no wait: nearly always. Else
    /// bind() asks the vault, not TikTok: user_not_connected, reconnect_required.
    bool bind_now();
    task<result<void>> bind();
    /// What the user granted, once bound.
    std::span<const std::string> scopes() const;

    task<result<document>> user_info(std::string_view fields);
    task<result<document>> list_videos(std::string_view fields, std::optional<std::int64_t> cursor,
                                       std::int32_t max_count);
    task<result<document>> query_videos(std::string_view fields, const std::vector<std::string>& ids);
    task<result<creator>> creator_info();
    /// The inits. Never repeated once bytes may have left (a 401 is refused before any effect and repeated
    /// once after a refresh). A lost answer: failure with may_have_reached_tiktok; the caller of this decides
    /// what it means.
    task<result<started_post>> init_video(const post_info& info, const video_source& source);
    task<result<started_post>> init_inbox_video(const video_source& source);
    task<result<started_post>> init_photos(const post_info& info, bool direct,
                                           const std::vector<std::string>& urls, std::uint32_t cover_index);
    task<result<post_status>> fetch_status(const publish_id& id);
    task<result<document>> cancel(const publish_id& id);

private:
    task<result<document>> call(api_request what);
    /// Where `taken`, what memory said, was not a slot.
    task<result<limits::permit>> wait_for_slot(endpoint which, shared_windows::taken taken);
    vault::shared_tokens tokens_now() const;
    void note(const call_outcome& out);
    void told_of_refusal(endpoint which, const failure& why);

    services& shared_;
    const user_id& user_;
    telemetry::call_record& record_;
    deadline until_;
    bool waits_for_slots_ = false;
    vault::shared_tokens bound_; // what bind found, and when
    wall_time bound_at_;
};

} // namespace gateway::tiktok
