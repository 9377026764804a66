// The fixture of the flow tests of actions: a gateway with large limits, TikTok's refusals by code, small
// valid videos, and waiting for a state in the simulator.
#pragma once
#include "harness/flow_test.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <string>
#include <string_view>

class action_test : public harness::flow_test {
protected:
    action_test() { w.options.settings = wide_windows; }

    /// Connects another user to the simulator's account `alice`. Windows are per user, so each case of a
    /// table uses its own.
    std::string another_user(const boost::json::object& what = {});
    std::string path_of(const std::string& user, std::string_view rest) const {
        return "/v1/users/" + user + std::string(rest);
    }

    /// From now on TikTok answers `times` calls of `path` with this refusal, without effect. Negative: all
    /// calls.
    void tiktok_refuses(std::string_view path, int status, std::string_view code, int times = -1);
    /// The number of calls of `path` that TikTok received.
    std::size_t calls_of(std::string_view path);

    /// Uploads the video as a raw body.
    harness::answer upload(const std::string& user, const std::string& bytes, const std::string& query = {},
                           const harness::fields& more = {});
    /// POST /v1/files; the file_id.
    std::string stage(const std::string& bytes);
    /// The post at TikTok once its state is `state`, or its state after a timeout.
    boost::json::object settled_post(const std::string& publish_id, std::string_view state);

    static constexpr const char* wide_windows =
        "limits:\n  tiktok: {user_info_per_minute: 100000, video_list_per_minute: 100000, "
        "video_query_per_minute: 100000, creator_info_per_minute: 100000, video_init_per_minute: 100000, "
        "inbox_init_per_minute: 100000, content_init_per_minute: 100000, status_fetch_per_minute: 100000, "
        "cancel_per_minute: 100000}\n";
    /// The same for the simulator, and no daily caps.
    static constexpr const char* wide_tiktok =
        "limits: {display_per_minute: 100000, creator_info_per_minute: 100000, init_per_minute: 100000, "
        "status_per_minute: 100000, posts_per_day: 100000, drafts_per_day: 100000}\n";

private:
    int users_ = 0;
};

/// Bytes that begin with the first box of an MP4, filled up to `size_bytes` without repetition.
std::string mp4(std::size_t size_bytes);
std::string sha256_of(std::string_view bytes);
std::string text_in(const boost::json::object& from, std::string_view key);
