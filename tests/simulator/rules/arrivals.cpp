#include "rules/arrivals.hpp"

namespace gateway::simulator {

void arrivals::note(const std::string& path, const std::string& account, std::int64_t limit,
                    milliseconds window, wall_time now) {
    std::deque<wall_time>& came = came_[path + "\n" + account];
    while (!came.empty() && came.front() + window <= now) {
        came.pop_front();
    }
    came.push_back(now);
    worst_window& worst = worst_[path];
    worst.limit = limit;
    if (static_cast<std::int64_t>(came.size()) > limit) ++worst.above;
    if (came.size() <= worst.calls) return;
    worst.calls = came.size();
    worst.account = account;
    worst.at = now;
}

} // namespace gateway::simulator
