#include "tiktok/oauth_messages.hpp"

#include "base/append.hpp"
#include "base/json/strict.hpp"
#include "base/json/values.hpp"
#include "base/lists.hpp"
#include "base/text.hpp"
#include "http/date.hpp"
#include "http/field_lines.hpp"
#include "http/percent.hpp"
#include "http/wire_text.hpp"
#include "tiktok/error_table.hpp"

#include <algorithm>
#include <chrono>
#include <variant>

namespace gateway::tiktok {
namespace {

constexpr std::int64_t lifetime_max_seconds = 10LL * 365 * 24 * 3600;
constexpr seconds lifetime_assumed{60};     // for a new pair without a readable one: refreshed again soon
constexpr std::size_t words_size_max = 512; // the longest description that is kept
constexpr std::chrono::minutes clock_skew_max{10}; // TikTok's and ours; beyond it the Date is not believed

/// Whole seconds above zero; nothing for texts, zero and negative numbers (Q03).
std::optional<milliseconds> lifetime_of(const boost::json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_uint64()) return seconds{lifetime_max_seconds}; // beyond 2^63
    if (!value->is_int64() || value->get_int64() <= 0) return std::nullopt;
    return seconds{std::min(value->get_int64(), lifetime_max_seconds)};
}

bool retryable(std::string_view code) {
    return code == "server_error" || code == "temporarily_unavailable";
}

tiktok_error_text words_of(int status, const boost::json::object& body) {
    tiktok_error_text out;
    out.status = status;
    out.code = json_text_at(body, "error").substr(0, 64);
    out.message = json_text_at(body, "error_description").substr(0, words_size_max);
    out.log_id = json_text_at(body, "log_id").substr(0, 64);
    return out;
}

try_later later(tiktok_error_text words, std::string_view retry_after) {
    failure why{errc::tiktok_error, "TikTok's token endpoint is in trouble; try again later."};
    return {std::move(why).tiktok(std::move(words)), parse_retry_after(retry_after)};
}

token_outcome classify_refusal(tiktok_error_text words, std::string_view retry_after) {
    if (words.code == "invalid_grant") return grant_invalid{std::move(words)};
    if (is_about_app(words.code)) return app_refused{std::move(words)};
    if (retryable(words.code) || words.status == 429) return later(std::move(words), retry_after);
    return grant_refused{std::move(words)};
}

/// Only words of lower-case letters, dots and underscores, like TikTok's scopes; others are left out.
std::string plain_scopes(std::string_view comma_list) {
    auto scopes = split_list(comma_list);
    std::erase_if(scopes, [](const std::string& one) {
        return !consists_of(one, [](char c) { return (c >= 'a' && c <= 'z') || c == '.' || c == '_'; });
    });
    return joined(scopes);
}

token_outcome read_grant(const boost::json::object& body) {
    token_answer out;
    const auto access = json_text_at(body, "access_token");
    const auto refresh = json_text_at(body, "refresh_token");
    const auto account = json_text_at(body, "open_id");
    const auto lifetime = lifetime_of(body, "expires_in");
    if (!is_plain_token(access)) return answer_lost{"the answer's access_token is not one"};
    if (!refresh.empty() && !is_plain_token(refresh))
        return answer_lost{"the answer's refresh_token is not one"};
    if (!account.empty() && (!is_plain_token(account) || account.size() > 128))
        return answer_lost{"the answer's open_id is not one"};
    // The old refresh token may be invalid by now, so a complete new pair is never dropped for a missing
    // lifetime.
    if (!lifetime && refresh.empty()) return answer_lost{"the answer has no usable expires_in"};
    out.access_token = secret{std::string(access)};
    out.refresh_token = secret{std::string(refresh)};
    out.account = open_id::trusted(std::string(account));
    out.scopes = plain_scopes(json_text_at(body, "scope").substr(0, 1024));
    out.access_lifetime = lifetime.value_or(lifetime_assumed);
    out.refresh_lifetime = lifetime_of(body, "refresh_expires_in").value_or(milliseconds{0});
    out.log_id = json_text_at(body, "log_id").substr(0, 64);
    return out;
}

} // namespace

