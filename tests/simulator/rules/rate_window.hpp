// Sliding one-minute windows (docs/tiktok-wire.md §0, §8.3): a call is accepted if fewer than `limit` were
// accepted within the window before it. A refused call does not count. Pure; time is an argument.
#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

namespace gateway::simulator {

class rate_windows {
public:
    /// Nothing if the call is accepted; otherwise the time until the next one can be.
    std::optional<milliseconds> take(const std::string& key, std::int64_t limit, milliseconds window,
                                     wall_time now);
    void clear() { taken_.clear(); }

private:
    std::unordered_map<std::string, std::deque<wall_time>> taken_;
};

} // namespace gateway::simulator
