#include "http/field_lines.hpp"

#include "base/lists.hpp"
#include "http/message_head.hpp"
#include "http/wire_text.hpp"

#include <algorithm>
#include <array>

namespace gateway::http {
namespace {

constexpr std::array<std::string_view, 5> unsupported_codings{"gzip", "x-gzip", "deflate", "compress",
                                                              "x-compress"};

} // namespace

bool field_lines::refuse(errc code, const char* what) {
    code_ = code;
    fault_ = what;
    return false;
}

bool field_lines::next(field_line& line) {
    const char* const end = block_.data() + block_.size();
    const char* const start = block_.data() + position_;
    if (start < end && *start == '\r') {
        if (start + 2 != end || start[1] != '\n')
            return refuse(errc::malformed_request, "A line ends with a bare carriage return.");
        return false;
    }
    if (++fields_ > max_fields)
        return refuse(errc::headers_too_large, "There are more than 100 header fields.");
    const char* const colon = skip_token(start, end);
    // A blank at the front makes a folded line; a blank before the colon makes other parsers miss the field.
    if (colon == start || colon == end || *colon != ':')
        return refuse(errc::malformed_request, "A header field has no proper name.");
    line.name = {start, static_cast<std::size_t>(colon - start)};
    // A tab is legal around and between words (RFC 9110 §5.5) but rare, so it is handled on a path of its
    // own.
    const char* stop = skip_value(colon + 1, end);
    while (stop < end && *stop == '\t')
        stop = skip_value(stop + 1, end);
    if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n')
        return refuse(errc::malformed_request, "A header field holds a control character.");
    const head_bounds& bounds = bounds_of(from_);
    if (static_cast<std::size_t>(stop - start) > bounds.field_line_bytes)
        return refuse(errc::headers_too_large, bounds.field_line_too_long);
    line.value = trimmed({colon + 1, static_cast<std::size_t>(stop - colon - 1)});
    position_ = static_cast<std::size_t>(stop + 2 - block_.data());
    return true;
}

bool connection_options::add(std::string_view value) {
    while (!value.empty()) {
        const std::string_view option = trimmed(next_piece(value, ','));
        if (!all(token_byte, option)) return false;
        if (same_word(option, "close")) close = true;
        if (same_word(option, "keep-alive")) keep_alive = true;
    }
    return true;
}

bool names_no_coding(std::string_view content_encoding) {
    while (!content_encoding.empty()) {
        const std::string_view coding = trimmed(next_piece(content_encoding, ','));
        if (!coding.empty() && !same_word(coding, "identity")) return false;
    }
    return true;
}

bool body_fields::add_length(std::string_view value) {
    if (length_bytes_) return false;
    length_bytes_ = length_of(value);
    return length_bytes_.has_value();
}

bool body_fields::add_coding(std::string_view value) {
    ++codings_;
    chunked_ = same_word(value, "chunked");
    const std::size_t comma = value.find(',');
    const std::string_view first = trimmed(value.substr(0, comma));
    const bool chunked_follows =
        comma == std::string_view::npos || same_word(trimmed(value.substr(comma + 1)), "chunked");
    known_ = chunked_follows
             && std::any_of(unsupported_codings.begin(), unsupported_codings.end(),
                            [first](std::string_view coding) { return same_word(first, coding); });
    return codings_ == 1;
}

} // namespace gateway::http
