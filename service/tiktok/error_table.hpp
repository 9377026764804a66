// TikTok's refusals in our words (docs/contract.md §4, "TikTok's codes → ours"; docs/tiktok-wire.md §2.4,
// §4.7). Pure.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "tiktok/endpoint.hpp"

#include <optional>
#include <string_view>

namespace gateway::tiktok {

/// Longest wait we take from a Retry-After; what is longer, negative or not a number is not believed (U07).
inline constexpr milliseconds retry_after_max{3'600'000};
/// What is left when TikTok names no wait: one window (docs/tiktok-wire.md §8.3).
inline constexpr milliseconds rate_limit_wait{60'000};
/// For the daily caps, where the ledger knows no better.
inline constexpr milliseconds daily_cap_wait{3'600'000};

/// The failure for a refusal. `words.code` may be empty: an answer that is not in one of TikTok's shapes says
/// nothing about a user or a token, whatever its HTTP status. `retry_after` is the header's raw value.
failure translate(endpoint where, tiktok_words words, std::string_view retry_after = {});

/// TikTok said, in its own words, that it does not accept the access token: worth one refresh.
bool is_token_refusal(const tiktok_words& words);

/// One of the words of OAuth's flat error (docs/tiktok-wire.md §1.4). No endpoint of the API says one of
/// them.
bool is_oauth_word(std::string_view code);

/// Delta seconds only; nothing for dates and nonsense.
std::optional<milliseconds> parse_retry_after(std::string_view value);

/// A label of a closed set for upstream_requests_total: a code of the table, else `http_4xx`, `http_5xx`,
/// `unknown`.
std::string_view code_label(const tiktok_words& words);

} // namespace gateway::tiktok
