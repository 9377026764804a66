#include "tiktok/oauth.hpp"

#include "base/json/strict.hpp"
#include "base/memory/memory_reserve.hpp"
#include "outbound/host_value.hpp"
#include "telemetry/recorder.hpp"
#include "tiktok/error_table.hpp"
#include "tiktok/oauth_messages.hpp"

#include <chrono>
#include <utility>

namespace gateway::tiktok {
namespace {

task<result<outbound::reply>> send_over(outbound::client& http, outbound::origin api, std::string request,
                                        deadline until, sharer by) {
    const secret wiped{std::move(request)};
    co_return co_await http.send(outbound::no_window{}, api, wiped.reveal(), until, by,
                                 outbound::answer_has::tokens);
}

send_form sender_of(outbound::client& http, outbound::origin api) {
    return [&http, api = std::move(api)](std::string request, deadline until, sharer by) {
        return send_over(http, api, std::move(request), until, by);
    };
}

/// TikTok's answer to a revoke is empty, or an object without an error. A page, of a captive portal for
/// example, is not TikTok's.
bool says_done(std::string_view body) {
    if (body.empty()) return true;
    const auto parsed = parse_json(body);
    return parsed && parsed->is_object() && !parsed->get_object().contains("error");
}

token_outcome outcome_of_failure(failure why) {
    if (why.details() != nullptr && why.details()->may_have_reached_tiktok)
        return answer_lost{why.message(), code_label(why)};
    return try_later{std::move(why), std::nullopt};
}

} // namespace

oauth::oauth(outbound::client& http, outbound::origin api, app_credentials& app, std::string redirect_uri,
             telemetry::recorder* counts)
    : oauth(sender_of(http, api), outbound::host_value(api), app, std::move(redirect_uri), counts) {}

oauth::oauth(send_form send, std::string host, app_credentials& app, std::string redirect_uri,
             telemetry::recorder* counts)
    : send_(std::move(send)),
      host_(std::move(host)),
      app_(app),
      redirect_uri_(std::move(redirect_uri)),
      counts_(counts) {}

void oauth::count(endpoint which, std::string_view code, steady_time began) {
    if (counts_ == nullptr) return;
    const auto took = std::chrono::duration_cast<milliseconds>(steady_now() - began);
    counts_->upstream_call(row_of(which).name, code, took);
}

oauth::token_form oauth::form_begun(std::string_view grant_type) const {
    const auto client_secret = app_.client_secret();
    token_form begun{{}, client_secret.number};
    begun.text = begin_form(app_.client_key(), client_secret.text.reveal(), grant_type);
    return begun;
}

task<token_outcome> oauth::exchange(std::string code, secret verifier, deadline until, sharer by) {
    auto what = form_begun("authorization_code");
    append_form(what.text, "code", code);
    append_form(what.text, "redirect_uri", redirect_uri_);
    if (!verifier.empty()) append_form(what.text, "code_verifier", verifier.reveal());
    co_return co_await ask(std::move(what), until, by);
}

task<token_outcome> oauth::refresh(secret refresh_token, deadline until, sharer by) {
    auto what = form_begun("refresh_token");
    append_form(what.text, "refresh_token", refresh_token.reveal());
    co_return co_await ask(std::move(what), until, by);
}

task<result<outbound::reply>> oauth::post(endpoint which, std::string form, deadline until, sharer by) {
    const secret wiped{std::move(form)};
    const secret request = form_request(host_, row_of(which).path, wiped.reveal());
    std::string bytes(request.reveal());
    co_return co_await send_(std::move(bytes), until, by);
}

task<token_outcome> oauth::ask(token_form what, deadline until, sharer by) {
    const auto began = steady_now();
    auto outcome = co_await ask_uncounted(std::move(what), until, by);
    const memory_reserve::scope no_failure; // as below
    count(endpoint::token, code_label(outcome), began);
    co_return outcome;
}

task<token_outcome> oauth::ask_uncounted(token_form what, deadline until, sharer by) {
    const auto number = what.secret_number;
    auto reply = co_await post(endpoint::token, std::move(what.text), until, by);
    if (!reply) co_return outcome_of_failure(reply.error());
    const memory_reserve::scope no_failure; // the tokens may be the only valid ones
    token_outcome outcome = read_token_answer(reply->status, reply->body(), reply->retry_after);
    if (auto* const answer = std::get_if<token_answer>(&outcome))
        answer->granted_at =
            time_of_grant(std::string_view(reply->bytes).substr(0, reply->body_at), wall_now());
    wipe_bytes(reply->bytes); // they contained tokens
    if (const auto* refused = std::get_if<app_refused>(&outcome)) {
        // With the new secret the same request may be accepted at once.
        if (!app_.note_refused(number, refused->words))
            outcome =
                try_later{{errc::tiktok_error, "The app's secret was changed meanwhile; try again."}, {}};
    } else if (std::holds_alternative<token_answer>(outcome)
               || std::holds_alternative<grant_invalid>(outcome)) {
        app_.note_accepted(number);
    }
    co_return outcome;
}

task<result<revoked>> oauth::revoke(secret access_token, deadline until, sharer by) {
    const auto began = steady_now();
    auto outcome = co_await revoke_uncounted(std::move(access_token), until, by);
    count(endpoint::revoke, outcome ? "ok" : code_label(outcome.error()), began);
    co_return outcome;
}

task<result<revoked>> oauth::revoke_uncounted(secret access_token, deadline until, sharer by) {
    auto what = form_begun({});
    append_form(what.text, "token", access_token.reveal());
    auto reply = co_await post(endpoint::revoke, std::move(what.text), until, by);
    if (!reply) co_return reply.error();
    if (reply->status < 300 && says_done(reply->body())) {
        app_.note_accepted(what.secret_number);
        co_return revoked{};
    }
    auto words = read_oauth_error(reply->status, reply->body());
    const bool of_app = is_about_app(words.code);
    if (of_app) app_.note_refused(what.secret_number, words);
    co_return failure{of_app ? errc::app_refused : errc::tiktok_error, "TikTok did not revoke the access."}
        .tiktok(std::move(words));
}

} // namespace gateway::tiktok
