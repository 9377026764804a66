// Finds the characters of a JSON string that need attention: quote, backslash, controls and everything beyond
// ASCII. They are rare, so many characters are checked at a time. Pure, inline.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace gateway::json {

/// The first such character.
inline const char* skip_plain(const char* at, const char* end) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i blank = _mm_set1_epi8(' ');
    for (; end - at >= 16; at += 16) {
        const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        // A signed comparison, so bytes from 0x80 on are also less than the blank.
        const __m128i special =
            _mm_or_si128(_mm_cmplt_epi8(sixteen, blank),
                         _mm_or_si128(_mm_cmpeq_epi8(sixteen, quote), _mm_cmpeq_epi8(sixteen, backslash)));
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(special));
        if (mask != 0) return at + std::countr_zero(mask);
    }
#endif
    while (at < end && static_cast<unsigned char>(*at) >= 0x20 && static_cast<unsigned char>(*at) < 0x80
           && *at != '"' && *at != '\\')
        ++at;
    return at;
}

namespace detail {

template <class Word>
bool word_is_plain(const char* at) {
    constexpr Word ones = static_cast<Word>(0x0101010101010101), tops = static_cast<Word>(ones * 0x80);
    Word word = 0;
    std::memcpy(&word, at, sizeof word);
    const Word like_quote = word ^ (ones * '"'), like_backslash = word ^ (ones * '\\');
    const Word low = (word - ones * 0x20) | (like_quote - ones) | (like_backslash - ones);
    // The subtraction sets a byte's top bit if the byte is less than the subtracted value; borrows affect
    // only the bytes after it.
    return ((low | word) & tops) == 0;
}

} // namespace detail

/// True if the text has no such character. Uses overlapping loads, which never read past the end.
inline bool all_plain(std::string_view text) {
    const char* const at = text.data();
    const std::size_t size = text.size();
    if (size >= 16) {
        const char* const whole = at + size / 16 * 16;
        return skip_plain(at, whole) == whole && skip_plain(at + size - 16, at + size) == at + size;
    }
    if (size >= 8)
        return detail::word_is_plain<std::uint64_t>(at)
               && detail::word_is_plain<std::uint64_t>(at + size - 8);
    if (size >= 4)
        return detail::word_is_plain<std::uint32_t>(at)
               && detail::word_is_plain<std::uint32_t>(at + size - 4);
    return skip_plain(at, at + size) == at + size;
}

} // namespace gateway::json
