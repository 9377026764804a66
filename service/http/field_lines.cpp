#include "http/field_lines.hpp"

#include "http/message_head.hpp"
#include "http/wire_text.hpp"

#include <algorithm>
#include <array>

namespace gateway::http {
namespace {

constexpr std::array<std::string_view, 5> unsupported_codings{"gzip", "x-gzip", "deflate", "compress",
                                                              "x-compress"};

} // namespace

result<bool> field_lines::next(field_line& line) {
    std::size_t at = position_;
    const std::size_t end = block_.size();
    if (at < end && block_[at] == '\r') {
        if (at + 2 != end || block_[at + 1] != '\n')
            return malformed("A line ends with a bare carriage return.");
        position_ = end;
        return false;
    }
    if (++fields_ > max_fields)
        return blame(from_, errc::headers_too_large, "There are more than 64 header fields.");
    const std::size_t name_start = at;
    while (at < end && is(token_byte, block_[at]))
        ++at;
    line.name = block_.substr(name_start, at - name_start);
    // A blank at the front is a folded line, one before the colon hides a field from other parsers.
    if (line.name.empty() || at >= end || block_[at] != ':')
        return malformed("A header field has no proper name.");
    const std::size_t value_start = ++at;
    // A tab is legal around words (RFC 9110 §5.6.3), but no client needs one (C06); TikTok's fronts may send
    // it.
    const char* const all_end = block_.data() + end;
    const char* stop = skip_value(block_.data() + at, all_end);
    while (stop < all_end && *stop == '\t' && from_ == peer::tiktok)
        stop = skip_value(stop + 1, all_end);
    at = static_cast<std::size_t>(stop - block_.data());
    if (at + 1 >= end || block_[at] != '\r' || block_[at + 1] != '\n')
        return malformed("A header field holds a control character.");
    if (at - name_start > max_field_line_bytes)
        return blame(from_, errc::headers_too_large, "A header field is longer than 8 KB.");
    line.value = trimmed(block_.substr(value_start, at - value_start));
    position_ = at + 2;
    return true;
}

bool connection_options::add(std::string_view value) {
    while (!value.empty()) {
        const std::size_t comma = std::min(value.find(','), value.size());
        const std::string_view option = trimmed(value.substr(0, comma));
        if (!all(token_byte, option)) return false;
        if (same_word(option, "close")) close = true;
        if (same_word(option, "keep-alive")) keep_alive = true;
        value.remove_prefix(std::min(comma + 1, value.size()));
    }
    return true;
}

bool body_fields::add_length(std::string_view value) {
    const auto number = length_of(value);
    if (has_length_ || !number) return false;
    has_length_ = true;
    length_bytes_ = *number;
    return true;
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
