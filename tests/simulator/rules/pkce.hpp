// Proof keys of the authorize page (docs/tiktok-wire.md §1.1, W2). Pure.
#pragma once
#include <string_view>

namespace gateway::simulator {

/// 43…128 characters of A-Z a-z 0-9 - . _ ~.
bool is_code_verifier(std::string_view text);

/// Desktop apps: lower-case hex of SHA-256(verifier) and nothing else. Web apps: that, or RFC 7636's
/// base64url. The format of the verifier is not checked here.
bool verifier_fits(std::string_view verifier, std::string_view challenge, bool hex_only);

} // namespace gateway::simulator
