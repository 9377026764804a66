// The host and port of a request. Pure.
#pragma once
#include <compare>
#include <cstdint>
#include <string>

namespace gateway::outbound {

/// Always https. Connections are shared only between equal origins (host is SNI and verified name).
struct origin {
    std::string host;
    std::uint16_t port = 443;
    auto operator<=>(const origin&) const = default;
};

} // namespace gateway::outbound
