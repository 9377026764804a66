// The value of a request's Host field (RFC 9110 §7.2): the port of https is left out. Pure, inline.
#pragma once
#include "outbound/types.hpp"

#include <cstdint>
#include <string>

namespace gateway::outbound {

inline std::string with_port(const origin& of) {
    return of.host + ":" + std::to_string(of.port);
}

inline std::string host_value(const origin& of) {
    constexpr std::uint16_t https_port = 443;
    return of.port == https_port ? of.host : with_port(of);
}

} // namespace gateway::outbound
