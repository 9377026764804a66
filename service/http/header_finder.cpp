#include "http/header_finder.hpp"

#include "http/message_head.hpp"
#include "http/wire_text.hpp"

#include <cstring>

namespace gateway::http {
namespace {

// Method, blanks and version around the longest target; the exact judgement is the gate's.
constexpr std::size_t max_first_line_bytes = max_target_bytes + 64;

} // namespace

void header_finder::reset() {
    scanned_ = 0;
    line_start_ = 0;
    lines_ = 0;
}

result<std::size_t> header_finder::still_within_limits(std::string_view received) const {
    const std::size_t line_bytes = received.size() - line_start_;
    if (lines_ == 0 && line_bytes > max_first_line_bytes)
        return blame(from_, errc::uri_too_long, "The request target is longer than 8 KB.");
    if (lines_ > 0 && line_bytes > max_field_line_bytes + 2)
        return blame(from_, errc::headers_too_large, "A header field is longer than 8 KB.");
    if (received.size() > max_header_bytes)
        return blame(from_, errc::headers_too_large, "The header fields are longer than 16 KB together.");
    if (lines_ > max_fields + 1)
        return blame(from_, errc::headers_too_large, "There are more than 64 header fields.");
    return std::size_t{0};
}

result<std::size_t> header_finder::look(std::string_view received) {
    // A method and "HTTP/" both begin with a letter or the like: a TLS hello or an empty line is known by one
    // byte.
    if (!received.empty() && !is(token_byte, received.front()))
        return blame(from_, errc::malformed_request, "The first byte begins no HTTP message.");
    while (scanned_ < received.size()) {
        const char* const from = received.data() + scanned_;
        const void* const found = std::memchr(from, '\n', received.size() - scanned_);
        if (found == nullptr) break;
        const std::size_t at = scanned_ + static_cast<std::size_t>(static_cast<const char*>(found) - from);
        if (at == 0 || received[at - 1] != '\r')
            return blame(from_, errc::malformed_request, "A line ends with a bare line feed.");
        const bool empty_line = at - 1 == line_start_;
        const auto limits = still_within_limits(received.substr(0, at + 1));
        if (limits.has_error()) return limits;
        if (empty_line) return at + 1;
        ++lines_;
        scanned_ = line_start_ = at + 1;
    }
    scanned_ = received.size();
    return still_within_limits(received);
}

result<std::size_t> find_header_end(std::string_view received, peer from) {
    header_finder finder{from};
    return finder.look(received);
}

} // namespace gateway::http
