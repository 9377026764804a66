#include "rules/rate_window.hpp"

#include <optional>

namespace gateway::simulator {

std::optional<milliseconds> rate_windows::take(const std::string& key, std::int64_t limit,
                                               milliseconds window, wall_time now) {
    std::deque<wall_time>& taken = taken_[key];
    while (!taken.empty() && taken.front() + window <= now) {
        taken.pop_front();
    }
    if (static_cast<std::int64_t>(taken.size()) >= limit) {
        return taken.empty() ? window
                             : std::chrono::duration_cast<milliseconds>(taken.front() + window - now);
    }
    taken.push_back(now);
    return std::nullopt;
}

} // namespace gateway::simulator
