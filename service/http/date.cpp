#include "http/date.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace gateway::http {
namespace {

constexpr std::string_view shape = "???, 00 ??? 0000 00:00:00 GMT";
constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Digits and separators; the two names are looked up.
bool has_shape(std::string_view text) {
    return std::equal(text.begin(), text.end(), shape.begin(), shape.end(), [](char is, char wanted) {
        if (wanted == '0') return is >= '0' && is <= '9';
        return wanted == '?' || is == wanted;
    });
}

unsigned number_in(std::string_view digits) {
    unsigned out = 0;
    for (const char digit : digits)
        out = out * 10 + static_cast<unsigned>(digit - '0');
    return out;
}

template <std::size_t Count>
std::optional<unsigned> place_in(const std::array<std::string_view, Count>& names, std::string_view name) {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) return std::nullopt;
    return static_cast<unsigned>(at - names.begin());
}

} // namespace

std::optional<wall_time> read_date(std::string_view text) {
    if (!has_shape(text)) return std::nullopt;
    const auto day_name = place_in(days, text.substr(0, 3));
    const auto month = place_in(months, text.substr(8, 3));
    if (!day_name || !month) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(number_in(text.substr(12, 4)))},
                                           std::chrono::month{*month + 1},
                                           std::chrono::day{number_in(text.substr(5, 2))}};
    const auto hour = number_in(text.substr(17, 2)), minute = number_in(text.substr(20, 2));
    const auto second = number_in(text.substr(23, 2));
    if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    const std::chrono::sys_days start{date};
    if (std::chrono::weekday{start} != std::chrono::weekday{*day_name}) return std::nullopt;
    return start + std::chrono::hours{hour} + std::chrono::minutes{minute} + seconds{second};
}

} // namespace gateway::http
