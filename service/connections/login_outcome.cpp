#include "connections/login_outcome.hpp"

#include "base/digest.hpp"
#include "base/sized_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace gateway::connections {
namespace {

constexpr std::array<std::string_view, 12> names{
    "connected",    "pending",     "declined",           "another_account", "account_full", "link_spent",
    "code_refused", "app_refused", "tiktok_unreachable", "not_allowed",     "unavailable",  "not_confirmed"};
constexpr std::size_t salt_bytes = 32;

bool take(std::string_view& rest, std::string& into) {
    const auto taken = take_sized(rest);
    if (taken) into = *taken;
    return taken.has_value();
}

} // namespace

std::string_view name_of(login_result result) {
    return names[static_cast<std::size_t>(result)];
}

std::vector<std::string_view> login_results() {
    return {names.begin(), names.end()};
}

std::string new_salt() {
    return to_base64url(random_bytes(salt_bytes));
}

std::string proof_of_code(std::string_view salt, std::string_view code) {
    return to_hex(hmac_sha256(salt, "callback:" + std::string(code)));
}

secret confirmation_of(std::string_view salt, std::string_view code) {
    const secret text{"confirmation:" + std::string(code)};
    return secret{to_base64url(as_text(hmac_sha256(salt, text.reveal())))};
}

std::string write_outcome(const login_outcome& outcome) {
    std::string out;
    for (const auto part :
         {name_of(outcome.result), std::string_view(outcome.salt), std::string_view(outcome.code_proof),
          std::string_view(outcome.scopes), std::string_view(outcome.account_name)})
        append_sized(out, part);
    return out;
}

std::optional<login_outcome> read_outcome(std::string_view text) {
    login_outcome out;
    std::string result;
    const bool whole = take(text, result) && take(text, out.salt) && take(text, out.code_proof)
                       && take(text, out.scopes) && take(text, out.account_name) && text.empty();
    const auto* const known = std::find(names.begin(), names.end(), result);
    if (!whole || known == names.end()) return std::nullopt;
    out.result = static_cast<login_result>(known - names.begin());
    return out;
}

} // namespace gateway::connections
