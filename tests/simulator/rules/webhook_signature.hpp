// TikTok-Signature (docs/tiktok-wire.md §7). Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::simulator {

/// `t=<unix s>,s=<lower-case hex of HMAC-SHA256(client_secret, t + "." + body)>`; `blank`: add a blank after
/// the comma (W19).
std::string webhook_signature(std::string_view client_secret, std::int64_t unix_s, std::string_view body,
                              bool blank = false);

} // namespace gateway::simulator
