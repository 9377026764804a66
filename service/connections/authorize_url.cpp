#include "connections/authorize_url.hpp"

#include "base/digest.hpp"
#include "base/lists.hpp"
#include "http/percent.hpp"

#include <algorithm>
#include <iterator>

namespace gateway::connections {
namespace {

void append_parameter(std::string& url, std::string_view name, std::string_view value) {
    url += url.find('?') == std::string::npos ? '?' : '&';
    url += name;
    url += '=';
    http::append_percent_encoded(url, value);
}

} // namespace

secret new_verifier() {
    return secret{to_base64url(random_bytes(48))};
}

std::string challenge_of(std::string_view verifier, std::string_view kind) {
    const auto digest = sha256(verifier);
    if (kind == "hex") return to_hex(digest);
    if (kind == "base64url") return to_base64url(as_text(digest));
    return {};
}

std::string authorize_url(const authorize_request& of) {
    std::string url{of.page};
    append_parameter(url, "client_key", of.client_key);
    append_parameter(url, "response_type", "code");
    append_parameter(url, "scope", joined(of.scopes));
    append_parameter(url, "redirect_uri", of.redirect_uri);
    append_parameter(url, "state", of.state);
    if (of.disable_auto_auth) append_parameter(url, "disable_auto_auth", "1");
    if (!of.challenge.empty()) {
        append_parameter(url, "code_challenge", of.challenge);
        append_parameter(url, "code_challenge_method", "S256");
    }
    return url;
}

bool has_result(std::string_view return_url) {
    constexpr std::string_view ours[] = {"user_id", "result", "reason", "confirmation"};
    const auto begin = return_url.find('?');
    if (begin == std::string_view::npos) return false;
    for (auto rest = return_url.substr(begin + 1); !rest.empty();) {
        auto piece = next_piece(rest, '&');
        const auto name = http::percent_decoded(next_piece(piece, '='), true);
        if (name && std::find(std::begin(ours), std::end(ours), *name) != std::end(ours)) return true;
    }
    return false;
}

std::string with_result(std::string return_url, std::string_view user_id, std::string_view result,
                        std::string_view reason, std::string_view confirmation) {
    append_parameter(return_url, "user_id", user_id);
    append_parameter(return_url, "result", result);
    if (!reason.empty()) append_parameter(return_url, "reason", reason);
    if (!confirmation.empty()) append_parameter(return_url, "confirmation", confirmation);
    return return_url;
}

} // namespace gateway::connections
