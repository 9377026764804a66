// TikTok's token endpoint (tiktok-api §1.2–1.4): exchange, refresh, revoke. Decides on the answer's body
// alone (U6). It never repeats a request: what a lost answer means is tokens' affair. One per worker, used
// from its thread.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "outbound/client.hpp"
#include "runtime/task.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace gateway::tiktok {

/// A good answer; lifetimes are clamped to 1 s … 10 years (Q03).
struct token_answer {
    secret access_token;
    secret refresh_token; // empty: TikTok sent none; keep the old one
    open_id account;
    std::string scopes; // comma list
    milliseconds access_lifetime{0};
    milliseconds refresh_lifetime{0}; // 0: TikTok sent none
    std::string log_id;
};

/// `invalid_grant`: the code or refresh token is dead; only a new login helps.
struct grant_invalid {
    tiktok_words words;
};
/// Any other refusal: a fault of ours or of the app's settings.
struct grant_refused {
    tiktok_words words;
};
/// Bytes may have left and no answer that can be understood came back: the grant may have been used.
struct answer_lost {
    std::string why;
};
/// Not done: the request never left, or TikTok said try later (5xx, 429, server_error,
/// temporarily_unavailable).
struct try_later {
    failure why; // tiktok_unreachable, tiktok_tls, tiktok_error, overloaded, deadline_exceeded
    std::optional<milliseconds> retry_after;
};

using token_outcome = std::variant<token_answer, grant_invalid, grant_refused, answer_lost, try_later>;

struct revoked {};

class oauth {
public:
    oauth(outbound::client& http, outbound::origin api, std::string client_key, secret client_secret,
          std::string redirect_uri);

    const std::string& redirect_uri() const { return redirect_uri_; }

    /// `verifier` empty: PKCE is off.
    task<token_outcome> exchange(std::string code, secret verifier, deadline until);
    task<token_outcome> refresh(secret refresh_token, deadline until);
    /// Best effort: what became of it is only told, nothing depends on it.
    task<result<revoked>> revoke(secret access_token, deadline until);

private:
    task<token_outcome> ask(secret form, deadline until);

    outbound::client& http_;
    outbound::origin api_;
    std::string client_key_;
    secret client_secret_;
    std::string redirect_uri_;
};

} // namespace gateway::tiktok
