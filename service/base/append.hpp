// Several pieces at the end of a string for the price of one: the room is looked at once. Pure, inline.
#pragma once
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace gateway {

namespace detail {
template <std::size_t size>
constexpr std::string_view as_piece(const char (&literal)[size]) {
    return {literal, size - 1};
}
constexpr std::string_view as_piece(std::string_view text) {
    return text;
}
} // namespace detail

/// Literals, string_views, and what becomes one.
template <class... Pieces>
inline void append_all(std::string& out, const Pieces&... pieces) {
    const std::size_t at = out.size();
    out.resize(at + (detail::as_piece(pieces).size() + ...));
    char* to = out.data() + at;
    const auto put = [&to](std::string_view piece) __attribute__((always_inline)) {
        if (piece.empty()) return;                   // which may point nowhere
        std::memcpy(to, piece.data(), piece.size()); // of a literal: a move or two
        to += piece.size();
    };
    (put(detail::as_piece(pieces)), ...);
}

} // namespace gateway
