// TikTok's token endpoint (docs/tiktok-wire.md §1.2–1.4): exchange, refresh, revoke. It never repeats a
// request; tokens/ decides what a lost answer means. `by` is the caller for whom it is asked. One per worker,
// used from its thread.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/sharer.hpp"
#include "outbound/client.hpp"
#include "runtime/task.hpp"
#include "tiktok/app_credentials.hpp"
#include "tiktok/endpoint.hpp"
#include "tiktok/oauth_answers.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace gateway::telemetry {
class recorder;
}

namespace gateway::tiktok {

struct revoked {};

/// Sends one request to TikTok's API host, for a call of `by`, and gives the whole answer; never repeats.
/// Uses outbound::client, or a function of a test.
using send_form =
    std::function<task<result<outbound::reply>>(std::string request, deadline until, sharer by)>;

class oauth {
public:
    /// `counts`, of this worker, counts each request; null: nobody counts.
    oauth(outbound::client& http, outbound::origin api, app_credentials& app, std::string redirect_uri,
          telemetry::recorder* counts = nullptr);
    oauth(send_form send, std::string host, app_credentials& app, std::string redirect_uri,
          telemetry::recorder* counts = nullptr);

    const std::string& client_key() const { return app_.client_key(); }
    const std::string& redirect_uri() const { return redirect_uri_; }

    /// `verifier` empty: PKCE is off.
    task<token_outcome> exchange(std::string code, secret verifier, deadline until, sharer by);
    task<token_outcome> refresh(secret refresh_token, deadline until, sharer by);
    /// Best effort: the result is only reported. tiktok_error, app_refused, or why nothing was answered.
    task<result<revoked>> revoke(secret access_token, deadline until, sharer by);

private:
    /// A form, and the number of the app's secret in it.
    struct token_form {
        std::string text;
        std::uint64_t secret_number;
    };
    /// With the fields of every form.
    token_form form_begun(std::string_view grant_type) const;
    task<result<outbound::reply>> post(endpoint which, std::string form, deadline until, sharer by);
    task<token_outcome> ask(token_form what, deadline until, sharer by);
    task<token_outcome> ask_uncounted(token_form what, deadline until, sharer by);
    task<result<revoked>> revoke_uncounted(secret access_token, deadline until, sharer by);
    void count(endpoint which, std::string_view code, steady_time began);

    send_form send_;
    std::string host_;
    app_credentials& app_;
    std::string redirect_uri_;
    telemetry::recorder* counts_;
};

} // namespace gateway::tiktok
