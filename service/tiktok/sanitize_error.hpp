// Makes TikTok's texts safe for answers and log lines. TikTok is not trusted, and its texts may repeat parts
// of the request (docs/promises.md, "Problem": no secret, token, upload URL). Pure.
#pragma once
#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace gateway::tiktok {

/// Longer messages are cut; TikTok's are usually one sentence.
inline constexpr std::size_t message_bytes_max = 512;

/// `text` without any word that holds `access_token`, looks like a token of TikTok's (`act.`, `rft.`, `clt.`,
/// docs/tiktok-wire.md §0) or like an upload URL, and no longer than message_bytes_max.
std::string without_secrets(std::string_view text, std::string_view access_token);

/// A code is 1…64 of `a-z 0-9 _`, a log id 1…64 letters and digits (docs/tiktok-wire.md §0); anything else
/// becomes empty.
std::string plain_code(std::string_view text);
std::string_view plain_log_id(std::string_view text, std::string_view access_token);

/// Applies all of these to an error.
tiktok_error_text sanitize_error(tiktok_error_text words, std::string_view access_token);

} // namespace gateway::tiktok
