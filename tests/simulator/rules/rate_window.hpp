// Sliding one-minute windows (docs/tiktok-wire.md §0, §8.3): a call is taken when fewer than `limit` were
// taken within the window before it. A refused call takes no place. Pure; time is an argument.
#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

namespace gateway::simulator {

class rate_windows {
public:
    /// Nothing when the call is taken; otherwise how long until the next place is free.
    std::optional<milliseconds> take(const std::string& key, std::int64_t limit, milliseconds window,
                                     wall_time now);
    void clear() { taken_.clear(); }

private:
    std::unordered_map<std::string, std::deque<wall_time>> taken_;
};

} // namespace gateway::simulator
