// Writes the requests of TikTok's calls from typed values, and reads the answers (docs/tiktok-wire.md §2, §4,
// §6). Pure. An answer that lacks a required member is tiktok_error; an init may have had its effect all the
// same.
#pragma once
#include "base/result.hpp"
#include "tiktok/document.hpp"
#include "tiktok/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::tiktok {

/// `fields` outlives the call.
api_request user_info_request(std::string_view fields);
api_request video_list_request(std::string_view fields, std::optional<std::int64_t> cursor,
                               std::int32_t max_count);
api_request video_query_request(std::string_view fields, const std::vector<std::string>& ids);
api_request creator_info_request();
/// `direct`: posted with `info`; otherwise sent to the creator's inbox.
api_request video_init_request(const post_info& info, bool direct, const video_source& source);
api_request content_init_request(const post_info& info, bool direct, const std::vector<std::string>& urls,
                                 std::uint32_t cover_index);
api_request status_request(const publish_id& id);
api_request cancel_request(const publish_id& id);

/// Of user_info_request: whose the token is.
result<open_id> read_account(const document& answer);
result<creator> read_creator(document answer);
result<started_post> read_started_post(const document& answer, bool with_upload_url);
result<post_status> read_post_status(document answer);

} // namespace gateway::tiktok
