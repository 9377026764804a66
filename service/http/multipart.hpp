// multipart/form-data as uploads take it (docs/contract.md §5 b): a part `input` (JSON, may be missing) and a
// part `file_to_upload`. The grammar is that of RFC 2046 §5.1.1 and RFC 7578: a preamble and an epilogue,
// blanks after a boundary, folded fields, and a closing delimiter with or without a line break after it. The
// end of the file is therefore known only when the delimiter after it is read; a caller that needs the size
// earlier has to read that far. Streaming, pure; owned by one request.
#pragma once
#include "base/result.hpp"
#include "http/chunk_decoder.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::http {

inline constexpr std::size_t max_multipart_input_bytes = 64 * 1024;
inline constexpr std::size_t max_part_header_bytes = 2 * 1024;
inline constexpr std::size_t max_preamble_bytes = 16 * 1024;

class multipart_form {
public:
    /// `boundary` as media_type gives it. `input_may_follow`: the part `input` may also come after the file.
    multipart_form(std::string_view boundary, bool input_may_follow);

    /// Consumes bytes and gives at most one run of the file, which lies in `bytes` or in the delimiter kept
    /// here; valid until the next call. Stops once right after the head of the file part, when
    /// file_announced() turns true, so that the caller can use the input before the first byte of the file.
    /// Errors: malformed_request, invalid_input (with the part's name), too_large (input).
    result<body_piece> next(std::string_view bytes);
    /// Call after the last byte: malformed_request where the closing delimiter is not complete.
    result<void> end() const;

    bool file_announced() const { return have_file_; }
    bool has_input() const { return have_input_; }
    const std::string& input() const { return input_; }         // empty when there was no such part
    const std::string& file_name() const { return file_name_; } // as sent, may be empty
    /// The file part's own Content-Length; checked against the bytes that arrive.
    std::optional<std::uint64_t> announced_file_bytes() const { return announced_file_bytes_; }
    /// The least number of bytes after the file: those of the closing delimiter.
    std::size_t closing_bytes() const { return delimiter_.size() + 2; }

private:
    enum class state : unsigned char {
        preamble,
        delimiter_end, // after a delimiter: padding and a line break, or two hyphens
        part_head,
        input,
        file,
        closing, // after the closing delimiter
        epilogue
    };

    result<void> take_content(body_piece& piece, std::string_view bytes);
    result<void> take_delimiter_end(char next);
    result<void> take_closing(char next);
    result<void> take_head(char next);
    body_piece up_to_delimiter(std::string_view bytes);
    result<void> part_begins();
    result<void> content_ends();
    failure file_is_not_as_announced() const;

    std::string delimiter_; // "\r\n--boundary"
    bool input_may_follow_;
    state state_ = state::preamble;
    std::size_t matched_ = 2; // bytes of the delimiter that matched; a body begins as if after a line break…
    std::size_t imagined_ = 2; // …and how many of them are not in the body, so not content if the match fails
    std::size_t preamble_bytes_ = 0;
    std::string head_; // the text after a delimiter, then the head of the part
    std::string input_;
    std::string file_name_;
    bool have_input_ = false;
    bool have_file_ = false;
    std::optional<std::uint64_t> announced_file_bytes_;
    std::uint64_t file_bytes_ = 0; // received so far
};

} // namespace gateway::http
