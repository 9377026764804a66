// What TikTok's words about a post mean to us (docs/contract.md §4, docs/tiktok-wire.md §6). Pure.
#pragma once
#include "store/records.hpp"

#include <string_view>

namespace gateway::posts {

inline constexpr std::string_view processing_upload = "PROCESSING_UPLOAD";
inline constexpr std::string_view processing_download = "PROCESSING_DOWNLOAD";
inline constexpr std::string_view send_to_user_inbox = "SEND_TO_USER_INBOX";
inline constexpr std::string_view publish_complete = "PUBLISH_COMPLETE";
inline constexpr std::string_view failed = "FAILED";

/// No further news of this attempt is to be expected. An inbox draft is not at its end: the creator may post
/// it.
bool is_end(std::string_view tiktok_status);

/// The ledger knows all that TikTok will tell of this attempt: its end, and where the post is one that others
/// can see, its ids, which often come later than the end.
bool end_is_whole(const store::post_record& known);

/// A direct post publishes itself; known from the ledger, or from the shape of TikTok's publish_id
/// (docs/tiktok-wire.md §0). Photos have one shape for both modes: without a record they count as not direct.
bool is_direct(const store::post_record* known, const publish_id& id);

/// Nothing of it is at TikTok: refused, or broken off before all bytes were there. (Where TikTok had all
/// bytes there is a digest.)
bool came_to_nothing(const store::post_record& attempt);

/// Whether a new upload of the same video can help (docs/tiktok-wire.md §6, "fail_reason").
bool may_help_to_upload_again(std::string_view fail_reason);

} // namespace gateway::posts
