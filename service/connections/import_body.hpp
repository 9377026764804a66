// The body of PUT …/tokens: TikTok's flat token answer (docs/tiktok-wire.md §1.2), checked. Pure.
#pragma once
#include "base/result.hpp"
#include "vault/token_set.hpp"

#include <string_view>

namespace gateway::connections {

/// access_token, refresh_token, open_id, scope and refresh_expires_in are required. Without an expires_in
/// above 0 the access token counts as expired: its lifetime is 0. Scopes are returned with commas.
/// malformed_json, invalid_input with every invalid field. Other members of TikTok's answer are ignored. No
/// value of the body is repeated in a failure.
result<vault::fresh_tokens> read_import(std::string_view body);

} // namespace gateway::connections
