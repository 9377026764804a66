// What TikTok tells of a post, as a change of the ledger's row: from the answer to a status query, or from a
// webhook. The order of events is not guaranteed (docs/tiktok-wire.md §7), and each may come twice. Pure.
#pragma once
#include "base/clock.hpp"
#include "store/ledger.hpp"
#include "store/post_record.hpp"

namespace gateway::tiktok {
struct post_status;
struct webhook_event;
} // namespace gateway::tiktok

namespace gateway::posts {

/// Whether TikTok's answer must be stored: a new step, an end, or ids that came after it.
bool is_news(const store::post_record& known, const tiktok::post_status& now);
/// The ledger has an end, and TikTok's answer is older than it.
bool is_behind(const store::post_record& known, const tiktok::post_status& now);

store::status_update update_by_answer(const store::post_record& known, const tiktok::post_status& news,
                                      wall_time now);
/// An end is never replaced by an earlier status, and a success never by a failure; ids keep their own times.
store::status_update update_by_webhook(const store::post_record& known, const tiktok::webhook_event& event,
                                       wall_time now);
/// No end came in time: the post is unconfirmed, with the status that is known.
store::status_update update_by_time(const store::post_record& known, wall_time now);

} // namespace gateway::posts
