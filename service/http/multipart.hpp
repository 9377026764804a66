// The one shape of multipart/form-data we take for uploads (product §5 b): a part `input` (JSON, may be
// missing), then a part `file_to_upload`, last. The file's size is known before its bytes: what
// Content-Length leaves when the closing delimiter is taken off. Streaming, pure; owned by one request.
//
// RFC 2046 leaves open whether a line break follows the closing delimiter, and that moves the size by two
// bytes. curl, browsers and the common libraries send one, so it is required, unless the file part says its
// Content-Length.
#pragma once
#include "base/result.hpp"
#include "http/chunk_decoder.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::http {

inline constexpr std::size_t max_multipart_input_bytes = 64 * 1024;
inline constexpr std::size_t max_part_header_bytes = 2 * 1024;

class multipart_upload {
public:
    /// `boundary` as media_type gives it; `content_length_bytes` of the whole body.
    multipart_upload(std::string_view boundary, std::uint64_t content_length_bytes);

    /// Spends bytes and gives at most one run of the file, in `bytes` or in a small store of its own; valid
    /// until the next call. The last bytes of the file are kept back until the closing delimiter was seen
    /// where it must be, so that a wrong size is found before the file is whole (M06). Stops once right
    /// behind the head of the file part, so that the caller, who sees file_announced() turn true, can use the
    /// input before the first byte of the file. Errors: malformed_request, invalid_input (with the part's
    /// name), too_large (input).
    result<body_piece> next(std::string_view bytes);

    /// The file part's head was read: input(), file_…() are known.
    bool file_announced() const { return state_ >= state::file; }
    /// All of the body was seen and is in order.
    bool complete() const { return state_ == state::complete; }

    const std::string& input() const { return input_; } // empty when there was no such part
    std::uint64_t file_size_bytes() const { return file_size_; }
    const std::string& file_name() const { return file_name_; } // as it was claimed, may be empty
    const std::string& file_type() const { return file_type_; } // claimed, not believed

private:
    enum class state : unsigned char { delimiter, part_head, input, file, closing, complete };

    result<std::size_t> take_head_byte(std::string_view bytes);
    result<void> part_begins();
    result<void> file_begins();
    result<std::size_t> take_input(std::string_view bytes);
    result<body_piece> take_file(std::string_view bytes);
    result<body_piece> take_closing(std::string_view bytes);
    bool holds_delimiter(std::string_view piece);

    std::string delimiter_; // "\r\n--boundary"
    std::uint64_t total_;   // the body's Content-Length
    std::uint64_t seen_ = 0;
    state state_ = state::delimiter;
    std::string head_; // the first delimiter line, then each part's head
    std::string input_;
    std::string file_name_;
    std::string file_type_;
    bool have_input_ = false;
    std::uint64_t file_size_ = 0;
    std::uint64_t file_left_ = 0; // bytes of the file not taken yet
    std::string held_;            // the end of the file, then the closing delimiter
    std::size_t held_file_ = 0;   // how many bytes of held_ are file
    std::size_t matched_ = 0;     // how much of the delimiter the end of the file so far looks like
    std::string closing_;         // what must follow the file
};

} // namespace gateway::http
