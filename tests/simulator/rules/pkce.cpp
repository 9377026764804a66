#include "rules/pkce.hpp"

#include "base/digest.hpp"

#include <algorithm>

namespace gateway::simulator {

bool is_code_verifier(std::string_view text) {
    if (text.size() < 43 || text.size() > 128) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'
               || c == '.' || c == '_' || c == '~';
    });
}

bool verifier_fits(std::string_view verifier, std::string_view challenge, bool hex_only) {
    const sha256_bytes digest = sha256(verifier);
    if (challenge == to_hex(digest)) return true;
    return !hex_only && challenge == to_base64url(as_text(digest));
}

} // namespace gateway::simulator
