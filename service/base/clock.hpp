// Time is an argument. Two clocks, never mixed: the steady one for every wait and window, the wall clock for
// what is shown or outlives the process. Whoever needs "now" is handed it; only edges (a session, a timer)
// read a clock.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

using milliseconds = std::chrono::milliseconds;
using seconds = std::chrono::seconds;
using steady_time = std::chrono::steady_clock::time_point;
using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;

inline steady_time steady_now() {
    return std::chrono::steady_clock::now();
}
inline wall_time wall_now() {
    return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
}

/// RFC 3339 in UTC with seconds: 2026-11-23T16:18:36Z.
std::string rfc3339(wall_time t);
/// Milliseconds since 1970, as stored.
inline std::int64_t unix_ms(wall_time t) {
    return t.time_since_epoch().count();
}
inline wall_time from_unix_ms(std::int64_t ms) {
    return wall_time{milliseconds{ms}};
}

/// An absolute end of waiting, made once at the edge and only ever shortened.
class deadline {
public:
    constexpr explicit deadline(steady_time at) : at_(at) {}
    static deadline in(steady_time now, milliseconds wait) { return deadline{now + wait}; }

    constexpr steady_time at() const { return at_; }
    constexpr bool passed(steady_time now) const { return now >= at_; }
    constexpr milliseconds left(steady_time now) const {
        return passed(now) ? milliseconds{0} : std::chrono::duration_cast<milliseconds>(at_ - now);
    }
    constexpr deadline no_later_than(deadline other) const { return other.at_ < at_ ? other : *this; }
    constexpr deadline no_later_than(steady_time at) const { return no_later_than(deadline{at}); }

private:
    steady_time at_;
};

} // namespace gateway
