#include "inbound/head_reader.hpp"

#include "http/header_finder.hpp"
#include "http/strict_gate.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <array>
#include <memory_resource>
#include <optional>
#include <string>

namespace gateway::inbound {
namespace {

namespace beast_http = boost::beast::http;
using arena_allocator = std::pmr::polymorphic_allocator<char>;
using beast_parser = beast_http::request_parser<beast_http::empty_body, arena_allocator>;

failure disagreement() {
    return failure{errc::malformed_request, "The request can be read in more than one way."};
}

/// Whether Beast read the same message. Its fields live in an arena that dies with this call.
bool agrees(const beast_parser& parser, const http::request_head& head) {
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
    if (!judged) return judged;

    // Most heads fit here; a larger one (16 KB at most) takes more from the heap and gives it back.
    std::array<std::byte, 4096> memory;
    std::pmr::monotonic_buffer_resource arena(memory.data(), memory.size());
    beast_parser parser(std::piecewise_construct, std::make_tuple(),
                        std::make_tuple(arena_allocator(&arena)));
    parser.header_limit(static_cast<std::uint32_t>(http::max_header_bytes + 1));
    parser.body_limit(boost::none);
    boost::system::error_code error;
    const std::size_t used = parser.put(boost::asio::const_buffer(block.data(), block.size()), error);
    if (error == beast_http::error::need_more) error = {};
    if (error || used != block.size() || !parser.is_header_done() || !agrees(parser, *judged))
        return disagreement();
    return judged;
}

task<result<std::size_t>> fill_head(stream& from, buffer& received, deadline until) {
    http::header_finder finder;
    while (true) {
        auto found = finder.look(received.bytes());
        if (!found) co_return found.error();
        if (*found > 0) co_return *found;
        const auto space = received.prepare();
        // The finder refuses a block long before the buffer's bound; this is the fence behind it.
        if (space.empty())
            co_return failure{errc::headers_too_large, "The header block is longer than 16 KB."};
        const auto arrived = co_await from.read_some(space, until);
        if (!arrived) {
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
