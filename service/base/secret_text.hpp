// A secret as it arrives from a file, a variable or an editor: what such places add around it is cut off, and
// what cannot belong to a secret is named without repeating it. Pure.
#pragma once
#include <string_view>

namespace gateway {

/// U+FEFF in UTF-8, which some editors write first.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Without the line ends and byte order marks at both ends.
std::string_view without_line_ends(std::string_view text);

/// What keeps it from being visible ASCII with no blank at either end, as words behind a key ("ends with a
/// blank, …"); empty: nothing does.
std::string_view why_no_secret(std::string_view text);

} // namespace gateway
