// What to do next about one user's tokens, given only facts. Pure; tested as a table.
#pragma once
#include "base/clock.hpp"
#include "vault/token_set.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace gateway::tokens {

enum class token_step {
    use,             // as it is
    use_and_refresh, // good now, but near its end: refresh beside the call
    refresh,         // not good any more: the call waits for a refresh
    wait,            // it needs one, and the token endpoint is in trouble: refuse with the wait
    reconnect        // only a new login helps
};

/// An access token this near to its end is not sent any more: it would die on the way.
inline constexpr milliseconds last_moment{5'000};

/// The cause of a connection whose new pair TikTok issued and nobody received.
inline constexpr std::string_view response_lost = "rotation_response_lost";

/// `refresh_ahead`, cut to half of the token's lifetime, so that a short-lived token is not refreshed at
/// every use.
milliseconds ahead_of(const vault::token_set& tokens, milliseconds refresh_ahead);

/// The access token serves a call that begins now: it is not in the last moments of its life.
bool is_good(const vault::token_set& tokens, wall_time now);

/// `back_off_left`: so long no refresh may start. Empty: nothing is in the way.
token_step decide(const vault::token_set& tokens, wall_time now, milliseconds refresh_ahead,
                  std::optional<milliseconds> back_off_left);

/// What a 401 of TikTok's own means for the pair it was said of (docs/contract.md §5, "Reads").
enum class refusal_step {
    refresh,    // now, whatever the clock says of its end
    send_again, // the same pair after a wait: it is so new that TikTok may not know it everywhere
    try_later,  // another refresh so soon would hardly help: refuse, and say when it may
    reconnect   // only a new login helps
};
struct refused_pair {
    bool taken_there = false;          // by the kind of call that refuses it now
    bool taken = false;                // by any
    std::optional<milliseconds> age;   // since a refresh gave it; empty: a login or an import did
    std::uint32_t forced_in_a_row = 0; // of token_set
};
struct refusal_advice {
    refusal_step what = refusal_step::refresh;
    milliseconds wait{0}; // of send_again and try_later
};
/// `settling`: so long a new pair may be unknown to a part of TikTok. `young`: so long after a refresh that a
/// 401 asked for there is no other, unless the kind of call that refuses the pair has taken it; a TikTok that
/// refuses for ever costs one in that time. `certain`: nobody is sent to the login while the newest pair is
/// younger.
struct refusal_times {
    milliseconds settling, young, certain;
};
refusal_advice judge_refusal(const refused_pair& pair, const refusal_times& times);
/// What a pair carries that comes of the refresh which judge_refusal advises.
std::uint32_t forced_after(const refused_pair& pair);

/// Full jitter over an exponential: between 0 and base·2^failures, at most `most`. `chance` is 0…1.
milliseconds back_off(std::uint32_t failures, milliseconds base, milliseconds most, double chance);

} // namespace gateway::tokens
