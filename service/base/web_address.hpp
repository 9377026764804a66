// The one strict reading of http and https addresses that an operator writes: what two parsers could read
// differently, or what could never be reached, is no address. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

struct web_address {
    bool secure = false;    // https
    std::string host;       // lower case; an IPv6 address in its brackets
    std::uint16_t port = 0; // the scheme's own where none is given
    std::string path;       // empty, or from its first slash
    bool operator==(const web_address&) const = default;

    /// localhost, 127.0.0.0/8 or ::1: what is sent there crosses no wire.
    bool on_loopback() const;
};

/// `scheme://host[:port][/path]`. The host is a name of letters, digits, hyphens and dots, an IPv4 address of
/// four decimal numbers, or an IPv6 address in brackets; the port is 1 to 65535; the path holds no dot
/// segment and no dot, slash or backslash in disguise. No user, no query, no fragment, no `*`.
std::optional<web_address> read_web_address(std::string_view url);

} // namespace gateway
