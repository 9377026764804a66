// Boost.URL reads every accepted URL in the same way: https, a name, port 443 or none.
#include "base/text.hpp"
#include "base/url_rules.hpp"
#include "fuzz/targets.hpp"

#include <boost/url/ipv4_address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace gateway::fuzz {

void url(std::string_view bytes) {
    if (refuse_url(bytes, {})) return;
    constexpr std::string_view scheme = "https://";
    // A query is passed on unchanged, even with characters that RFC 3986 does not allow.
    const auto looked_at = bytes.substr(0, bytes.find('?'));
    require(lower_ascii(looked_at.substr(0, scheme.size())) == scheme, "an accepted URL is not https");
    // With a letter before the host: Boost.URL 1.81 ends a host behind an address with which a longer name
    // begins, as in 1.2.3.4.example.com.
    const std::string shown = "https://n" + std::string(looked_at.substr(scheme.size()));
    const auto parsed = boost::urls::parse_uri(shown);
    require(parsed.has_value(), "an accepted URL is none to Boost.URL");
    require(parsed->host_type() == boost::urls::host_type::name, "an accepted URL names no host");
    require(!parsed->has_userinfo() && !parsed->has_fragment(), "an accepted URL has a user or a fragment");
    require(!parsed->has_port() || parsed->port_number() == 443, "an accepted URL has another port");
    const auto host = parsed->encoded_host();
    const std::string name(host.data() + 1, host.size() - 1);
    require(!boost::urls::parse_ipv4_address(name), "an accepted URL names an address");
    require(!refuse_url(bytes, {name}), "a URL is not under its own host");
    require(refuse_url(bytes, {"not." + name}).has_value(), "a URL is under another host");
}

} // namespace gateway::fuzz
