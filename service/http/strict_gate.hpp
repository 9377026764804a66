// The strict gate checks the raw bytes of a header block before any other code reads them. It refuses what
// RFC 9112 forbids and what two parsers could read differently; Beast 1.81 accepts much of that
// (docs/promises.md §1). A block that passes is read the same way by Beast. Pure, no allocation on the
// accepting path.
#pragma once
#include "base/result.hpp"
#include "http/message_head.hpp"

#include <string_view>

namespace gateway::http {

/// `block` runs from the request line to the empty line, both included (see header_finder).
/// Errors, all of which end the connection: malformed_request, method_not_allowed (TRACE, CONNECT; with
/// Allow), not_implemented (unknown method or transfer coding), http_version, headers_too_large,
/// uri_too_long, expectation_failed, unsupported_media_type (a Content-Encoding, C25).
result<request_head> validate_head(std::string_view block);

/// The same for an answer of TikTok (U09-U11).
/// Every refusal is tiktok_error; a body that ends only with the connection is refused (U05).
result<response_head> validate_response_head(std::string_view block);

/// A field of an accepted block, by lower-case name; empty when absent. For fields that request_head does not
/// hold.
std::string_view find_field(std::string_view accepted_block, std::string_view lower_case_name);

} // namespace gateway::http
