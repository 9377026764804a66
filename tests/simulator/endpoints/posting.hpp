// What the posting endpoints share: the order of checks (token, scope, rate, parameters, caps: W25), where
// bytes come from, who may post, and how a post begins (docs/tiktok-wire.md §4, §8.2).
#pragma once
#include "endpoints/call.hpp"

namespace gateway::simulator {

/// A posting call that passed token, scope and rate; or the refusal.
struct post_call {
    const grant* consent = nullptr;
    const app_settings* app = nullptr;
    account* user = nullptr;
    boost::json::object body;
    std::optional<answer> refusal;
};

/// `scopes`: one of them is enough. `per_minute` negative: no window.
post_call begin_post_call(call& c, const string_list& scopes, const std::string& endpoint,
                          std::int64_t per_minute);

/// A member that must be an object; null when it is absent or anything else.
const boost::json::object* object_in(const boost::json::object& from, std::string_view key);
/// Absent and null leave `into`; false when the member has another type.
bool read_text(const boost::json::object& from, std::string_view key, std::string& into);
bool read_flag(const boost::json::object& from, std::string_view key, bool& into);
bool read_integer(const boost::json::object& from, std::string_view key, std::int64_t& into);

/// Checks that a text has at most `most` units; refuses or cuts as W10 says. Nothing if it is accepted.
std::optional<answer> check_text(call& c, std::string& text, std::size_t most, const char* name);
/// https, and owned by the app (docs/tiktok-wire.md §5.4, W28).
std::optional<answer> check_pull_url(call& c, const app_settings& app, const std::string& url);
/// `source_info` of a video: a chunk plan or a URL.
std::optional<answer> read_video_source(call& c, const post_call& from, post& into);

string_list privacy_options(const world& w, const app_settings& app, const account& user);
/// Level, brand toggles and the unaudited rule of direct posts (W12, W23, W24, W25).
std::optional<answer> check_privacy(call& c, const post_call& from, const post& one);
/// The cap of direct posts that is reached, as TikTok's code; empty when none is.
std::string_view direct_cap(const world& w, const app_settings& app, const account& user);
std::string_view draft_cap(const world& w, const app_settings& app, const account& user);
answer refuse_cap(call& c, std::string_view code);

/// Gives the post an id, stores it, starts its pull; the answer has publish_id and, for an upload,
/// upload_url.
answer begin_post(call& c, const post_call& from, post one);

} // namespace gateway::simulator
