// The TLS rules for TikTok: those of tls_rules.hpp, and a certificate that a trust anchor signed and whose
// SAN names the host; no fallback (U06). Keeps the newest sessions of each origin so that a reconnect is
// cheap (a full handshake costs as much as 43 requests). Made once by the service, shared by all workers;
// thread-safe.
#pragma once
#include "runtime/stream.hpp"

#include <memory>
#include <string>

namespace gateway::outbound {

struct origin;

class tls_client_context {
public:
    /// `ca_file` (PEM, one or more certificates) is used instead of the system's trust store if it is not
    /// empty. Throws std::runtime_error that names the file when it cannot be used (the start fails).
    explicit tls_client_context(const std::string& ca_file);
    ~tls_client_context();
    tls_client_context(const tls_client_context&) = delete;
    tls_client_context& operator=(const tls_client_context&) = delete;

    /// Ready for stream::handshake(…, tls_role::client, …): SNI and verified name are the origin's host, and
    /// a kept session is offered. An IP literal is verified as an address and sends no SNI.
    ssl_pointer make(const origin& to) const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace gateway::outbound
