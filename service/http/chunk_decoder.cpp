#include "http/chunk_decoder.hpp"

#include "http/wire_text.hpp"

#include <algorithm>
#include <cstdint>

namespace gateway::http {

failure chunk_decoder::malformed(const char* what) const {
    return blame(from_, errc::malformed_request, what);
}

result<body_piece> chunk_decoder::next(std::string_view bytes) {
    body_piece piece;
    while (piece.used < bytes.size() && state_ != state::done) {
        if (state_ == state::data) {
            const std::size_t here =
                static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - piece.used));
            piece.data = bytes.substr(piece.used, here);
            piece.used += here;
            left_ -= here;
            if (left_ == 0) state_ = state::data_return;
            return piece;
        }
        const auto taken = take(bytes[piece.used]);
        if (taken.has_error()) return taken.error();
        ++piece.used;
    }
    return piece;
}

result<void> chunk_decoder::take(char c) {
    if (state_ == state::size) return take_size(c);
    if (state_ >= state::extension_due && state_ <= state::quoted_end) return take_extension(c);
    if (state_ >= state::trailer_start) return take_trailer(c);
    if (state_ == state::size_line_feed) {
        if (c != '\n') return malformed("A chunk size does not end with CR LF.");
        state_ = left_ == 0 ? state::trailer_start : state::data;
    } else if (state_ == state::data_return) {
        if (c != '\r') return malformed("A chunk is longer than its size.");
        state_ = state::data_line_feed;
    } else {
        if (c != '\n') return malformed("A chunk is longer than its size.");
        state_ = state::size;
        line_bytes_ = extension_bytes_ = 0;
    }
    return {};
}

result<void> chunk_decoder::take_size(char c) {
    const int digit = hex_digit(c);
    if (digit >= 0) {
        if (left_ >> 59 != 0) return malformed("A chunk size is too large.");
        if (++line_bytes_ > max_chunk_line_bytes - 2) return malformed("A chunk size is longer than 1 KB.");
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        return {};
    }
    if (line_bytes_ == 0) return malformed("A chunk has no size.");
    if (c == '\r') {
        state_ = state::size_line_feed;
        return {};
    }
    if (c == ';') {
        ++line_bytes_;
        state_ = state::name_due;
        return {};
    }
    if (!is_blank(c)) return malformed("A chunk size is not hexadecimal.");
    return take_extension(c);
}

/// The state after a part that may be the last of its line: the line ends, another extension begins, or
/// blanks come before one of the two.
chunk_decoder::state chunk_decoder::after_extension_part(char c) const {
    if (c == '\r') return state::size_line_feed;
    if (c == ';') return state::name_due;
    return is_blank(c) ? state::extension_due : state::refused;
}

chunk_decoder::state chunk_decoder::after_extension_byte(char c) const {
    switch (state_) {
        case state::extension_due:
            if (is_blank(c)) return state_;
            return c == ';' ? state::name_due : state::refused;
        case state::name_due:
            if (is_blank(c)) return state_;
            return is(token_byte, c) ? state::name : state::refused;
        case state::name:
            if (is(token_byte, c)) return state_;
            if (is_blank(c)) return state::name_blank;
            return c == '=' ? state::value_due : after_extension_part(c);
        case state::name_blank:
            if (is_blank(c)) return state_;
            if (c == '=') return state::value_due;
            return c == ';' ? state::name_due : state::refused;
        case state::value_due:
            if (is_blank(c)) return state_;
            if (c == '"') return state::quoted;
            return is(token_byte, c) ? state::value : state::refused;
        case state::value:
            return is(token_byte, c) ? state_ : after_extension_part(c);
        case state::quoted:
            if (c == '"') return state::quoted_end;
            if (c == '\\') return state::quoted_pair;
            return is_value_byte_or_tab(c) ? state_ : state::refused;
        case state::quoted_pair:
            return is_value_byte_or_tab(c) ? state::quoted : state::refused;
        default: // blanks and line end after a size or a quoted string
            return after_extension_part(c);
    }
}

result<void> chunk_decoder::take_extension(char c) {
    const state next = after_extension_byte(c);
    if (next == state::refused) return malformed("A chunk extension is not NAME or NAME=VALUE.");
    if (next != state::size_line_feed) {
        if (++extension_bytes_ > max_chunk_extension_bytes)
            return malformed("A chunk extension is longer than 256 bytes.");
        if (++line_bytes_ > max_chunk_line_bytes - 2) return malformed("A chunk line is longer than 1 KB.");
    }
    state_ = next;
    return {};
}

result<void> chunk_decoder::take_trailer(char c) {
    if (++trailer_bytes_ > max_trailer_bytes) return malformed("The trailers are longer than 4 KB.");
    const bool ends = c == '\r';
    switch (state_) {
        case state::trailer_start:
            if (!ends && !is(token_byte, c)) return malformed("A trailer has no proper name.");
            state_ = ends ? state::last_line_feed : state::trailer_name;
            return {};
        case state::trailer_name:
            if (ends) return malformed("A trailer has no proper name.");
            if (c == ':')
                state_ = state::trailer_value;
            else if (!is(token_byte, c))
                return malformed("A trailer holds a character that cannot stand there.");
            return {};
        case state::trailer_value:
            if (ends)
                state_ = state::trailer_line_feed;
            else if (!is_value_byte_or_tab(c))
                return malformed("A trailer holds a character that cannot stand there.");
            return {};
        default:
            if (c != '\n') return malformed("A trailer does not end with CR LF.");
            state_ = state_ == state::last_line_feed ? state::done : state::trailer_start;
            return {};
    }
}

} // namespace gateway::http
