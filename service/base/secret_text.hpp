// Reads a secret from a file or a variable: removes what editors and shells add around it, and names
// characters that cannot belong to a secret without repeating them. Pure.
#pragma once
#include <string_view>

namespace gateway {

/// U+FEFF in UTF-8, which some editors write at the start of a file.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Without the line ends and byte order marks at both ends.
std::string_view without_line_ends(std::string_view text);

/// Why the text is not visible ASCII without a blank at either end, as words after a key's name ("ends with a
/// blank, …"); empty if it is.
std::string_view why_no_secret(std::string_view text);

} // namespace gateway
