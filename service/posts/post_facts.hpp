// The meaning of TikTok's statuses of a post (docs/contract.md §4, docs/tiktok-wire.md §6). Pure.
#pragma once
#include "base/result.hpp"
#include "store/post_record.hpp"

#include <string_view>
#include <vector>

namespace gateway::posts {

inline constexpr std::string_view processing_upload = "PROCESSING_UPLOAD";
inline constexpr std::string_view processing_download = "PROCESSING_DOWNLOAD";
inline constexpr std::string_view send_to_user_inbox = "SEND_TO_USER_INBOX";
inline constexpr std::string_view publish_complete = "PUBLISH_COMPLETE";
inline constexpr std::string_view failed = "FAILED";

/// docs/contract.md §4: processing, in_inbox, published, failed, unconfirmed.
std::string_view state_of(std::string_view tiktok_status);
/// For an attempt in the ledger: `unconfirmed` if nobody will know whether TikTok has it, or its end was
/// given up.
std::string_view state_of(const store::post_record& known);

/// Whether the status is final. That of an inbox draft is not: the creator may post it.
bool is_end(std::string_view tiktok_status);

/// Whether the ledger has everything that TikTok will report of this attempt: its end, and the post's public
/// ids, which come later, also those of a private post: its creator may make it public.
bool end_is_whole(const store::post_record& known);

/// Whether it is a direct post; by the ledger, or by the format of TikTok's publish_id
/// (docs/tiktok-wire.md §0). Photos have the same format for both modes: without a record they count as not
/// direct.
bool is_direct(const store::post_record* known, const publish_id& id);

/// Whether TikTok has nothing of it: refused, or interrupted before all bytes were sent. (If TikTok has all
/// bytes, the record has a digest. What TikTok pulls by itself needs the init alone.)
bool had_no_effect(const store::post_record& attempt);

/// The failure of a post that TikTok has failed.
failure post_failed(std::string_view fail_reason);

/// TikTok's refusal of one post more today.
bool is_daily_cap(const failure& why);

/// TikTok's refusals by a daily cap contain no time: the time until the oldest counting post of `recent` is
/// 24 hours old and leaves the window (docs/contract.md §4); an hour if none counts.
milliseconds wait_for_daily_cap(const std::vector<store::post_record>& recent, bool direct, wall_time now);

/// Whether a new upload of the same video can help (docs/tiktok-wire.md §6, "fail_reason").
bool may_help_to_upload_again(std::string_view fail_reason);

} // namespace gateway::posts
