#include "inbound/receive_head.hpp"

#include "http/header_finder.hpp"

namespace gateway::inbound {
namespace {

failure makes_room() {
    return failure{errc::overloaded, "Too many connections, and this one's request is not whole yet."};
}

} // namespace

task<result<std::size_t>> receive_head(stream& from, buffer& received, const connection_queue::place& place,
                                       deadline until) {
    http::header_finder finder;
    while (true) {
        auto found = finder.look(received.bytes());
        if (!found) co_return found.error();
        if (*found > 0) co_return *found;
        const auto space = received.prepare();
        // The finder refuses a block long before the buffer is full; this is a second check.
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
