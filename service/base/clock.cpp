#include "base/clock.hpp"

#include <ctime>

namespace gateway {

steady_time coarse_steady_now() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now); // the clock of steady_clock, as of the last tick
    return steady_time{seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec}};
}

void append_rfc3339(std::string& out, wall_time t) {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date{day};
    const auto second_of_day = static_cast<unsigned>(std::chrono::floor<seconds>(t - day).count());
    char text[] = "0000-00-00T00:00:00Z";
    const auto put = [&text](std::size_t end, unsigned number, unsigned width) {
        for (; width > 0; --width, number /= 10)
            text[--end] = static_cast<char>('0' + number % 10);
    };
    put(4, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    put(7, static_cast<unsigned>(date.month()), 2);
    put(10, static_cast<unsigned>(date.day()), 2);
    put(13, second_of_day / 3600, 2);
    put(16, second_of_day / 60 % 60, 2);
    put(19, second_of_day % 60, 2);
    out.append(text, sizeof text - 1);
}

std::string rfc3339(wall_time t) {
    std::string out;
    append_rfc3339(out, t);
    return out;
}

} // namespace gateway
