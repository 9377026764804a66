// Makes identifiers in TikTok's formats (docs/tiktok-wire.md §0). Random, except open_id and union_id, which
// do not change.
#pragma once
#include "base/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::simulator {

/// YYYYMMDDhhmmss (UTC) and 20 upper-case hexadecimal digits.
std::string new_log_id(wall_time now);

std::string new_access_token();
std::string new_refresh_token();
std::string new_client_token();
/// Contains `*` and `!`, like TikTok's: clients have to decode it from the callback and encode it again.
std::string new_authorization_code();
/// 19 digits, above 2^53.
std::int64_t new_post_id();
/// `count` characters of A-Z a-z 0-9.
std::string random_letters(std::size_t count);

/// The same for the same app and account; looks like a UUID.
std::string open_id_of(std::string_view client_key, std::string_view username);
/// The same over all apps of the developer.
std::string union_id_of(std::string_view username);

} // namespace gateway::simulator
