#include "runtime/parse_head.hpp"

#include "base/secret.hpp"
#include "http/strict_gate.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <tuple>
#include <utility>

namespace gateway {
namespace {

namespace beast = boost::beast::http;

template <bool is_request>
using beast_parser = beast::parser<is_request, beast::empty_body, std::pmr::polymorphic_allocator<char>>;

bool agree_on_start(const beast_parser<true>& parser, const http::request_head& head) {
    const auto& message = parser.get();
    return std::string_view(message.method_string()) == http::name_of(head.method)
           && std::string_view(message.target()) == head.target;
}

bool agree_on_start(const beast_parser<false>& parser, const http::response_head& head) {
    return parser.get().result_int() == static_cast<unsigned>(head.status);
}

/// Beast copies each field, and one of them is the caller's key.
struct wiped_memory {
    std::array<char, 4096> bytes;
    ~wiped_memory() { wipe_bytes(bytes); }
};

/// Whether Beast parses the whole block as one head with the same result as the gate.
template <bool is_request, class Head>
bool beast_agrees(std::string_view block, const Head& head) {
    // Most heads fit here; a larger one allocates more from the heap and frees it.
    wiped_memory memory;
    std::pmr::monotonic_buffer_resource arena(memory.bytes.data(), memory.bytes.size());
    beast_parser<is_request> parser(std::piecewise_construct, std::make_tuple(),
                                    std::make_tuple(std::pmr::polymorphic_allocator<char>(&arena)));
    const auto& bounds = http::bounds_of(is_request ? http::peer::caller : http::peer::tiktok);
    parser.header_limit(static_cast<std::uint32_t>(bounds.header_bytes + 1));
    parser.body_limit(boost::none);
    parser.skip(true); // stop at the empty line: the body is read by our code
    boost::system::error_code error;
    const std::size_t used = parser.put(boost::asio::const_buffer(block.data(), block.size()), error);
    if (error == beast::error::need_more) error = {};
    if (error || used != block.size() || !parser.is_header_done()) return false;

    const auto& message = parser.get();
    if (!agree_on_start(parser, head) || message.version() != 10U + static_cast<unsigned>(head.minor_version))
        return false;
    // If the status of an answer allows no body, the fields about it are ignored.
    if (!is_request && head.body.kind == http::framing::none) return true;
    const auto length = parser.content_length();
    const bool has_length = head.body.kind == http::framing::length;
    return message.chunked() == (head.body.kind == http::framing::chunked) && length.has_value() == has_length
           && (!has_length || *length == head.body.length_bytes);
}

} // namespace

result<http::request_head> parse_request_head(std::string_view block) {
    auto judged = http::validate_head(block);
    // Two parsers can only disagree about where a body begins or ends; without a body the empty line is the
    // end. (beast_agreement_test compares Beast with the gate for these, too.)
    if (!judged || judged->body.kind == http::framing::none || beast_agrees<true>(block, *judged))
        return judged;
    return failure{errc::malformed_request, "The request can be read in more than one way."};
}

result<http::response_head> parse_response_head(std::string_view block) {
    auto judged = http::validate_response_head(block);
    // One decimal Content-Length and no coding: two parsers cannot differ here (checked by
    // beast_agreement_test).
    if (!judged || judged->body.kind == http::framing::length || beast_agrees<false>(block, *judged))
        return judged;
    return failure{errc::tiktok_error, "TikTok's answer can be read in more than one way."};
}

} // namespace gateway
