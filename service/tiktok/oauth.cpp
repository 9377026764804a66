#include "tiktok/oauth.hpp"

#include "tiktok/oauth_messages.hpp"

namespace gateway::tiktok {
namespace {

constexpr std::size_t form_size_hint =
    8 * 1024; // larger than any form, because growing would leave copies of secrets

task<result<outbound::reply>> send_over(outbound::client& http, outbound::origin api, std::string request,
                                        deadline until) {
    const secret wiped{std::move(request)};
    co_return co_await http.send(api, wiped.reveal(), outbound::repeat::never, until);
}

send_form sender_of(outbound::client& http, outbound::origin api) {
    return [&http, api = std::move(api)](std::string request, deadline until) {
        return send_over(http, api, std::move(request), until);
    };
}

std::string host_of(const outbound::origin& api) {
    return api.port == 443 ? api.host : api.host + ":" + std::to_string(api.port);
}

token_outcome outcome_of_failure(failure why) {
    if (why.details() != nullptr && why.details()->may_have_reached_tiktok) return answer_lost{why.message()};
    return try_later{std::move(why), std::nullopt};
}

} // namespace

oauth::oauth(outbound::client& http, outbound::origin api, std::string client_key, secret client_secret,
             std::string redirect_uri)
    : oauth(sender_of(http, api), host_of(api), std::move(client_key), std::move(client_secret),
            std::move(redirect_uri)) {}

oauth::oauth(send_form send, std::string host, std::string client_key, secret client_secret,
             std::string redirect_uri)
    : send_(std::move(send)),
      host_(std::move(host)),
      client_key_(std::move(client_key)),
      client_secret_(std::move(client_secret)),
      redirect_uri_(std::move(redirect_uri)) {}

std::string oauth::form_begun(std::string_view grant_type) const {
    std::string form;
    form.reserve(form_size_hint);
    append_form(form, "client_key", client_key_);
    append_form(form, "client_secret", client_secret_.reveal());
    if (!grant_type.empty()) append_form(form, "grant_type", grant_type);
    return form;
}

task<token_outcome> oauth::exchange(std::string code, secret verifier, deadline until) {
    auto form = form_begun("authorization_code");
    append_form(form, "code", code);
    append_form(form, "redirect_uri", redirect_uri_);
    if (!verifier.empty()) append_form(form, "code_verifier", verifier.reveal());
    co_return co_await ask(std::move(form), until);
}

task<token_outcome> oauth::refresh(secret refresh_token, deadline until) {
    auto form = form_begun("refresh_token");
    append_form(form, "refresh_token", refresh_token.reveal());
    co_return co_await ask(std::move(form), until);
}

task<result<outbound::reply>> oauth::post(endpoint which, std::string form, deadline until) {
    const secret wiped{std::move(form)};
    const secret request = form_request(host_, row_of(which).path, wiped.reveal());
    std::string bytes(request.reveal());
    co_return co_await send_(std::move(bytes), until);
}

task<token_outcome> oauth::ask(std::string form, deadline until) {
    auto reply = co_await post(endpoint::token, std::move(form), until);
    token_outcome outcome = reply ? read_token_answer(reply->status, reply->body(), reply->retry_after)
                                  : outcome_of_failure(reply.error());
    if (reply) wipe_bytes(reply->bytes); // they contained tokens
    co_return outcome;
}

task<result<revoked>> oauth::revoke(secret access_token, deadline until) {
    auto form = form_begun({});
    append_form(form, "token", access_token.reveal());
    auto reply = co_await post(endpoint::revoke, std::move(form), until);
    if (!reply) co_return reply.error();
    auto words = read_oauth_error(reply->status, reply->body());
    if (words.code.empty() && reply->status < 300) co_return revoked{};
    co_return failure{errc::tiktok_error, "TikTok did not revoke the access."}.tiktok(std::move(words));
}

} // namespace gateway::tiktok
