// Without callers in the settings no key protects the API, and any web page that is open in a browser on this
// host can send it requests: a form needs no permission of ours (CORS does not ask for one). Browsers mark
// such requests, and they are refused. Pure.
#pragma once
#include "base/result.hpp"

#include <string_view>

namespace gateway::inbound {

/// Where a request has arrived.
struct own_address {
    std::string_view host; // the request's own; without a port, that of the listener's scheme
    bool tls = false;      // of the listener
    std::string_view url;  // the gateway's public_url
};

/// forbidden if the accepted head says that a browser sends it for another site: an `Origin` that is neither
/// that of the `url` nor of the same host and port as the `host` (`null` is neither, and another port of this
/// host is another site), or a `Sec-Fetch-Site` other than `same-origin` and `none`. Each field counts, also
/// where one stands twice. Programs send neither field.
result<void> refuse_other_sites(std::string_view accepted_block, const own_address& at);

} // namespace gateway::inbound
