// How a login can end, and what is kept of that, sealed, in its row, so that the callback can show it again
// to the browser that finished the login, and to no other. Pure.
#pragma once
#include "base/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::connections {

/// The `reason` of a refusal (docs/contract.md §6), or its opposite; the labels of logins_total.
enum class login_result : std::uint8_t {
    connected,
    pending,            // waits for the caller's confirmation
    declined,           // by the user, or by TikTok for them
    another_account,    // than the connected one
    account_full,       // the TikTok account has as many users as it may have
    link_spent,         // the link was used before, is too old, or nobody began it
    code_refused,       // TikTok does not accept the code
    app_refused,        // TikTok does not accept the app: the operator's business
    tiktok_unreachable, // TikTok did not answer, or could not do it
    not_allowed,        // the caller may not have this login any more
    unavailable,        // a fault of the gateway's
    not_confirmed       // waited until its time was over
};
std::string_view name_of(login_result result);
/// All of them, in order.
std::vector<std::string_view> login_results();

inline bool is_refusal(login_result result) {
    return result != login_result::connected && result != login_result::pending;
}

/// The state of a login is in the link, which its sender has, too; the code is only in the browser that comes
/// from TikTok. So an outcome is shown only with the same code, and a confirmation is made of that code and
/// of random bytes: whoever reads the store cannot make it either.
struct login_outcome {
    login_result result = login_result::unavailable;
    std::string salt; // random, in base64url; of this outcome alone
    std::string code_proof;
    std::string scopes; // granted
    std::string account_name;
};
std::string new_salt();
std::string proof_of_code(std::string_view salt, std::string_view code);
/// 43 characters of base64url.
secret confirmation_of(std::string_view salt, std::string_view code);

std::string write_outcome(const login_outcome& outcome);
/// Nothing for what this program did not write.
std::optional<login_outcome> read_outcome(std::string_view text);

} // namespace gateway::connections
