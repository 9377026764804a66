// Decides what to do after a failed call: nothing, retry after a token refresh, or retry after a wait
// (docs/tiktok-wire.md §8.4). Pure: time, jitter and the budget are arguments.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "tiktok/endpoint.hpp"
#include "user_api/retry_budget.hpp"

#include <cstdint>
#include <optional>

namespace gateway::user_api {

/// The tries of one call so far.
struct tries {
    std::uint32_t repeats = 0;
    std::uint32_t token_refusals = 0; // 401
    std::uint32_t stale = 0;          // sent again at once, see repeats_at_once()
};

enum class retry_step { give_up, refresh, again, again_at_once };

struct retry_decision {
    retry_step what = retry_step::give_up;
    milliseconds wait{0};
};

inline constexpr std::uint32_t repeats_max = 3;
inline constexpr std::uint32_t stale_max = 1;
/// Only an upper bound: token_service::refresh_after_401 decides when a token is given up.
inline constexpr std::uint32_t token_refusals_max = 8;

/// Whether a call whose kept connection turned out to be dead is sent again without a pause, on a new
/// connection and with a slot of its own. That is no fault of TikTok's, so it costs the budget nothing; and
/// since the request may have left, only reads are (U04).
bool repeats_at_once(tiktok::repeat_class repeats, const tries& so_far, milliseconds left);

/// `jitter` is in [0, 1). `named_wait` is TikTok's Retry-After. `left` is what remains of the deadline at
/// `now`. `waits_for_slots`: may wait for a rate limit although the call writes, because a refused call had
/// no effect.
retry_decision decide_retry(const failure& f, tiktok::repeat_class repeats, const tries& so_far,
                            std::optional<milliseconds> named_wait, steady_time now, milliseconds left,
                            bool waits_for_slots, double jitter, retry_budget& budget);

/// For a call whose token TikTok has refused, and whose refresh failed by `why`: that failure, with TikTok's
/// words of the refusal where it is an error of TikTok's without words.
failure with_words_of(const failure& refusal, const failure& why);

} // namespace gateway::user_api
