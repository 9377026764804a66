#include "base/rfc3339.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace gateway {
namespace {

/// Reads a text from its front; every step is empty or false once one has failed.
class reader {
public:
    explicit reader(std::string_view text) : rest_(text) {}

    std::optional<unsigned> digits(std::size_t count) {
        unsigned number = 0;
        if (rest_.size() < count) return std::nullopt;
        for (const char c : rest_.substr(0, count)) {
            if (c < '0' || c > '9') return std::nullopt;
            number = number * 10 + static_cast<unsigned>(c - '0');
        }
        rest_.remove_prefix(count);
        return number;
    }
    bool is_next(std::string_view any_of) const {
        return !rest_.empty() && any_of.find(rest_.front()) != std::string_view::npos;
    }
    bool skip(std::string_view any_of) {
        if (!is_next(any_of)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

std::optional<std::chrono::sys_days> read_date(reader& from) {
    const auto year = from.digits(4);
    if (!year || !from.skip("-")) return std::nullopt;
    const auto month = from.digits(2);
    if (!month || !from.skip("-")) return std::nullopt;
    const auto day = from.digits(2);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                           std::chrono::month{*month}, std::chrono::day{*day}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date};
}

/// Hours and minutes, as they stand in a time and in an offset.
std::optional<std::chrono::minutes> read_minutes(reader& from) {
    const auto hour = from.digits(2);
    if (!hour || *hour > 23 || !from.skip(":")) return std::nullopt;
    const auto minute = from.digits(2);
    if (!minute || *minute > 59) return std::nullopt;
    return std::chrono::hours{*hour} + std::chrono::minutes{*minute};
}

/// With at least one digit after the point.
std::optional<milliseconds> read_fraction(reader& from) {
    if (!from.skip(".")) return milliseconds{0};
    std::int64_t number = 0;
    bool more_follows = false;
    std::size_t count = 0;
    for (auto digit = from.digits(1); digit; digit = from.digits(1)) {
        if (count++ < 3)
            number = number * 10 + *digit;
        else
            more_follows = more_follows || *digit > 0;
    }
    if (count == 0) return std::nullopt;
    for (; count < 3; ++count)
        number *= 10;
    return milliseconds{number + (more_follows ? 1 : 0)};
}

std::optional<std::chrono::minutes> read_offset(reader& from) {
    if (from.skip("Zz")) return std::chrono::minutes{0};
    const bool behind = from.is_next("-");
    if (!from.skip("+-")) return std::nullopt;
    const auto offset = read_minutes(from);
    if (!offset) return std::nullopt;
    return behind ? -*offset : *offset;
}

} // namespace

std::optional<wall_time> parse_rfc3339(std::string_view text) {
    reader from(text);
    const auto date = read_date(from);
    if (!date || !from.skip("Tt ")) return std::nullopt;
    const auto minutes = read_minutes(from);
    if (!minutes || !from.skip(":")) return std::nullopt;
    const auto second = from.digits(2);
    if (!second || *second > 60) return std::nullopt;
    const auto fraction = read_fraction(from);
    if (!fraction) return std::nullopt;
    const auto offset = read_offset(from);
    if (!offset || !from.at_end()) return std::nullopt;
    const wall_time time = *date + *minutes + seconds{*second} + *fraction - *offset;
    if (time < wall_time{}) return std::nullopt;
    return time;
}

std::string rfc3339_with_milliseconds(wall_time t) {
    std::string out = rfc3339(t);
    auto digits = std::to_string(1'000 + (t - std::chrono::floor<seconds>(t)).count());
    digits.front() = '.';
    out.insert(out.size() - 1, digits);
    return out;
}

} // namespace gateway
