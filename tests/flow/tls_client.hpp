// The client side of one TLS connection, step by step: its ClientHello can be sent in parts, again, or never
// be followed by anything. OpenSSL on memory, the bytes on a raw socket.
#pragma once
#include "harness/raw_socket.hpp"

#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace tls {

/// Changes what a client offers.
using offer = std::function<void(SSL_CTX*)>;

class client {
public:
    explicit client(std::uint16_t port, const offer& change = {});

    /// Its ClientHello; the same bytes may be sent on another connection, too.
    std::string hello();
    /// Completes the handshake. Empty: done; else OpenSSL's reason, or "closed".
    std::string shake_hands();
    /// Sends a request and gives the answer; after shake_hands().
    std::string ask(const std::string& request);

    std::string protocol() const; // ALPN
    harness::raw_socket& socket() { return socket_; }
    SSL* ssl() { return ssl_.get(); }

private:
    std::string outgoing();
    bool receive();

    harness::raw_socket socket_;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

offer groups(const std::string& names);
/// TLS 1.2 with these suites only.
offer suites_of_1_2(const std::string& names);
/// Each with its length before it, as in the extension.
offer protocols(const std::string& list);

} // namespace tls
