// What a caller is told of a post by webhook (docs/contract.md §12): the event of a change of its row, or
// none. Which change is the one is decided where the row is written, so of two replicas that see the same end
// one tells it. Pure.
#pragma once
#include "base/result.hpp"
#include "store/ledger.hpp"

#include <optional>

namespace gateway::posts {

/// The event of TikTok's new status: the post has another state than before, and callers wait for it. Ids
/// that come after the end are no event.
std::optional<store::outgoing_event> event_of(const store::post_record& seen,
                                              const store::status_update& told);

/// It stays unknown whether TikTok has the post.
store::outgoing_event unconfirmed_event(const store::post_record& post, wall_time now);

/// The upload broke, or nothing came of it; TikTok has no post.
store::outgoing_event upload_failed_event(const store::post_record& post, const failure& why, wall_time now);

/// An attempt whose process crashed, as it was ended (settlement.hpp); nothing where TikTok has still to say
/// what became of it.
std::optional<store::outgoing_event> event_of_crash(const store::post_record& ended, wall_time now);

} // namespace gateway::posts
