#include "tiktok/webhook.hpp"

#include "base/digest.hpp"
#include "base/json/strict.hpp"
#include "base/lists.hpp"
#include "base/text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <utility>

namespace gateway::tiktok {
namespace {

namespace json = boost::json;

failure not_tiktok() {
    return {errc::unauthenticated, "The signature of this webhook is not TikTok's."};
}

struct signature_parts {
    std::string_view time;
    std::string_view hex;
};

/// `t=<unix s>,s=<hex>` in any order; other parts are ignored, as TikTok may add some.
std::optional<signature_parts> split_signature(std::string_view value) {
    signature_parts parts;
    while (!value.empty()) {
        const auto part = trimmed(next_piece(value, ','));
        std::string_view* into = part.starts_with("t=")   ? &parts.time
                                 : part.starts_with("s=") ? &parts.hex
                                                          : nullptr;
        if (!into) continue;
        if (!into->empty()) return std::nullopt; // given twice, so it is unclear which one counts
        *into = part.substr(2);
    }
    if (parts.time.empty() || parts.hex.size() != 64) return std::nullopt;
    return parts;
}

webhook_kind kind_of(std::string_view name) {
    using enum webhook_kind;
    if (name == "authorization.removed") return authorization_removed;
    if (name == "post.publish.failed") return publish_failed;
    if (name == "post.publish.complete") return publish_complete;
    if (name == "post.publish.inbox_delivered") return inbox_delivered;
    // TikTok's documentation has both spellings (W30).
    if (name == "post.publish.publicly_available" || name == "post.publish.publicaly_available")
        return publicly_available;
    if (name == "post.publish.no_longer_publicly_available"
        || name == "post.publish.no_longer_publicaly_available")
        return no_longer_publicly_available;
    return name == "tiktok.ping" ? ping : other;
}

/// Strings unchanged, integers as digits, because ids come in both forms.
std::string text_of(const json::object& from, std::string_view key) {
    const json::value* value = from.if_contains(key);
    if (!value) return {};
    if (const auto* text = value->if_string()) return std::string(*text);
    if (const auto* number = value->if_int64()) return std::to_string(*number);
    if (const auto* number = value->if_uint64()) return std::to_string(*number);
    return {};
}

std::int64_t number_of(const json::object& from, std::string_view key) {
    return parse_number<std::int64_t>(text_of(from, key)).value_or(0);
}

/// TikTok's test event has milliseconds.
std::int64_t seconds_of(std::int64_t time) {
    constexpr std::int64_t year_5138 = 100'000'000'000; // in seconds; as milliseconds it is in 1973
    return time > year_5138 ? time / 1'000 : time;
}

/// The content must be a string that contains a JSON object; `false` for anything else.
bool read_content(webhook_event& event, const json::value* written) {
    if (!written || !written->is_string()) return false;
    const auto parsed = parse_json(std::string_view(written->get_string()));
    if (!parsed || !parsed->is_object()) return false;
    const json::object& content = parsed->get_object();
    event.post = publish_id::trusted(text_of(content, "publish_id"));
    event.post_id = text_of(content, "post_id");
    event.reason = text_of(content, "reason");
    event.reason_number = number_of(content, "reason");
    return true;
}

} // namespace

std::string webhook_event::fingerprint() const {
    std::string text;
    for (const std::string& part : {name, account.text(), post.text(), post_id, std::to_string(created_at_s)})
        text += std::to_string(part.size()) + ":" + part;
    return to_hex(sha256(text));
}

result<void> verify_webhook(std::string_view signature, std::string_view body, const secret& client_secret,
                            wall_time now, seconds window) {
    const auto parts = split_signature(signature);
    if (!parts) return not_tiktok();
    const auto time = parse_number<std::int64_t>(parts->time);
    const std::int64_t now_s = unix_ms(now) / 1000;
    if (!time || *time < now_s - window.count() || *time > now_s + window.count()) return not_tiktok();
    std::string signed_payload;
    signed_payload.reserve(parts->time.size() + 1 + body.size());
    signed_payload.append(parts->time).append(".").append(body);
    const std::string expected = to_hex(hmac_sha256(client_secret.reveal(), signed_payload));
    if (!equal_in_constant_time(expected, parts->hex)) return not_tiktok();
    return {};
}

webhook_event read_webhook(std::string_view body) {
    webhook_event event;
    const auto parsed = parse_json(body);
    const json::object* outer = parsed ? parsed->if_object() : nullptr;
    if (!outer) {
        event.without_effect = "it is no JSON object";
        return event;
    }
    event.name = text_of(*outer, "event");
    event.kind = kind_of(event.name);
    event.client_key = text_of(*outer, "client_key");
    event.account = open_id::trusted(text_of(*outer, "user_openid"));
    event.created_at_s = seconds_of(number_of(*outer, "create_time"));
    if (event.kind == webhook_kind::ping || event.kind == webhook_kind::other) {
        event.without_effect = event.kind == webhook_kind::ping ? "it is a test" : "it is unknown here";
        return event;
    }
    if (!read_content(event, outer->if_contains("content")))
        event.without_effect = "its content is not what it should be";
    else if (event.kind != webhook_kind::authorization_removed && !check_publish_id(event.post.text()))
        event.without_effect = "it names no post";
    return event;
}

result<webhook_event> webhook_reader::read(std::string_view signature, std::string_view body,
                                           wall_time now) const {
    // The portal's test event can be signed with an old time (docs/tiktok-wire.md W19). It has no effect, so
    // it may be repeated at any time; other events may not.
    constexpr seconds any_time = std::chrono::hours{24 * 365 * 100};
    const auto client_secret = app_.client_secret();
    const auto genuine = verify_webhook(signature, body, client_secret.text, now, any_time);
    if (!genuine) return genuine.error();
    auto event = read_webhook(body);
    if (event.kind != webhook_kind::ping) {
        const auto fresh = verify_webhook(signature, body, client_secret.text, now, webhook_window);
        if (!fresh) return fresh.error();
    }
    // An event of another app with our signature is impossible, except with a wrong configuration.
    if (event.without_effect.empty() && event.client_key != app_.client_key())
        return failure{errc::invalid_input, "This event is for another client_key."};
    return event;
}

} // namespace gateway::tiktok
