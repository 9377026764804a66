// UTF-8: whether a text is well-formed, and its length as TikTok counts it. Pure.
#pragma once
#include <cstddef>
#include <string_view>

namespace gateway {

/// Length in bytes (1…4) of the well-formed UTF-8 sequence (Unicode table 3-7) at the front, or 0.
std::size_t utf8_sequence(std::string_view text);
bool is_utf8(std::string_view text);
/// Removes the first sequence from `rest` and gives it; U+FFFD for a byte that belongs to none.
std::string_view take_utf8(std::string_view& rest);
/// UTF-16 code units, as TikTok counts captions (docs/tiktok-wire.md §4.2). `text` must be UTF-8.
std::size_t utf16_length(std::string_view text);

} // namespace gateway
