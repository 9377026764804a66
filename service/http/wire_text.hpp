// Character classes and small text functions that the files of this folder share. Pure, inline.
#pragma once
#include "base/text.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace gateway::http {

/// Where a byte may occur.
enum : unsigned char {
    token_byte = 1,  // RFC 9110 §5.6.2: methods and field names
    value_byte = 2,  // field values: visible ASCII, blank, obs-text
    target_byte = 4, // request targets, see below
    host_byte = 8,   // names and dotted addresses in Host
    digit_byte = 16,
    upper_byte = 32,
    alphanumeric_byte = 64,
};

constexpr std::array<unsigned char, 256> make_byte_classes() {
    std::array<unsigned char, 256> table{};
    for (std::size_t c = 0x20; c < 256; ++c)
        if (c != 0x7f) table[c] |= value_byte;
    for (std::size_t c = 0x21; c < 0x7f; ++c)
        table[c] |= target_byte;
    // Not allowed by RFC 3986, or the start of a fragment; parsers disagree about each of them (C07).
    for (const char c : std::string_view{"<>\"{}|\\^`#"})
        table[static_cast<unsigned char>(c)] &= static_cast<unsigned char>(~target_byte);
    const auto alphanumeric = [&](std::size_t c, unsigned more) {
        table[c] = static_cast<unsigned char>(table[c] | token_byte | host_byte | alphanumeric_byte | more);
    };
    for (std::size_t c = '0'; c <= '9'; ++c)
        alphanumeric(c, digit_byte);
    for (std::size_t c = 'a'; c <= 'z'; ++c)
        alphanumeric(c, 0);
    for (std::size_t c = 'A'; c <= 'Z'; ++c)
        alphanumeric(c, upper_byte);
    for (const char c : std::string_view{"!#$%&'*+-.^_`|~"})
        table[static_cast<unsigned char>(c)] |= token_byte;
    for (const char c : std::string_view{"-._"})
        table[static_cast<unsigned char>(c)] |= host_byte;
    return table;
}
inline constexpr std::array<unsigned char, 256> byte_classes = make_byte_classes();

constexpr bool is(unsigned char wanted, char c) {
    return (byte_classes[static_cast<unsigned char>(c)] & wanted) != 0;
}

constexpr bool all(unsigned char wanted, std::string_view text) {
    unsigned char together = wanted;
#pragma GCC unroll 8
    for (const char c : text)
        together &= byte_classes[static_cast<unsigned char>(c)];
    return together != 0;
}

/// The first byte that is not allowed in a field value. Looks at 16 bytes at a time, since values are most of
/// a head.
inline const char* skip_value(const char* at, const char* end) {
#if defined(__SSE2__)
    const __m128i blank = _mm_set1_epi8(' ');
    const __m128i del = _mm_set1_epi8(0x7f);
    for (; end - at >= 16; at += 16) {
        const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const __m128i good = _mm_andnot_si128(_mm_cmpeq_epi8(sixteen, del),
                                              _mm_cmpeq_epi8(_mm_max_epu8(sixteen, blank), sixteen));
        const auto bad = static_cast<unsigned>(_mm_movemask_epi8(good)) ^ 0xffffU;
        if (bad != 0) return at + std::countr_zero(bad);
    }
#endif
    for (; end - at >= 8; at += 8) { // eight at a time in a register; the loop below finds the exact place
        std::uint64_t eight = 0;
        std::memcpy(&eight, at, sizeof eight);
        constexpr std::uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
        const std::uint64_t like_del = eight ^ (ones * 0x7f);
        const std::uint64_t controls = (eight - ones * 0x20) & ~eight & tops;
        const std::uint64_t dels = (like_del - ones) & ~like_del & tops;
        if ((controls | dels) != 0) break;
    }
    while (at < end && is(value_byte, *at))
        ++at;
    return at;
}
inline bool is_value(std::string_view text) {
    return skip_value(text.data(), text.data() + text.size()) == text.data() + text.size();
}

/// Compares without case; `lower_case` is lower case already.
constexpr bool same_word(std::string_view text, std::string_view lower_case) {
    if (text.size() != lower_case.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (lower(text[i]) != lower_case[i]) return false;
    return true;
}

/// The same where `name` is a token (RFC 9110 §5.6.2) and the word holds only lower-case letters, digits and
/// hyphens. Setting the sixth bit turns no other token byte into one of those, so eight bytes are compared at
/// a time.
template <std::size_t size>
inline bool is_token_named(std::string_view name, const char (&lower_case)[size]) {
    constexpr std::size_t length = size - 1;
    constexpr std::uint64_t bits = 0x2020202020202020;
    if (name.size() != length) return false;
    std::uint64_t mine = 0, wanted = 0;
    if constexpr (length < 8) {
        std::memcpy(&mine, name.data(), length);
        std::memcpy(&wanted, lower_case, length);
        return (mine | bits) == (wanted | bits);
    } else {
        for (std::size_t at = 0; at + 8 < length; at += 8) {
            std::memcpy(&mine, name.data() + at, 8);
            std::memcpy(&wanted, lower_case + at, 8);
            if ((mine | bits) != wanted) return false;
        }
        std::memcpy(&mine, name.data() + length - 8, 8);
        std::memcpy(&wanted, lower_case + length - 8, 8);
        return (mine | bits) == wanted;
    }
}

/// The first byte that is not allowed in a token.
inline const char* skip_token(const char* at, const char* end) {
#if defined(__SSE2__)
    if (end - at >= 16) { // letters and hyphens, which make up nearly all names, are checked at once
        const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const __m128i lowered = _mm_or_si128(sixteen, _mm_set1_epi8(0x20));
        const __m128i letter = _mm_and_si128(_mm_cmpgt_epi8(lowered, _mm_set1_epi8('a' - 1)),
                                             _mm_cmplt_epi8(lowered, _mm_set1_epi8('z' + 1)));
        const __m128i good = _mm_or_si128(letter, _mm_cmpeq_epi8(sixteen, _mm_set1_epi8('-')));
        at += std::countr_one(static_cast<std::uint16_t>(_mm_movemask_epi8(good)));
    }
#endif
    while (at < end && is(token_byte, *at))
        ++at;
    return at;
}

/// The first line feed; `end` when there is none.
inline const char* find_line_feed(const char* at, const char* end) {
#if defined(__SSE2__)
    const __m128i feed = _mm_set1_epi8('\n');
    for (; end - at >= 16; at += 16) {
        const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(sixteen, feed)));
        if (found != 0) return at + std::countr_zero(found);
    }
#endif
    while (at < end && *at != '\n')
        ++at;
    return at;
}

/// What a received field value may hold (RFC 9110 §5.5). value_byte excludes tabs, because we write none.
constexpr bool is_value_byte_or_tab(char c) {
    return c == '\t' || is(value_byte, c);
}

/// A length: only digits, at most 19, and below 2^63 (C04).
inline std::optional<std::uint64_t> length_of(std::string_view text) {
    if (text.empty() || text.size() > 19 || !all(digit_byte, text)) return std::nullopt;
    const auto number = parse_number<std::int64_t>(text);
    return number ? std::optional{static_cast<std::uint64_t>(*number)} : std::nullopt;
}

} // namespace gateway::http
