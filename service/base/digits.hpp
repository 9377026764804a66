// Numbers of fixed width, for times in headers and log lines: printf takes ten times as long, twice a call.
// Pure.
#pragma once
#include <string>

namespace gateway {

/// The last `width` decimal digits of `number`, with leading zeros.
inline void append_digits(std::string& out, unsigned number, unsigned width) {
    char text[10];
    for (unsigned place = width; place-- > 0; number /= 10)
        text[place] = static_cast<char>('0' + number % 10);
    out.append(text, width);
}

} // namespace gateway
