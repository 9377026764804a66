// The wait before the next try: exponential backoff with full jitter.
#pragma once
#include "base/clock.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>

namespace gateway {

/// A random share in [0, 1) for jitter. Not for secrets.
inline double random_unit() {
    thread_local std::minstd_rand random{std::random_device{}()};
    return std::uniform_real_distribution<double>(0.0, 1.0)(random);
}

/// A time between zero and `first` doubled `failures` times, bounded by `most`. `random` is 0…1. Pure.
inline milliseconds jittered_backoff(milliseconds first, std::uint32_t failures, milliseconds most,
                                     double random) {
    const auto bound = std::min(most, first * (std::int64_t{1} << std::min(failures, 20U)));
    return milliseconds{std::llround(static_cast<double>(bound.count()) * random)};
}

} // namespace gateway
