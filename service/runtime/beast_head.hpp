// Beast's own reading of a header block that a gate of ours has judged already: two readers must agree, or
// the message is refused (architecture: "Beast parses the header block; the strict gate judges it"). Included
// by the two files that read heads and by no other: Beast is slow to compile.
#pragma once
#include "http/strict_gate.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <tuple>
#include <utility>

namespace gateway {

/// One head, read once. Its fields live in an arena that dies with it. `is_request`: of a request; else of a
/// response.
template <bool is_request>
class beast_head {
public:
    using parser_type = boost::beast::http::parser<is_request, boost::beast::http::empty_body,
                                                   std::pmr::polymorphic_allocator<char>>;

    beast_head()
        : arena_(memory_.data(), memory_.size()),
          parser_(std::piecewise_construct, std::make_tuple(),
                  std::make_tuple(std::pmr::polymorphic_allocator<char>(&arena_))) {
        const auto& bounds = http::bounds_of(is_request ? http::peer::caller : http::peer::tiktok);
        parser_.header_limit(static_cast<std::uint32_t>(bounds.header_bytes + 1));
        parser_.body_limit(boost::none);
        parser_.skip(true); // stop at the empty line: the body is ours
    }
    beast_head(const beast_head&) = delete;
    beast_head& operator=(const beast_head&) = delete;

    /// Whether Beast takes the whole block as one head.
    bool reads(std::string_view block) {
        boost::system::error_code error;
        const std::size_t used = parser_.put(boost::asio::const_buffer(block.data(), block.size()), error);
        if (error == boost::beast::http::error::need_more) error = {};
        return !error && used == block.size() && parser_.is_header_done();
    }
    const parser_type& parser() const { return parser_; }

private:
    // Most heads fit here; a larger one takes more from the heap and gives it back.
    std::array<std::byte, 4096> memory_;
    std::pmr::monotonic_buffer_resource arena_;
    parser_type parser_;
};

} // namespace gateway
