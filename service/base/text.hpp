// Characters and numbers of ASCII text, independent of the locale. Pure, inline.
#pragma once
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace gateway {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
constexpr bool is_letter(char c) {
    return lower(c) >= 'a' && lower(c) <= 'z';
}
constexpr bool is_alphanumeric(char c) {
    return is_digit(c) || is_letter(c);
}
constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}
/// Printable, but not a blank.
constexpr bool is_visible(char c) {
    return c > ' ' && c < '\x7f';
}
/// -1 if it is not a hex digit.
constexpr int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    return lower(c) >= 'a' && lower(c) <= 'f' ? lower(c) - 'a' + 10 : -1;
}

/// The byte of the escape `%XX` at `at` (RFC 3986 §2.1); -1 if it is not one.
constexpr int escaped_byte(std::string_view text, std::size_t at) {
    if (at + 2 >= text.size()) return -1;
    const int high = hex_digit(text[at + 1]), low = hex_digit(text[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

template <class Is>
constexpr bool consists_of(std::string_view text, Is is) {
    for (const char c : text)
        if (!is(c)) return false;
    return true;
}

constexpr std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

inline std::string lower_ascii(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        c = lower(c);
    return out;
}

/// The decimal number that is the whole of `text`, if it fits its type.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const char* const last = text.data() + text.size();
    const auto [end, wrong] = std::from_chars(text.data(), last, number);
    if (wrong != std::errc{} || end != last) return std::nullopt;
    return number;
}

} // namespace gateway
