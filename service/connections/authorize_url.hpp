// The URLs of a login: TikTok's consent page (docs/tiktok-wire.md §1.1), with PKCE (W2), and the caller's
// page at the end. Pure.
#pragma once
#include "base/secret.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gateway::connections {

/// A new verifier: 64 characters of A-Z a-z 0-9 - _, with 384 random bits.
secret new_verifier();

/// `kind` is `tiktok.pkce`: `hex` (TikTok's own way), `base64url` (RFC 7636), `off` (empty).
std::string challenge_of(std::string_view verifier, std::string_view kind);

struct authorize_request {
    std::string_view page; // tiktok.authorize_url
    std::string_view client_key;
    std::string_view redirect_uri;
    std::string_view state;
    std::string_view challenge; // empty: no PKCE
    const std::vector<std::string>& scopes;
    bool disable_auto_auth = false;
};

std::string authorize_url(const authorize_request& of);

/// Whether its query already has one of the names that with_result() adds.
bool has_result(std::string_view return_url);

/// The last redirect: `return_url` with `user_id`, `result` and, if there is one, `reason` or `confirmation`
/// added to its query.
std::string with_result(std::string return_url, std::string_view user_id, std::string_view result,
                        std::string_view reason = {}, std::string_view confirmation = {});

} // namespace gateway::connections
