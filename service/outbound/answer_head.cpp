#include "outbound/answer_head.hpp"

#include "http/strict_gate.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <array>
#include <memory_resource>
#include <tuple>

namespace gateway::outbound {
namespace {

namespace beast_http = boost::beast::http;
using arena_allocator = std::pmr::polymorphic_allocator<char>;
using beast_parser = beast_http::response_parser<beast_http::empty_body, arena_allocator>;

bool agrees(const beast_parser& parser, const http::response_head& head) {
    const auto& message = parser.get();
    const auto length = parser.content_length();
    const bool has_length = head.body.kind == http::framing::length;
    if (message.result_int() != static_cast<unsigned>(head.status)
        || message.version() != 10U + static_cast<unsigned>(head.minor_version))
        return false;
    // Without a body by the status, the fields about one say nothing.
    if (head.body.kind == http::framing::none) return true;
    return message.chunked() == (head.body.kind == http::framing::chunked)
           && (!has_length || (length && *length == head.body.length_bytes));
}

} // namespace

result<http::response_head> read_answer_head(std::string_view block) {
    auto judged = http::judge_response(block);
    if (!judged) return judged;

    // Most heads fit here; a larger one (16 KB at most) takes more from the heap and gives it back.
    std::array<std::byte, 4096> memory;
    std::pmr::monotonic_buffer_resource arena(memory.data(), memory.size());
    beast_parser parser(std::piecewise_construct, std::make_tuple(),
                        std::make_tuple(arena_allocator(&arena)));
    parser.header_limit(static_cast<std::uint32_t>(http::max_header_bytes + 1));
    parser.body_limit(boost::none);
    parser.skip(true); // stop at the empty line: the body is ours
    boost::system::error_code error;
    const std::size_t used = parser.put(boost::asio::const_buffer(block.data(), block.size()), error);
    if (error == beast_http::error::need_more) error = {};
    if (error || used != block.size() || !parser.is_header_done() || !agrees(parser, *judged))
        return failure{errc::tiktok_error, "TikTok's answer can be read in more than one way."};
    return judged;
}

} // namespace gateway::outbound
