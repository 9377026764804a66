// Numbers for headers and log lines. A call formats many of them, and printf takes ten times as long. Pure.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gateway {

/// The last `width` decimal digits of a number, with leading zeros, for append_all.
template <std::size_t width>
class padded_digits {
public:
    explicit padded_digits(unsigned number) {
        for (std::size_t place = width; place-- > 0; number /= 10)
            text_[place] = static_cast<char>('0' + number % 10);
    }
    operator std::string_view() const { return {text_, width}; }

private:
    char text_[width];
};

/// A number as text, for append_all.
class number_text {
public:
    explicit number_text(std::uint64_t number) {
        do {
            text_[--begin_] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number > 0);
    }
    /// A negative number is written as zero; for counts and waits, which are not negative.
    static number_text of(std::int64_t number) {
        return number_text(static_cast<std::uint64_t>(std::max<std::int64_t>(0, number)));
    }
    operator std::string_view() const { return {text_ + begin_, sizeof text_ - begin_}; }

private:
    char text_[20];
    std::size_t begin_ = sizeof text_;
};

} // namespace gateway
