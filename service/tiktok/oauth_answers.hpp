// The possible results of a request to TikTok's token endpoint, as values.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace gateway::tiktok {

/// A good answer; lifetimes are clamped to 10 years (Q03).
struct token_answer {
    secret access_token;
    secret refresh_token; // empty: TikTok sent none; keep the old one
    open_id account;      // empty: the answer to a refresh did not name it
    std::string scopes;   // comma list
    milliseconds access_lifetime{0};
    milliseconds refresh_lifetime{0}; // 0: TikTok sent none
    std::string log_id;
    std::optional<wall_time> granted_at; // by TikTok's clock, if its answer has told it
};

/// `invalid_grant`: the code or refresh token is not valid; only a new login helps.
struct grant_invalid {
    tiktok_error_text words;
};
/// TikTok refuses the app itself: its key or secret is wrong, or it may not log users in. Says nothing about
/// the grant, and only the operator can change it (T24).
struct app_refused {
    tiktok_error_text words;
};
/// Any other refusal: an error of the gateway or of the app's settings.
struct grant_refused {
    tiktok_error_text words;
};
/// Bytes may have left, and no readable answer came back: the grant may have been used.
struct answer_lost {
    std::string why;                       // contains no secret
    std::string_view label = "unreadable"; // for upstream_requests_total; a name from the code
};
/// Not done: the request was not sent, or TikTok answered to try later (5xx, 429, server_error,
/// temporarily_unavailable).
struct try_later {
    failure why; // tiktok_unreachable, tiktok_tls, tiktok_error, overloaded, deadline_exceeded
    std::optional<milliseconds> retry_after;
};

using token_outcome =
    std::variant<token_answer, grant_invalid, app_refused, grant_refused, answer_lost, try_later>;

} // namespace gateway::tiktok
