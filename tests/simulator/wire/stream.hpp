// A byte stream to a peer, with or without TLS, and the ways to end it. Only stream.cpp depends on the
// difference. Used on the simulator's thread.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace boost::asio::ssl {
class context;
}

namespace gateway::simulator {

class stream {
public:
    virtual ~stream() = default;

    /// The TLS handshake of a server; true if it succeeded (at once without TLS).
    virtual boost::asio::awaitable<bool> accept() = 0;
    /// The handshake of a client; `name` is sent (SNI) and must be in the certificate.
    virtual boost::asio::awaitable<bool> connect(std::string name) = 0;
    /// The number of bytes read; 0 if the peer closed or the connection broke.
    virtual boost::asio::awaitable<std::size_t> read_some(char* into, std::size_t room) = 0;
    /// False when the connection broke.
    virtual boost::asio::awaitable<bool> write(std::string_view bytes) = 0;
    /// Orderly close; without `alert` TLS sends no close_notify.
    virtual boost::asio::awaitable<void> close(bool alert) = 0;
    /// A TCP reset.
    virtual void reset() = 0;
    /// Whether the peer reset the connection, as its system does when it ends with bytes unread.
    virtual bool was_reset() const = 0;
};

/// `tls` null: a plain stream. The context must outlive the stream.
std::unique_ptr<stream> make_stream(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls);

} // namespace gateway::simulator
