#include "wire/stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace gateway::simulator {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

void reset_socket(tcp::socket& socket) {
    error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
}

void close_socket(tcp::socket& socket) {
    error_code ignored;
    socket.shutdown(tcp::socket::shutdown_both, ignored);
    socket.close(ignored);
}

bool is_reset(const error_code& problem) {
    return problem == asio::error::connection_reset || problem == asio::error::broken_pipe;
}

class plain_stream final : public stream {
public:
    explicit plain_stream(tcp::socket socket) : socket_(std::move(socket)) {}

    asio::awaitable<bool> accept() override { co_return true; }
    asio::awaitable<bool> connect(std::string) override { co_return true; }
    asio::awaitable<std::size_t> read_some(char* into, std::size_t room) override {
        auto [problem, size] =
            co_await socket_.async_read_some(asio::buffer(into, room), asio::as_tuple(asio::use_awaitable));
        was_reset_ = was_reset_ || is_reset(problem);
        co_return problem ? 0 : size;
    }
    asio::awaitable<bool> write(std::string_view bytes) override {
        auto [problem, size] = co_await asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()),
                                                          asio::as_tuple(asio::use_awaitable));
        was_reset_ = was_reset_ || is_reset(problem);
        co_return !problem;
    }
    asio::awaitable<void> close(bool) override {
        close_socket(socket_);
        co_return;
    }
    void reset() override { reset_socket(socket_); }
    bool was_reset() const override { return was_reset_; }

private:
    tcp::socket socket_;
    bool was_reset_ = false;
};

class tls_stream final : public stream {
public:
    tls_stream(tcp::socket socket, asio::ssl::context& context) : tls_(std::move(socket), context) {}

    asio::awaitable<bool> accept() override {
        auto [problem] = co_await tls_.async_handshake(asio::ssl::stream_base::server,
                                                       asio::as_tuple(asio::use_awaitable));
        co_return !problem;
    }
    asio::awaitable<bool> connect(std::string name) override {
        // Not OpenSSL's macro for this, which contains an old-style cast.
        SSL_ctrl(tls_.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
        tls_.set_verify_mode(asio::ssl::verify_peer);
        tls_.set_verify_callback(asio::ssl::host_name_verification(name));
        auto [problem] = co_await tls_.async_handshake(asio::ssl::stream_base::client,
                                                       asio::as_tuple(asio::use_awaitable));
        co_return !problem;
    }
    asio::awaitable<std::size_t> read_some(char* into, std::size_t room) override {
        auto [problem, size] =
            co_await tls_.async_read_some(asio::buffer(into, room), asio::as_tuple(asio::use_awaitable));
        was_reset_ = was_reset_ || is_reset(problem);
        co_return problem ? 0 : size;
    }
    asio::awaitable<bool> write(std::string_view bytes) override {
        auto [problem, size] = co_await asio::async_write(tls_, asio::buffer(bytes.data(), bytes.size()),
                                                          asio::as_tuple(asio::use_awaitable));
        was_reset_ = was_reset_ || is_reset(problem);
        co_return !problem;
    }
    asio::awaitable<void> close(bool alert) override {
        if (alert) {
            // Sends close_notify and does not wait for the peer's.
            SSL_set_shutdown(tls_.native_handle(), SSL_RECEIVED_SHUTDOWN);
            co_await tls_.async_shutdown(asio::as_tuple(asio::use_awaitable));
        }
        close_socket(tls_.next_layer());
    }
    void reset() override { reset_socket(tls_.next_layer()); }
    bool was_reset() const override { return was_reset_; }

private:
    asio::ssl::stream<tcp::socket> tls_;
    bool was_reset_ = false;
};

} // namespace

std::unique_ptr<stream> make_stream(tcp::socket socket, asio::ssl::context* tls) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    if (tls) return std::make_unique<tls_stream>(std::move(socket), *tls);
    return std::make_unique<plain_stream>(std::move(socket));
}

} // namespace gateway::simulator
