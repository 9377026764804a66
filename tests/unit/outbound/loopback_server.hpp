// A TLS server for one test: each connection runs a script on its own thread, with blocking calls, using
// OpenSSL directly so that it shares no code with the tested one. The destructor ends every connection.
#pragma once
#include "unit/runtime/certificates.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

struct ssl_st;
struct ssl_ctx_st;

namespace gateway::testing {

/// Thrown by a script when the client has disconnected.
struct peer_gone {};

/// One connection of the server.
class peer {
public:
    peer(int descriptor, ssl_st* ssl, int number) : descriptor_(descriptor), ssl_(ssl), number_(number) {}
    ~peer();
    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;

    /// 1 for the first connection the server accepted, and so on.
    int number() const { return number_; }
    std::string server_name() const; // SNI
    bool resumed() const;
    std::string read_head();
    std::string read_some();
    void read_exactly(std::size_t bytes);
    void write(std::string_view bytes);
    /// Returns when the client has closed.
    void wait_for_end();
    void close_politely(); // close_notify, FIN
    void close_rudely();   // FIN without close_notify
    void reset();          // RST

private:
    friend class loopback_server;
    int descriptor_;
    ssl_st* ssl_;
    int number_;
    std::string surplus_;
};

struct server_options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    int version_max = 0; // an OpenSSL constant; 0: the newest
    bool answers = true; // false: accepts TCP and never sends anything
};

class loopback_server {
public:
    using script = std::function<void(peer&)>;
    loopback_server(const identity& who, script play, const server_options& options = {});
    ~loopback_server();
    loopback_server(const loopback_server&) = delete;
    loopback_server& operator=(const loopback_server&) = delete;

    std::uint16_t port() const { return port_; }
    /// Handshakes that succeeded.
    int connections() const { return connections_; }

private:
    void accept_all();
    void serve(int descriptor);

    script play_;
    server_options options_;
    ssl_ctx_st* context_ = nullptr;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> connections_{0};
    std::mutex mutex_;
    std::vector<int> open_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

/// A plain answer.
inline std::string answer(std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n"
           + std::string(body);
}

} // namespace gateway::testing
