#include "base/clock.hpp"

#include "base/digits.hpp"

namespace gateway {

std::string rfc3339(wall_time t) {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date{day};
    const auto second_of_day = static_cast<unsigned>(std::chrono::floor<seconds>(t - day).count());
    std::string out;
    append_digits(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    append_digits(out += '-', static_cast<unsigned>(date.month()), 2);
    append_digits(out += '-', static_cast<unsigned>(date.day()), 2);
    append_digits(out += 'T', second_of_day / 3600, 2);
    append_digits(out += ':', second_of_day / 60 % 60, 2);
    append_digits(out += ':', second_of_day % 60, 2);
    return out += 'Z';
}

} // namespace gateway
