#include "inbound/head_reader.hpp"

#include "http/header_finder.hpp"
#include "http/strict_gate.hpp"
#include "runtime/beast_head.hpp"

namespace gateway::inbound {
namespace {

using beast_request = beast_head<true>;

failure disagreement() {
    return failure{errc::malformed_request, "The request can be read in more than one way."};
}

failure makes_room() {
    return failure{errc::overloaded, "Too many connections, and this one's request is not whole yet."};
}

/// Whether Beast read the same message.
bool agrees(const beast_request::parser_type& parser, const http::request_head& head) {
    const auto& message = parser.get();
    const auto length = parser.content_length();
    const bool has_length = head.body.kind == http::framing::length;
    return std::string_view(message.method_string()) == http::name_of(head.method)
           && std::string_view(message.target()) == head.target
           && message.version() == 10U + static_cast<unsigned>(head.minor_version)
           && message.chunked() == (head.body.kind == http::framing::chunked)
           && length.has_value() == has_length && (!has_length || *length == head.body.length_bytes);
}

} // namespace

result<http::request_head> read_head(std::string_view block) {
    auto judged = http::judge(block);
    // Two readers can only disagree about where a body begins or ends; without one the empty line is the end.
    // (beast_agreement_test holds Beast against the gate for these, too.)
    if (!judged || judged->body.kind == http::framing::none) return judged;

    beast_request seen;
    if (!seen.reads(block) || !agrees(seen.parser(), *judged)) return disagreement();
    return judged;
}

task<result<std::size_t>> fill_head(stream& from, buffer& received, const idle_line::place& place,
                                    deadline until) {
    http::header_finder finder;
    while (true) {
        auto found = finder.look(received.bytes());
        if (!found) co_return found.error();
        if (*found > 0) co_return *found;
        const auto space = received.prepare();
        // The finder refuses a block long before the buffer's bound; this is the fence behind it.
        if (space.empty())
            co_return failure{errc::headers_too_large, "The header block is longer than 16 KB."};
        if (place.evicted()) co_return makes_room();
        const auto arrived = co_await from.read_some(space, until);
        if (!arrived) {
            if (place.evicted()) co_return makes_room();
            if (arrived.error() == stream_errc::timed_out)
                co_return failure{errc::request_timeout, "The header block did not arrive within its time."};
            co_return failure{errc::malformed_request,
                              "The connection broke in the middle of a header block."};
        }
        if (*arrived == 0) {
            if (received.empty()) co_return std::size_t{0};
            co_return failure{errc::malformed_request,
                              "The connection ended in the middle of a header block."};
        }
        received.commit(*arrived);
    }
}

} // namespace gateway::inbound
