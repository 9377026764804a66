// Decides what to do about one user's tokens, from facts only. Pure; tested as a table.
#pragma once
#include "base/clock.hpp"
#include "vault/token_set.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace gateway::tokens {

enum class token_step {
    use,             // use it without a refresh
    use_and_refresh, // valid, but near its end: refresh in the background
    refresh,         // expired: the call waits for a refresh
    wait,            // it needs a refresh, but the token endpoint fails: refuse, with the time to wait
    reconnect        // only a new login helps
};

/// An access token this near to its end is not sent, because it could expire on the way.
inline constexpr milliseconds expiry_margin{5'000};

/// `refresh_ahead`, cut to half of the token's lifetime, so that a short-lived token is not refreshed at
/// every use.
milliseconds ahead_of(const vault::token_set& tokens, milliseconds refresh_ahead);

/// Whether the access token can be used for a call that begins now.
bool is_good(const vault::token_set& tokens, wall_time now);

/// `blocked`: no refresh may start now.
token_step decide(const vault::token_set& tokens, wall_time now, milliseconds refresh_ahead, bool blocked);

/// What to do after a 401 that TikTok itself sent for a pair (docs/contract.md §5, "Reads").
enum class refusal_step {
    refresh,    // refresh now, although it has not expired
    send_again, // send the same pair after a wait: some of TikTok's servers may not accept it yet
    try_later,  // another refresh so soon would not help: refuse, with the time until it may
    reconnect   // only a new login helps
};
struct refused_pair {
    bool taken_there = false;          // accepted by the kind of call that refuses it now
    bool taken = false;                // accepted by any kind of call
    std::optional<milliseconds> age;   // since a refresh gave it; empty for the pair of a login or an import
    std::uint32_t forced_in_a_row = 0; // of token_set
};
struct refusal_decision {
    refusal_step what = refusal_step::refresh;
    milliseconds wait{0}; // of send_again and try_later
};
/// `propagation_grace`: the time in which some of TikTok's servers may not accept a new pair.
/// `young_token_age`: the least time between two refreshes because of a 401, unless the kind of call that
/// refuses the pair has accepted it before; it bounds the refreshes if TikTok refuses always. `certain`:
/// while the newest pair is younger, no user is asked to connect again.
struct refusal_times {
    milliseconds propagation_grace, young_token_age, certain;
};
refusal_decision classify_refusal(const refused_pair& pair, const refusal_times& times);
/// The value of forced_in_a_row for the pair of the refresh that classify_refusal advises.
std::uint32_t forced_after(const refused_pair& pair);

} // namespace gateway::tokens
