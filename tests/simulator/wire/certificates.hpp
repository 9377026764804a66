// The simulator's own authority and server certificate, made at every start (EC P-256). Texts in PEM.
#pragma once
#include "configure/settings.hpp"

namespace gateway::simulator {

struct certificates {
    std::string authority; // what clients are told to trust (ca.pem)
    std::string
        real_authority; // what signed the server's certificate; the same, unless settings want it unknown
    std::string certificate;
    std::string private_key;
};

/// Throws when OpenSSL cannot.
certificates make_certificates(const certificate_settings& wanted);

/// Writes ca.pem (and server.pem, server.key where asked for) into the folder, made if need be; gives
/// ca.pem's path.
std::string write_certificates(const certificates& made, const certificate_settings& wanted,
                               const std::string& directory);

} // namespace gateway::simulator
