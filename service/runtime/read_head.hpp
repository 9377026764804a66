// Reads a whole header block: the strict gate judges its raw bytes, and where a body follows, of whose end
// two readers could think differently, Beast parses it too and the two must agree. So one party, the gate,
// decides where a message ends, nobody between us and the peer can smuggle one (U10, U15), and a slip in the
// gate would have to be made twice to matter. Pure.
#pragma once
#include "base/result.hpp"
#include "http/message_head.hpp"

#include <string_view>

namespace gateway {

/// `block` as http::header_finder found it; views into it. Errors: those of http::judge.
result<http::request_head> read_request_head(std::string_view block);
/// The same of an answer of TikTok; every refusal is tiktok_error.
result<http::response_head> read_response_head(std::string_view block);

} // namespace gateway
