// TikTok's token endpoint (docs/tiktok-wire.md §1.2–1.4): exchange, refresh, revoke. It never repeats a
// request; tokens/ decides what a lost answer means. One per worker, used from its thread.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "outbound/client.hpp"
#include "runtime/task.hpp"
#include "tiktok/endpoint.hpp"
#include "tiktok/oauth_answers.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace gateway::tiktok {

struct revoked {};

/// Sends one request to TikTok's API host and gives the whole answer; never repeats. Uses outbound::client,
/// or a function of a test.
using send_form = std::function<task<result<outbound::reply>>(std::string request, deadline until)>;

class oauth {
public:
    oauth(outbound::client& http, outbound::origin api, std::string client_key, secret client_secret,
          std::string redirect_uri);
    oauth(send_form send, std::string host, std::string client_key, secret client_secret,
          std::string redirect_uri);

    const std::string& client_key() const { return client_key_; }
    const std::string& redirect_uri() const { return redirect_uri_; }

    /// `verifier` empty: PKCE is off.
    task<token_outcome> exchange(std::string code, secret verifier, deadline until);
    task<token_outcome> refresh(secret refresh_token, deadline until);
    /// Best effort: the result is only reported.
    task<result<revoked>> revoke(secret access_token, deadline until);

private:
    /// The fields of every form.
    std::string form_begun(std::string_view grant_type) const;
    task<result<outbound::reply>> post(endpoint which, std::string form, deadline until);
    task<token_outcome> ask(std::string form, deadline until);

    send_form send_;
    std::string host_;
    std::string client_key_;
    secret client_secret_;
    std::string redirect_uri_;
};

} // namespace gateway::tiktok
