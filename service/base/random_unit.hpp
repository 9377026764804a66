// A random share in [0, 1) for jitter. Not for secrets.
#pragma once
#include <random>

namespace gateway {

inline double random_unit() {
    thread_local std::minstd_rand random{std::random_device{}()};
    return std::uniform_real_distribution<double>(0.0, 1.0)(random);
}

} // namespace gateway