bool is_about_app(std::string_view code) {
    return code == "invalid_client" || code == "unauthorized_client";
}

std::string_view code_label(const token_outcome& outcome) {
    if (std::holds_alternative<token_answer>(outcome)) return "ok";
    if (const auto* invalid = std::get_if<grant_invalid>(&outcome)) return code_label(invalid->words);
    if (const auto* app = std::get_if<app_refused>(&outcome)) return code_label(app->words);
    if (const auto* refused = std::get_if<grant_refused>(&outcome)) return code_label(refused->words);
    if (const auto* later = std::get_if<try_later>(&outcome)) return code_label(later->why);
    return std::get<answer_lost>(outcome).label;
}

failure failure_of(app_refused why) {
    return failure{errc::app_refused,
                   "TikTok refuses the key or secret of this gateway's app; its operator has to give the "
                   "right ones."}
        .tiktok(std::move(why.words));
}

bool is_plain_token(std::string_view token) {
    constexpr std::size_t size_max = 4096;
    return !token.empty() && token.size() <= size_max && consists_of(token, is_visible);
}

void append_form(std::string& form, std::string_view name, std::string_view value) {
    if (!form.empty()) form += '&';
    form += name;
    form += '=';
    http::append_percent_encoded(form, value);
}

std::string begin_form(std::string_view client_key, std::string_view client_secret,
                       std::string_view grant_type) {
    constexpr std::size_t form_bytes_max =
        16 * 1024; // a token has at most 4,096 bytes, encoded three times as many
    std::string form;
    form.reserve(form_bytes_max);
    append_form(form, "client_key", client_key);
    append_form(form, "client_secret", client_secret);
    if (!grant_type.empty()) append_form(form, "grant_type", grant_type);
    return form;
}

secret form_request(std::string_view host, std::string_view path, std::string_view form) {
    std::string out; // of one piece: growing would leave copies of the secrets
    append_all(out, "POST ", path, " HTTP/1.1\r\nHost: ", host,
               "\r\nContent-Type: application/x-www-form-urlencoded\r\nCache-Control: no-cache\r\n"
               "Content-Length: ",
               std::string_view(std::to_string(form.size())), "\r\n\r\n", form);
    return secret{std::move(out)};
}

tiktok_error_text read_oauth_error(int status, std::string_view body) {
    const auto parsed = parse_json(body);
    if (!parsed || !parsed->is_object()) return tiktok_error_text{status, {}, {}, {}};
    return words_of(status, parsed->get_object());
}

token_outcome read_token_answer(int status, std::string_view body, std::string_view retry_after) {
    const auto parsed = parse_json(body);
    if (parsed && parsed->is_object()) {
        const auto& object = parsed->get_object();
        // Tokens count, whatever stands beside them: they may be all that is left of this grant.
        if (!json_text_at(object, "access_token").empty()) return read_grant(object);
        auto words = words_of(status, object);
        if (!words.code.empty() && words.code != "ok") return classify_refusal(std::move(words), retry_after);
        if (object.contains("access_token")) return read_grant(object);
    }
    // An error without tokens (for example a proxy's page) means that nothing was rotated, so the grant is
    // not in doubt.
    if (status >= 400) return later(tiktok_error_text{status, {}, {}, {}}, retry_after);
    return answer_lost{"the answer is neither tokens nor an error (HTTP " + std::to_string(status) + ")"};
}

std::optional<wall_time> time_of_grant(std::string_view head, wall_time ours) {
    const auto first = head.find("\r\n");
    if (first == std::string_view::npos) return std::nullopt;
    std::optional<wall_time> date;
    http::field_lines lines{head, first + 2, http::peer::tiktok};
    for (http::field_line line; lines.next(line);) {
        if (!http::same_word(line.name, "date")) continue;
        if (date) return std::nullopt; // two of them
        date = http::read_date(line.value);
        if (!date) return std::nullopt;
    }
    if (!date || std::chrono::abs(*date - ours) > clock_skew_max) return std::nullopt;
    return *date + milliseconds{999};
}

} // namespace gateway::tiktok
