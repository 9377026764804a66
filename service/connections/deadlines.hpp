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
inline deadline part_for_tiktok(deadline until) {
    constexpr milliseconds patience{30'000};
    const auto share = until.left(steady_now()) * 3 / 4;
    return until.no_later_than(steady_now() + std::min<milliseconds>(share, patience));
}

/// Until the call and its last words to the store are over, so that another one may try.
inline milliseconds rest_of_call(deadline until) {
    return until.left(steady_now()) + store_time;
}

} // namespace gateway::connections
