// When TikTok is asked for the status of a post without a call, and when that ends: the following of a post
// (docs/contract.md §5). Pure.
#pragma once
#include "base/clock.hpp"
#include "store/ledger.hpp"
#include "store/post_record.hpp"

#include <chrono>
#include <string_view>

namespace gateway::posts {

/// A post is looked at again after a quarter of the time since its last news, so after 2, 2, 3, 4, … seconds
/// at first (docs/tiktok-wire.md §6). A draft waits for its creator, and a published post for its ids.
inline constexpr store::look_times look_times{
    .shortest = seconds{2},
    .processing_max = std::chrono::minutes{10},
    .draft_max = std::chrono::hours{6},
    .published_max = std::chrono::hours{1},
    .unconfirmed_max = std::chrono::hours{6},
};
/// Then a post without an end counts as unconfirmed (docs/promises.md M10); while TikTok does not answer, a
/// little later, because its next answer may be the end.
inline constexpr std::chrono::hours unconfirmed_after{24}, unconfirmed_without_answer_after{25};
/// The longest time of following after that; for a draft, after its last news.
inline constexpr std::chrono::hours looked_at_unconfirmed{7 * 24}, looked_at_draft{30 * 24},
    looked_at_for_ids{24};

/// When to look first at a post of which there is news at `now`: TikTok's, or the end of our part. Zero: not
/// at all, because it has no publish_id or TikTok has nothing more to tell.
wall_time first_look(const store::post_record& post, wall_time now);

/// What came of a look.
enum class look_outcome {
    news,     // written, and with it the time of the next look
    no_news,  // TikTok knows nothing new, or can never be asked, as for a user who has left
    no_answer // TikTok, the store or the network could not tell now
};
/// What follows from it.
enum class after_look { look_again, give_up /* it is unconfirmed from now on */, stop };
after_look after_look_at(const store::post_record& post, look_outcome outcome, wall_time now);

/// Whether its end was given up; a later word of TikTok's still counts.
bool is_given_up(const store::post_record& post);

/// Whether whoever waits for the post is to hear of it now: its end, or its arrival in the creator's inbox.
bool is_awaited(std::string_view state);

} // namespace gateway::posts
