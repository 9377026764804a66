#include "outbound/connection.hpp"

#include "http/message_head.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <utility>

namespace gateway::outbound {
namespace {

// Enough for most answers with their heads; larger bodies are read directly into the answer.
constexpr std::size_t first_receive_bytes = 4 * 1024;

} // namespace

connection::connection(worker& home, std::size_t answer_bytes_max)
    : wire_(home),
      received_(2 * http::max_answer_header_bytes, first_receive_bytes),
      answer_bytes_max_(answer_bytes_max) {}

task<result<void>> connection::open(tcp_endpoint to, ssl_pointer ssl, deadline until) {
    if (!ssl) co_return failure{errc::tiktok_tls, "TLS cannot be set up for this host."};
    const auto connected = co_await wire_.connect(to, until);
    if (!connected) co_return failed(connected.error());
    const auto shook = co_await wire_.handshake(std::move(ssl), tls_role::client, until);
    if (!shook) co_return failed(shook.error());
    co_return result<void>();
}

void connection::begin_request() {
    requesting_ = true;
    sent_before_ = wire_.sent_bytes();
    in_step_ = heard_ = peer_closed_ = false;
}

failure connection::failed(boost::system::error_code ec) {
    namespace system = boost::system::errc;
    peer_closed_ = ec != stream_errc::timed_out && ec != stream_errc::tls;
    if (ec == stream_errc::timed_out)
        return failure{errc::deadline_exceeded, "TikTok did not answer before the deadline; try again."};
    if (ec == stream_errc::tls)
        return failure{errc::tiktok_tls, "TLS with TikTok failed: " + wire_.tls_problem() + "."};
    if (ec == system::too_many_files_open || ec == system::too_many_files_open_in_system
        || ec == system::no_buffer_space || ec == system::not_enough_memory)
        return failure{errc::overloaded, "This process has no descriptor left for a connection."};
    return failure{errc::tiktok_unreachable,
                   "The connection to TikTok failed (" + ec.message() + "); try again."};
}

task<result<bool>> connection::write_unless_answered(std::string_view first, std::string_view second,
                                                     deadline until) {
    const auto written = co_await wire_.write_unless_answered(first, second, until);
    if (written) co_return *written == stream::wrote::all;
    // A peer that answers early and closes resets our write; its answer can still be read.
    const bool has_answer = written.error() != stream_errc::timed_out && wire_.look() == stream::input::bytes;
    if (has_answer) co_return false;
    co_return failed(written.error());
}

bool connection::is_quiet() {
    return received_.empty() && wire_.look() == stream::input::none;
}

void connection::relax() {
    received_.shrink();
    wire_.relax();
}

} // namespace gateway::outbound
