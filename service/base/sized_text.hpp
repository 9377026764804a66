// `4:text`: a text with its length before it, so that no two lists of texts are written the same. Pure,
// inline.
#pragma once
#include "base/append.hpp"
#include "base/lists.hpp"
#include "base/text.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

inline void append_sized(std::string& out, std::string_view text) {
    append_all(out, std::string_view(std::to_string(text.size())), ":", text);
}

/// Removes a text that append_sized() has written from the front of `rest`. Nothing: there is none.
inline std::optional<std::string_view> take_sized(std::string_view& rest) {
    const auto size = parse_number<std::size_t>(next_piece(rest, ':'));
    if (!size || *size > rest.size()) return std::nullopt;
    const auto text = rest.substr(0, *size);
    rest.remove_prefix(*size);
    return text;
}

} // namespace gateway
