// The API listener's certificate: what inbound needs for the server side of a TLS handshake. Made at start
// and again on SIGHUP; any thread may call make().
#pragma once
#include "base/clock.hpp"
#include "runtime/stream.hpp"

#include <stdexcept>
#include <string>

namespace gateway {

/// One of the two files cannot be used; what() begins with its name.
struct tls_file_fault : std::runtime_error {
    enum class file { certificate, private_key };
    tls_file_fault(file of, const std::string& why) : std::runtime_error(why), which(of) {}
    file which;
};

class tls_server_context {
public:
    /// PEM files: the certificate with its chain, and its key, which must not be encrypted: nobody is asked
    /// for a pass phrase. Throws tls_file_fault (the start fails). The rules are those of tls_rules.hpp; ALPN
    /// http/1.1 (or http/1.0), and a client that offers other protocols only is refused (RFC 7301 §3.2).
    tls_server_context(const std::string& certificate_file, const std::string& private_key_file);

    /// When the certificate expires; the epoch if it has no such date.
    wall_time expires_at() const;
    /// What clients will find wrong with the dates of the certificate or of its chain at `now`; empty if
    /// nothing.
    std::string wrong_dates(wall_time now) const;

    /// For stream::handshake(…, tls_role::server, …).
    ssl_pointer make() const;

private:
    ssl_context_pointer context_;
};

} // namespace gateway
