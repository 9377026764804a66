#include "base/clock.hpp"

#include "base/digits.hpp"

namespace gateway {

void append_rfc3339(std::string& out, wall_time t) {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date{day};
    const auto second_of_day = static_cast<unsigned>(std::chrono::floor<seconds>(t - day).count());
    append_digits(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    append_digits(out += '-', static_cast<unsigned>(date.month()), 2);
    append_digits(out += '-', static_cast<unsigned>(date.day()), 2);
    append_digits(out += 'T', second_of_day / 3600, 2);
    append_digits(out += ':', second_of_day / 60 % 60, 2);
    append_digits(out += ':', second_of_day % 60, 2);
    out += 'Z';
}

std::string rfc3339(wall_time t) {
    std::string out;
    append_rfc3339(out, t);
    return out;
}

} // namespace gateway
