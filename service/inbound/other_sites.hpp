// Without callers in the settings no key protects the API, and any web page that is open in a browser on this
// host can send it requests: a form needs no permission of ours (CORS does not ask for one). Browsers mark
// such requests, and they are refused. Pure.
#pragma once
#include "base/result.hpp"

#include <string_view>

namespace gateway::inbound {

/// forbidden if the accepted head says that a browser sends it for another site: an `Origin` that is neither
/// that of `own_url` nor of the same host and port as `host`, the request's own (`null` is neither, and
/// another port of this host is another site), or a `Sec-Fetch-Site` other than `same-origin` and `none`.
/// Each field counts, also where one stands twice. Programs send neither field.
result<void> refuse_other_sites(std::string_view accepted_block, std::string_view host,
                                std::string_view own_url);

} // namespace gateway::inbound
