#include "http/header_finder.hpp"

#include "http/message_head.hpp"
#include "http/wire_text.hpp"

namespace gateway::http {
namespace {

// The longest target with method, blanks and version around it; the gate checks the exact lengths.
constexpr std::size_t max_first_line_bytes = max_target_bytes + 64;

} // namespace

header_finder::header_finder(peer from) : from_(from), bounds_(bounds_of(from)) {}

void header_finder::reset() {
    scanned_ = 0;
    line_start_ = 0;
    lines_ = 0;
}

const char* header_finder::excess(std::size_t bytes) const {
    const std::size_t line_bytes_max = lines_ == 0 ? max_first_line_bytes : bounds_.field_line_bytes + 2;
    if (bytes - line_start_ > line_bytes_max)
        return lines_ != 0             ? bounds_.field_line_too_long
               : from_ == peer::caller ? target_too_long
                                       : "The first line is longer than 8 KB.";
    if (bytes > bounds_.header_bytes) return bounds_.header_too_long;
    return lines_ > max_fields + 1 ? "There are more than 100 header fields." : nullptr;
}

failure header_finder::refuse(const char* what) const {
    return blame(from_, lines_ == 0 ? errc::uri_too_long : errc::headers_too_large, what);
}

result<std::size_t> header_finder::look(std::string_view received) {
    // A method and "HTTP/" both begin with a token byte, so one byte is enough to recognise a TLS hello or an
    // empty line.
    if (!received.empty() && !is(token_byte, received.front()))
        return blame(from_, errc::malformed_request, "The first byte begins no HTTP message.");
    const char* const end = received.data() + received.size();
    while (scanned_ < received.size()) {
        const char* const found = find_line_feed(received.data() + scanned_, end);
        if (found == end) break;
        const auto at = static_cast<std::size_t>(found - received.data());
        if (at == 0 || found[-1] != '\r')
            return blame(from_, errc::malformed_request, "A line ends with a bare line feed.");
        if (const char* const what = excess(at + 1)) return refuse(what);
        if (at - 1 == line_start_) return at + 1; // the empty line
        ++lines_;
        scanned_ = line_start_ = at + 1;
    }
    scanned_ = received.size();
    if (const char* const what = excess(scanned_)) return refuse(what);
    return std::size_t{0};
}

result<std::size_t> find_header_end(std::string_view received, peer from) {
    header_finder finder{from};
    return finder.look(received);
}

} // namespace gateway::http
