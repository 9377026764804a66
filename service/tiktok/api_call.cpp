#include "tiktok/api_call.hpp"

#include "base/append.hpp"
#include "base/digits.hpp"
#include "base/json/scan.hpp"
#include "base/json/strict.hpp"
#include "base/json/values.hpp"
#include "http/verb.hpp"
#include "http/writers.hpp"
#include "tiktok/error_table.hpp"
#include "tiktok/sanitize_error.hpp"

#include <utility>

namespace gateway::tiktok {
namespace {

constexpr std::uint16_t https_port = 443;
// The size of a request without its path, fields, host, token and body.
constexpr std::size_t fixed_bytes_max = 256;

/// OAuth's flat format (docs/tiktok-wire.md §1.4), in case an API endpoint ever sends it; rare, so a DOM is
/// fine. Many proxies use a similar format, so only OAuth's codes count as TikTok's.
void read_flat_error(tiktok_error_text& words, std::string_view body) {
    const auto parsed = parse_json(body);
    if (!parsed || !parsed->is_object()) return;
    words.code = json_text_at(parsed->get_object(), "error");
    if (!is_oauth_word(words.code)) words.code.clear();
    words.message = json_text_at(parsed->get_object(), "error_description");
    words.log_id = json_text_at(parsed->get_object(), "log_id");
}

/// TikTok's format of an API error (docs/tiktok-wire.md §8.1).
bool has_error_object(const std::optional<scanned_answer>& scanned) {
    return scanned && scanned->error.starts_with('{');
}

/// Whether a member of the error object is a string; TikTok's codes are strings, those of many proxies are
/// numbers.
bool is_text(std::string_view scanned) {
    return scanned.data() != nullptr && scanned.data()[-1] == '"';
}

tiktok_error_text words_of(const std::optional<scanned_answer>& scanned, const outbound::reply& answer) {
    tiktok_error_text words;
    words.status = answer.status;
    if (has_error_object(scanned)) {
        if (is_text(scanned->error_code)) words.code = json_unescape(scanned->error_code);
        words.message = json_unescape(scanned->error_message);
        words.log_id = json_unescape(scanned->error_log_id);
    } else if (scanned && !scanned->error.empty() && scanned->error.front() == '"') {
        read_flat_error(words, answer.body());
    }
    if (words.log_id.empty()) words.log_id = answer.log_id;
    return words;
}

/// Certainly without effect: TikTok refused in its own format, with a code that says so. A bare status or a
/// page may come from a proxy, and after `internal_error` the effect is unknown.
bool is_certain_refusal(const tiktok_error_text& words, bool own_shape) {
    const bool says_so = !words.code.empty() && words.code != "internal_error" && !is_oauth_word(words.code);
    return own_shape && words.status < 500 && says_so;
}

failure refused(endpoint which, tiktok_error_text words, bool own_shape, std::string_view retry_after) {
    if (words.code == "ok") words.code.clear(); // `ok` with an error status, or without data, is not a code
    failure f = translate(which, words, retry_after);
    if (row_of(which).repeats == repeat_class::unsafe && !is_certain_refusal(words, own_shape))
        return std::move(f).may_have_reached_tiktok();
    return f;
}

} // namespace

void write_request(secret& into, const outbound::origin& api, const api_request& what,
                   std::string_view access_token) {
    const endpoint_row& row = row_of(what.which);
    std::string port; // short, so it needs no allocation
    if (api.port != https_port) append_all(port, ":", number_text(api.port));
    const auto bytes_max = row.path.size() + what.fields.size() + api.host.size() + access_token.size()
                           + what.body.size() + fixed_bytes_max;
    into.compose(bytes_max, [&](std::string& out) {
        http::request_writer head(out);
        head.start(http::verb_of(row.method), row.path, what.fields.empty() ? "" : "?fields=", what.fields,
                   api.host, port);
        head.field("Authorization", "Bearer ", access_token).lines("Accept: application/json\r\n");
        if (row.method != "GET")
            head.field("Content-Type", row.content_type).content_length(what.body.size());
        head.end();
        out += what.body;
    });
}

result<document> read_answer(endpoint which, outbound::reply answer, std::string_view access_token) {
    const auto scanned = scan_answer(answer.body());
    const bool has_data = scanned && scanned->data_is_object();
    const bool ok = scanned && scanned->error_is_ok() && answer.status >= 200 && answer.status < 300
                    && (has_data || !row_of(which).data_is_due);
    if (!ok)
        return refused(which, sanitize_error(words_of(scanned, answer), access_token),
                       has_error_object(scanned), answer.retry_after);

    document out;
    const char* const begin = answer.bytes.data();
    // Used only if it is plain: a log id contains no escapes.
    auto log_id = plain_log_id(scanned->error_log_id, access_token);
    if (has_data) {
        out.data_at = static_cast<std::size_t>(scanned->data.data() - begin);
        out.data_size = scanned->data.size();
    }
    out.may_name_credentials = scanned->may_name_credentials;
    if (!log_id.empty()) {
        out.log_id_at = static_cast<std::size_t>(log_id.data() - begin);
    } else if (log_id = plain_log_id(answer.log_id, access_token); !log_id.empty()) {
        out.log_id_at =
            answer.bytes.size(); // the header's value is appended, so that it is part of the bytes
        answer.bytes += log_id;
    }
    out.log_id_size = log_id.size();
    out.bytes = std::move(answer.bytes);
    return out;
}

} // namespace gateway::tiktok
