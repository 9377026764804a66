// The API listener's certificate: what inbound needs for the server side of a TLS handshake. Made at start
// and again on SIGHUP; any thread may call make().
#pragma once
#include "base/clock.hpp"
#include "runtime/stream.hpp"

#include <string>

namespace gateway {

class tls_server_context {
public:
    /// PEM files: the certificate with its chain, and its key. Throws std::runtime_error with the file's name
    /// and the reason (the start fails). TLS 1.2 and 1.3, ALPN http/1.1, no renegotiation.
    tls_server_context(const std::string& certificate_file, const std::string& private_key_file);

    /// When the certificate expires; the epoch if it has no such date.
    wall_time expires_at() const;

    /// For stream::handshake(…, tls_role::server, …).
    ssl_pointer make() const;

private:
    ssl_context_pointer context_;
};

} // namespace gateway
