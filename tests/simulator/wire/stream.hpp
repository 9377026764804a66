// One byte stream to a peer, with or without TLS, and the few ways to end it. The only file that knows the
// difference is stream.cpp. Used on the simulator's one thread.
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

    /// TLS only; true when it is done (at once without TLS).
    virtual boost::asio::awaitable<bool> accept() = 0;
    /// As a client; `name` is asked for (SNI) and has to be in the certificate.
    virtual boost::asio::awaitable<bool> connect(std::string name) = 0;
    /// How many bytes came; 0 when the peer ended or the connection broke.
    virtual boost::asio::awaitable<std::size_t> read_some(char* into, std::size_t room) = 0;
    /// False when the connection broke.
    virtual boost::asio::awaitable<bool> write(std::string_view bytes) = 0;
    /// Orderly end; without `alert` TLS says nothing before TCP does.
    virtual boost::asio::awaitable<void> close(bool alert) = 0;
    /// A TCP reset.
    virtual void reset() = 0;
};

/// `tls` null: a plain stream. The context has to outlive the stream.
std::unique_ptr<stream> make_stream(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls);

} // namespace gateway::simulator
