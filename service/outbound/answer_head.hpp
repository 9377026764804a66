// The head of an answer, read by the gate, and by Beast unless one Content-Length frames it: what two readers
// read differently is refused, so that nobody between TikTok and us can smuggle an answer (U10, U15). Pure.
#pragma once
#include "base/result.hpp"
#include "http/message_head.hpp"

#include <string_view>

namespace gateway::outbound {

/// `block` as found by http::header_finder. Views into it. Every refusal is tiktok_error.
result<http::response_head> read_answer_head(std::string_view block);

} // namespace gateway::outbound
