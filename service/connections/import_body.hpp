// The body of PUT …/tokens: TikTok's flat token answer (tiktok-api §1.2), checked. Pure.
#pragma once
#include "base/result.hpp"
#include "vault/token_set.hpp"

#include <string_view>

namespace gateway::connections {

/// access_token, refresh_token, open_id, scope and both lifetimes are required. malformed_json, invalid_input
/// with every faulty field. Members of TikTok's that we do not need are let pass. No value of the body is
/// repeated in a failure.
result<vault::fresh_tokens> read_import(std::string_view body);

} // namespace gateway::connections
