// How many calls came within one window, for each account and endpoint, by the time of their arrival, whether
// they were accepted or not: a client that keeps TikTok's limits never sends more. Counts go on over a
// refresh, because a new token gives a user no new window. Pure; time is an argument.
#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>

namespace gateway::simulator {

class arrivals {
public:
    struct worst_window {
        std::size_t calls = 0; // most within one window
        std::string account;   // whose they were
        wall_time at;          // when the last of them came
        std::int64_t limit = 0;
        std::size_t above = 0; // calls of all accounts that came when the window was full
    };

    void note(const std::string& path, const std::string& account, std::int64_t limit, milliseconds window,
              wall_time now);
    const std::map<std::string, worst_window>& worst() const { return worst_; } // by path

private:
    std::unordered_map<std::string, std::deque<wall_time>> came_;
    std::map<std::string, worst_window> worst_;
};

} // namespace gateway::simulator
