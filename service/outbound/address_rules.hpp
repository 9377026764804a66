// Which addresses a client may connect to, for hosts that an operator or a caller names (docs/promises.md
// S04, S05): public ones alone, except for hosts that the operator has allowed by name. Judged by the answer
// of the resolver that is then connected to, so that a name cannot change in between. Immutable, any thread.
#pragma once
#include <boost/asio/ip/address.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace gateway::outbound {

/// Whether it is an address of the public internet: not private, of loopback, link-local (and so of a cloud's
/// metadata), shared by carriers, multicast, unspecified, reserved or for documentation, and no IPv6 address
/// that stands for an IPv4 address of these kinds.
bool is_public_address(const boost::asio::ip::address& one);

class address_rules {
public:
    /// Patterns of host names.
    explicit address_rules(std::vector<std::string> allowed_hosts) : allowed_(std::move(allowed_hosts)) {}

    /// One address that is not public among others refuses all of them.
    bool permit(std::string_view host, const std::vector<boost::asio::ip::address>& all) const;

private:
    const std::vector<std::string> allowed_;
};

} // namespace gateway::outbound
