// The wait before the next try: exponential backoff with full jitter. Pure.
#pragma once
#include "base/clock.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace gateway {

/// A time between zero and `first` doubled `failures` times, bounded by `most`. `random` is 0…1.
inline milliseconds jittered_backoff(milliseconds first, std::uint32_t failures, milliseconds most,
                                     double random) {
    const auto bound = std::min(most, first * (std::int64_t{1} << std::min(failures, 20U)));
    return milliseconds{std::llround(static_cast<double>(bound.count()) * random)};
}

} // namespace gateway
