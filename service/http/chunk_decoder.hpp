// The chunked transfer coding (RFC 9112 §7.1), decoded in place as bytes arrive. Strict: CR LF only, blanks
// only where the grammar of extensions has them; extensions and trailers are checked, bounded and thrown away
// unread (C11). A byte costs the same whatever the chunk sizes (C12).
#pragma once
#include "base/result.hpp"
#include "http/peer.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gateway::http {

inline constexpr std::size_t max_chunk_line_bytes = 1024; // with CR LF; zeros in front of a size count too
inline constexpr std::size_t max_chunk_extension_bytes = 256;
inline constexpr std::size_t max_trailer_bytes = 4 * 1024;

struct body_piece {
    std::size_t used = 0;
    std::string_view data;
};

struct moved_piece {
    std::size_t used = 0;
    std::size_t data_bytes = 0; // body bytes, now at the front of the buffer
};

class chunk_decoder {
public:
    explicit chunk_decoder(peer from = peer::caller) : from_(from) {}

    /// Consumes framing bytes and at most one run of data, which lies within `bytes`. Consumes at least one
    /// byte unless `bytes` is empty or the body is done. Errors: malformed_request, from TikTok tiktok_error.
    result<body_piece> next(std::string_view bytes);

    /// The last chunk and its trailers were seen.
    bool done() const { return state_ == state::done; }

private:
    enum class state : unsigned char {
        size,
        // chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )
        extension_due, // blanks after a size, a name with its value: only `;` may follow
        name_due,
        name,
        name_blank,
        value_due,
        value,
        quoted,
        quoted_pair,
        quoted_end,
        size_line_feed,
        data,
        data_return,
        data_line_feed,
        trailer_start,
        trailer_name,
        trailer_value,
        trailer_line_feed,
        last_line_feed,
        done,
        refused // result for a byte that is not allowed; never stored in state_
    };
    result<void> take(char c);
    result<void> take_size(char c);
    result<void> take_extension(char c);
    state after_extension_byte(char c) const;
    state after_extension_part(char c) const;
    result<void> take_trailer(char c);
    failure malformed(const char* what) const;

    peer from_;
    state state_ = state::size;
    std::uint64_t left_ = 0;     // of the chunk
    std::size_t line_bytes_ = 0; // of size and extensions
    std::size_t extension_bytes_ = 0;
    std::size_t trailer_bytes_ = 0;
};

} // namespace gateway::http
