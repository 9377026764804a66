// The simulator's certificate authority and server certificate, made at every start (EC P-256). Texts in PEM.
#pragma once
#include "configure/settings.hpp"

namespace gateway::simulator {

struct certificates {
    std::string authority;      // the authority that clients trust (ca.pem)
    std::string real_authority; // the authority that signed the server's certificate; another one only if the
                                // settings say so
    std::string certificate;
    std::string private_key;
};

/// Throws if OpenSSL fails.
certificates make_certificates(const certificate_settings& wanted);

/// Writes ca.pem (and server.pem, server.key if requested) into the folder, which is created if needed; gives
/// ca.pem's path.
std::string write_certificates(const certificates& made, const certificate_settings& wanted,
                               const std::string& directory);

} // namespace gateway::simulator
