// The bodies of TikTok's calls, from typed values, and what we look into of its answers (docs/tiktok-wire.md
// §2, §4, §6). Pure. An answer that lacks what makes it a success is tiktok_error; of an init it may have had
// its effect all the same.
#pragma once
#include "base/result.hpp"
#include "tiktok/document.hpp"
#include "tiktok/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway::tiktok {

worker_string video_list_body(std::optional<std::int64_t> cursor, std::int32_t max_count);
worker_string video_query_body(const std::vector<std::string>& ids);
worker_string video_init_body(const post_info& info, const video_source& source);
worker_string inbox_init_body(const video_source& source);
worker_string content_init_body(const post_info& info, bool direct, const std::vector<std::string>& urls,
                                std::uint32_t cover_index);
worker_string publish_id_body(const publish_id& id);

result<creator> read_creator(document answer);
result<started_post> read_started_post(const document& answer, bool with_upload_url);
result<post_status> read_post_status(document answer);

} // namespace gateway::tiktok
