#include "base/clock.hpp"

#include <ctime>

namespace gateway {

namespace {

/// The time of the kernel's last tick.
std::chrono::nanoseconds read_coarse(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

} // namespace

steady_time coarse_steady_now() {
    return steady_time{read_coarse(CLOCK_MONOTONIC_COARSE)}; // the clock that steady_clock uses
}
wall_time coarse_wall_now() {
    return wall_time{std::chrono::duration_cast<milliseconds>(read_coarse(CLOCK_REALTIME_COARSE))};
}

rfc3339_text::rfc3339_text(wall_time t) {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date{day};
    const auto second_of_day = static_cast<unsigned>(std::chrono::floor<seconds>(t - day).count());
    const auto put = [this](std::size_t at, unsigned two_digits) {
        text_[at] = static_cast<char>('0' + two_digits / 10);
        text_[at + 1] = static_cast<char>('0' + two_digits % 10);
    };
    const auto year = static_cast<unsigned>(static_cast<int>(date.year())) % 10'000;
    put(0, year / 100);
    put(2, year % 100);
    put(5, static_cast<unsigned>(date.month()));
    put(8, static_cast<unsigned>(date.day()));
    put(11, second_of_day / 3600);
    put(14, second_of_day / 60 % 60);
    put(17, second_of_day % 60);
}

std::string rfc3339(wall_time t) {
    return std::string(rfc3339_text(t));
}

} // namespace gateway
