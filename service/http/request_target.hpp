// Checks the request target and the Host field. Whatever could be read in two ways is refused, so that
// routing, authorisation and every proxy in front see the same path (C05, C07). Pure.
#pragma once
#include "base/result.hpp"
#include "http/verb.hpp"

#include <string_view>

namespace gateway::http {

struct request_target {
    std::string_view path;
    std::string_view query;
    std::string_view authority;    // of the absolute form, else empty
    std::string_view default_port; // of the absolute form's scheme, else empty
};

/// `target` holds visible ASCII only. Errors: malformed_request.
result<request_target> parse_target(verb method, std::string_view target);

/// The refusal of a byte that may stand in a target only as an escape, which it names.
failure unescaped(char byte);

/// Whether two authorities name the same server (RFC 9110 §4.2.3). A port that is absent or empty is the
/// scheme's default; apart from that only the case of letters is ignored.
bool same_authority(std::string_view a, std::string_view b, std::string_view default_port);

/// A name, an IPv4 address or a bracketed IPv6 address, with an optional port.
bool is_host(std::string_view host);

} // namespace gateway::http
