// Translates TikTok's refusals into our errors (docs/contract.md §4, "TikTok's codes → ours";
// docs/tiktok-wire.md §2.4, §4.7). Pure.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "tiktok/endpoint.hpp"

#include <optional>
#include <string_view>

namespace gateway::tiktok {

/// The longest accepted Retry-After; longer, negative and non-numeric values are ignored (U07).
inline constexpr milliseconds retry_after_max{3'600'000};
/// The wait if TikTok gives none: one window (docs/tiktok-wire.md §8.3).
inline constexpr milliseconds rate_limit_wait{60'000};
/// For the daily caps, if the ledger gives no better value.
inline constexpr milliseconds daily_cap_wait{3'600'000};

/// The failure for a refusal. `words.code` may be empty: an answer in another format than TikTok's says
/// nothing about a user or a token, whatever its HTTP status. `retry_after` is the header's raw value.
failure translate(endpoint where, tiktok_error_text words, std::string_view retry_after = {});

/// Whether TikTok itself refused the access token, which is worth one refresh.
bool is_token_refusal(const tiktok_error_text& words);

/// Whether it is a code of OAuth's flat error (docs/tiktok-wire.md §1.4). API endpoints do not send these.
bool is_oauth_word(std::string_view code);

/// Delta seconds only; nothing for dates and invalid values.
std::optional<milliseconds> parse_retry_after(std::string_view value);

/// A label of a closed set for upstream_requests_total: a code of the table or of OAuth, else `http_4xx`,
/// `http_5xx`, `unknown`.
std::string_view code_label(const tiktok_error_text& words);
/// The same for a call that failed: `unreachable`, `tls`, `deadline`, `overloaded` where TikTok gave no
/// answer.
std::string_view code_label(const failure& why);

} // namespace gateway::tiktok
