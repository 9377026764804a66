#include "http/percent.hpp"

#include "http/wire_text.hpp"

#include <algorithm>

namespace gateway::http {
namespace {

bool is_unreserved(char c) {
    return is(host_byte, c) || c == '~';
}

} // namespace

void append_percent_encoded(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : text) {
        if (is_unreserved(c)) {
            out.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out.push_back('%');
        out.push_back(digits[byte >> 4]);
        out.push_back(digits[byte & 15]);
    }
}

std::string percent_encoded(std::string_view text) {
    std::string out;
    append_percent_encoded(out, text);
    return out;
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank) {
    const auto is_special = [plus_is_blank](char c) {
        return c == '%' || c == '\0' || (c == '+' && plus_is_blank);
    };
    if (std::none_of(text.begin(), text.end(), is_special)) return std::string(text); // the usual case
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        char c = text[at];
        if (c == '%') {
            const int byte = escaped_byte(text, at);
            if (byte < 0) return std::nullopt;
            c = static_cast<char>(byte);
            at += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c == '\0') return std::nullopt;
        out.push_back(c);
    }
    return out;
}

} // namespace gateway::http
