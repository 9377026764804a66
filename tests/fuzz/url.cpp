// Boost.URL reads every accepted URL in the same way: https, a name, port 443 or none.
#include "base/url_rules.hpp"
#include "fuzz/targets.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace gateway::fuzz {

void url(std::string_view bytes) {
    if (refuse_url(bytes, {})) return;
    // A query is passed on unchanged, even with characters that RFC 3986 does not allow.
    const auto looked_at = bytes.substr(0, bytes.find('?'));
    const auto parsed = boost::urls::parse_uri(boost::core::string_view{looked_at.data(), looked_at.size()});
    require(parsed.has_value(), "an accepted URL is none to Boost.URL");
    require(parsed->scheme_id() == boost::urls::scheme::https, "an accepted URL is not https");
    require(parsed->host_type() == boost::urls::host_type::name, "an accepted URL names an address");
    require(!parsed->has_userinfo() && !parsed->has_fragment(), "an accepted URL has a user or a fragment");
    require(!parsed->has_port() || parsed->port_number() == 443, "an accepted URL has another port");
    const auto host = parsed->encoded_host();
    const std::string name(host.data(), host.size());
    require(!refuse_url(bytes, {name}), "a URL is not under its own host");
    require(refuse_url(bytes, {"not." + name}).has_value(), "a URL is under another host");
}

} // namespace gateway::fuzz
