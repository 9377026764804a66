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
        const auto taken = take(static_cast<unsigned char>(bytes[piece.used]));
        if (taken.has_error()) return taken.error();
        ++piece.used;
    }
    return piece;
}

result<void> chunk_decoder::take(unsigned char c) {
    switch (state_) {
        case state::size:
            return take_size(c);
        case state::extension:
            if (c == '\r')
                state_ = state::size_line_feed;
            else if (!is(value_byte, static_cast<char>(c)))
                return malformed("A chunk extension holds a control character.");
            else if (++extension_bytes_ > max_chunk_extension_bytes)
                return malformed("A chunk extension is longer than 256 bytes.");
            return {};
        case state::size_line_feed:
            if (c != '\n') return malformed("A chunk size does not end with CR LF.");
            state_ = left_ == 0 ? state::trailer_start : state::data;
            return {};
        case state::data_return:
            if (c != '\r') return malformed("A chunk is longer than its size.");
            state_ = state::data_line_feed;
            return {};
        case state::data_line_feed:
            if (c != '\n') return malformed("A chunk is longer than its size.");
            state_ = state::size;
            digits_ = 0;
            extension_bytes_ = 0;
            return {};
        default:
            return take_trailer(c);
    }
}

result<void> chunk_decoder::take_size(unsigned char c) {
    const int digit = hex_digit(static_cast<char>(c));
    if (digit >= 0) {
        if (++digits_ > max_chunk_size_digits || left_ >> 59 != 0)
            return malformed("A chunk size is too large.");
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        return {};
    }
    if (digits_ == 0) return malformed("A chunk has no size.");
    if (c == ';')
        state_ = state::extension;
    else if (c == '\r')
        state_ = state::size_line_feed;
    else
        return malformed("A chunk size is not hexadecimal.");
    return {};
}

result<void> chunk_decoder::take_trailer(unsigned char c) {
    if (++trailer_bytes_ > max_trailer_bytes) return malformed("The trailers are longer than 4 KB.");
    switch (state_) {
        case state::trailer_start:
            if (c == '\r') {
                state_ = state::last_line_feed;
                return {};
            }
            if (!is(token_byte, static_cast<char>(c))) return malformed("A trailer has no proper name.");
            trailer_has_colon_ = false;
            state_ = state::trailer;
            return {};
        case state::trailer:
            if (c == '\r') {
                if (!trailer_has_colon_) return malformed("A trailer has no proper name.");
                state_ = state::trailer_line_feed;
                return {};
            }
            if (!trailer_has_colon_ && c == ':') {
                trailer_has_colon_ = true;
                return {};
            }
            if (!is(trailer_has_colon_ ? value_byte : token_byte, static_cast<char>(c)))
                return malformed("A trailer holds a character that cannot stand there.");
            return {};
        case state::trailer_line_feed:
        case state::last_line_feed:
            if (c != '\n') return malformed("A trailer does not end with CR LF.");
            state_ = state_ == state::last_line_feed ? state::done : state::trailer_start;
            return {};
        default:
            return {};
    }
}

} // namespace gateway::http
