// The plain text inside a sealed pair: both tokens, their account and lifetimes, so that all of it is
// authenticated and a stored pair can be used again. Pure.
//
// Format: '1', then each field of the struct in order, without the last, as decimal length, ':' and bytes; or
// '2' and all fields, if the last is not zero.
#pragma once
#include "base/clock.hpp"
#include "base/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::vault {

struct token_text {
    secret access_token;
    secret refresh_token;
    std::string account;
    std::string scopes; // comma list
    wall_time received_at;
    wall_time access_expires_at;
    wall_time refresh_expires_at;
    std::uint32_t forced_in_a_row = 0; // see token_set
};

secret write_token_text(const token_text& tokens);
std::optional<token_text> read_token_text(std::string_view plain);

} // namespace gateway::vault
