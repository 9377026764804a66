// Time and chance in our hands. While a `virtual_time` lives, the clocks stand still until they are moved, a
// loop of Asio waits for nothing but its timers, and OpenSSL's random bytes come from the seed. This
// program's own clock_gettime, epoll_wait, timerfd_settime and RAND_bytes stand before those of the
// libraries, so the code under test is the code that ships: no seam, no clock handed around. Outside of its
// life all is as ever. One at a time; one thread.
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
    /// How wrong the wall clock is of whoever runs from now on (Q02).
    void set_wall_skew(milliseconds skew);

    /// Names the loop whose timers were begun last.
    static int newest_loop();
    /// When that loop wants to be woken next, if ever.
    static std::optional<steady_time> due(int loop);
};

/// The machine's own clock, whatever lives: to measure with.
std::chrono::nanoseconds real_time();

} // namespace gateway::simulation
