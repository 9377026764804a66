// Controls time and random numbers. While a `virtual_time` exists, the clocks change only by advance_to(), an
// Asio loop waits only for its timers, and OpenSSL's random bytes come from the seed. This program defines
// its own clock_gettime, epoll_wait, timerfd_settime and RAND_bytes, which replace those of the libraries, so
// the tested code is unchanged and needs no interface for clocks. Otherwise the functions behave as usual.
// One at a time; one thread.
#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <optional>

namespace gateway::simulation {

class virtual_time {
public:
    explicit virtual_time(std::uint64_t seed);
    ~virtual_time();
    virtual_time(const virtual_time&) = delete;
    virtual_time& operator=(const virtual_time&) = delete;

    /// Never backwards.
    void advance_to(steady_time at);
    /// The error of the wall clock for the code that runs from now on (Q02).
    void set_wall_skew(milliseconds skew);

    /// The number of the loop that was created last.
    static int newest_loop();
    /// When the next timer of that loop is due, if there is one.
    static std::optional<steady_time> due(int loop);
};

/// The machine's real clock, for measurements.
std::chrono::nanoseconds real_time();

} // namespace gateway::simulation
