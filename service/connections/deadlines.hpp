// How the time of a call is divided between TikTok and the store. Pure.
#pragma once
#include "base/clock.hpp"

#include <algorithm>

namespace gateway::connections {

/// For what the store must know once TikTok has changed something, whatever is left of the call.
inline constexpr milliseconds store_time{5'000};

inline deadline time_to_store() {
    return deadline::in(steady_now(), store_time);
}

/// The part of a call's time for TikTok; the rest is left for the store.
inline deadline part_for_tiktok(deadline until, steady_time now = steady_now()) {
    constexpr milliseconds patience{30'000};
    const auto share = until.left(now) * 3 / 4;
    return until.no_later_than(now + std::min<milliseconds>(share, patience));
}

/// Until the call and its last words to the store are over, so that another one may try.
inline milliseconds rest_of_call(deadline until, steady_time now = steady_now()) {
    return until.left(now) + store_time;
}

/// A revocation's own refresh begins only with this much left of the time for TikTok.
inline constexpr milliseconds time_to_refresh{5'000};
/// Of a revocation's refresh: two requests and the writes of what TikTok answered. It outlives its call.
inline constexpr milliseconds refresh_max{60'000};

/// How long nobody else may try a revocation that a call begins now, with `for_tiktok` as the time for its
/// own try: until that call, its last words to the store, and a refresh that it may begin are over. Two
/// refreshes must not send the same token.
inline milliseconds time_of_own_try(deadline until, deadline for_tiktok, bool refresh_goes_on,
                                    steady_time now) {
    const auto call = rest_of_call(until, now);
    const auto asks_for = for_tiktok.left(now);
    if (asks_for > time_to_refresh) return std::max(call, asks_for - time_to_refresh + refresh_max);
    return refresh_goes_on ? std::max(call, refresh_max) : call;
}

} // namespace gateway::connections
