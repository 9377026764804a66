// Parses a whole header block in memory: the strict gate checks its raw bytes, and where a body follows whose
// end two parsers could see differently, Beast parses the block too and the two must agree. So the gate alone
// decides where a message ends, no proxy between us and the peer can smuggle one (U10, U15), and an error in
// the gate matters only if Beast has the same one. Pure.
#pragma once
#include "base/result.hpp"
#include "http/message_head.hpp"

#include <string_view>

namespace gateway {

/// `block` as http::header_finder found it; views into it. Errors: those of http::validate_head.
result<http::request_head> parse_request_head(std::string_view block);
/// The same for an answer of TikTok; every refusal is tiktok_error.
result<http::response_head> parse_response_head(std::string_view block);

} // namespace gateway
