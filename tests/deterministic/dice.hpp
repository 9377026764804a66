// The only source of random numbers in a simulation: the same seed gives the same run on every machine. A
// value. Not for secrets.
#pragma once
#include <chrono>
#include <cstdint>

namespace gateway::simulation {

using microseconds = std::chrono::microseconds;

class dice {
public:
    explicit dice(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() { // splitmix64
        state_ += 0x9e3779b97f4a7c15U;
        auto z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }
    /// 0…count-1.
    std::uint64_t below(std::uint64_t count) { return next() % count; }
    bool one_in(std::uint64_t count) { return below(count) == 0; }
    bool permille(std::uint64_t share) { return below(1000) < share; }
    microseconds between(microseconds least, microseconds most) {
        return least
               + microseconds{
                   static_cast<std::int64_t>(below(static_cast<std::uint64_t>((most - least).count()) + 1))};
    }

private:
    std::uint64_t state_;
};

} // namespace gateway::simulation
