#include "inbound/answer_writer.hpp"

#include "base/memory/memory_reserve.hpp"
#include "http/structured_fields.hpp"
#include "http/verb.hpp"
#include "http/writers.hpp"
#include "telemetry/call_record.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gateway::inbound {
namespace {

/// Seconds rounded up, so that a client that waits for them does not call too early.
std::int64_t seconds_up(milliseconds wait) {
    return std::max<std::int64_t>(0, (wait.count() + 999) / 1000);
}

void append_limits(http::response_writer& head, const telemetry::call_record& record,
                   http::policy_text& shown) {
    std::array<http::quota_policy, 2> policies{};
    std::array<http::quota_left, 2> left{};
    std::size_t count = 0;
    const auto add = [&](limit_scope scope, const std::optional<limits::quota_status>& of) {
        if (!of) return;
        policies[count] = {name_of(scope), of->limit, seconds_up(of->length)};
        left[count++] = {name_of(scope), of->remaining, seconds_up(of->until_more)};
    };
    add(limit_scope::caller, record.caller_quota);
    add(limit_scope::tiktok_user, record.user_window);
    if (count == 0) return;
    // The quota with the least left comes first, because some clients read only the first.
    if (count == 2 && left[1].remaining < left[0].remaining) std::swap(left[0], left[1]);
    head.field("RateLimit-Policy", shown.of(std::span(policies).first(count)));
    head.written_field(
        "RateLimit", [&](string_appender& out) { http::put_rate_limit(out, std::span(left).first(count)); });
}

void append_failure(http::response_writer& head, const failure& what) {
    const auto* more = what.details();
    const int status = http_status(what.code());
    if (status == 401) head.field("WWW-Authenticate", R"(Bearer realm="tiktok-gateway")"); // RFC 9110 §15.5.2
    if (status == 429 || status == 503) {
        const bool has_wait = more && more->retry_after;
        head.field("Retry-After", has_wait ? std::max<std::int64_t>(1, seconds_up(*more->retry_after)) : 1);
    }
    if (more && !more->allow.empty()) head.field("Allow", more->allow);
}

/// Headers for pages in a browser: no caching, no framing, no referrer, nothing loaded from other hosts.
void append_page_rules(http::response_writer& head, std::string_view policy) {
    head.field("Cache-Control", "no-store")
        .field("Referrer-Policy", "no-referrer")
        .field("X-Frame-Options", "DENY")
        .field("X-Content-Type-Options", "nosniff")
        .field("Content-Security-Policy", policy);
}

constexpr std::string_view page_policy =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action "
    "'none'";
constexpr std::string_view asset_policy =
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

void append_kind(http::response_writer& head, const api::outcome& what) {
    const auto* given = std::get_if<api::answer>(&what);
    if (given && std::holds_alternative<api::page>(*given)) {
        head.field("Content-Type", "text/html; charset=utf-8");
        return append_page_rules(head, page_policy);
    }
    if (const auto* way = given ? std::get_if<api::redirect>(given) : nullptr) {
        head.field("Location", way->to);
        return append_page_rules(head, page_policy);
    }
    if (given && std::holds_alternative<api::no_content>(*given)) {
        head.field("Cache-Control", "no-store");
        return;
    }
    if (const auto* file = given ? std::get_if<api::asset>(given) : nullptr) {
        head.field("Content-Type", file->content_type);
        head.field("X-Content-Type-Options", "nosniff").field("Content-Security-Policy", asset_policy);
        return;
    }
    head.lines("Content-Type: application/json\r\nCache-Control: no-store\r\n");
}

/// Whether a retry by the client could have an effect twice.
bool may_have_had_effect(const api::outcome& what, bool writes) {
    if (const auto* refused = std::get_if<failure>(&what))
        return refused->details() && refused->details()->may_have_reached_tiktok && writes;
    return writes;
}

/// The body of an outcome: the envelope or the bytes of a page in `out`, or a document in `fixed`. Gives the
/// status.
int append_body(std::string& out, std::string_view& fixed, const api::outcome& what,
                std::string_view request_id) {
    if (const auto* given = std::get_if<api::answer>(&what)) {
        if (const auto* shown = std::get_if<api::page>(given)) {
            out += shown->html;
            return shown->status;
        }
        if (std::holds_alternative<api::redirect>(*given)) return 302;
        if (std::holds_alternative<api::no_content>(*given)) return 204;
        if (const auto* file = std::get_if<api::asset>(given)) {
            fixed = file->bytes;
            return 200;
        }
    }
    return api::write_envelope(out, what, request_id);
}

void append_connection(http::response_writer& head, const answer_facts& facts) {
    if (!facts.keep_alive)
        head.field("Connection", "close");
    else if (facts.http_1_0)
        head.field("Connection", "keep-alive");
}

} // namespace

/// Behind a proxy the pieces must not wait for each other (X-Accel-Buffering).
void write_live_head(request_buffers& texts, std::string_view content_type, telemetry::call_record& record,
                     const answer_facts& facts, session_cache& shared) {
    record.status = 200;
    record.ended_wall = coarse_wall_now();
    http::response_writer head(texts.answer);
    head.start(record.status);
    head.field("Date", shared.dates.at(record.ended_wall));
    head.field("Content-Type", content_type);
    head.lines("Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n");
    head.field("X-Request-Id", record.request_id);
    append_limits(head, record, shared.policies);
    if (facts.writes) head.field("x-should-retry", "false");
    if (!facts.http_1_0) head.lines("Transfer-Encoding: chunked\r\n");
    append_connection(head, facts.http_1_0 ? answer_facts{} : facts);
    head.end();
}

void note_outcome(telemetry::call_record& record, const api::outcome& what) {
    const auto* const refused = std::get_if<failure>(&what);
    if (!refused) return;
    record.code = refused->code();
    if (record.note.empty() && http_status(refused->code()) >= 500) {
        const memory_reserve::scope no_failure; // the answer stands, and is sent whatever the log gets
        record.note = refused->message();       // whoever reads the log has not seen it
    }
    if (refused->details()) record.refused_by = refused->details()->scope;
}

void write_answer(request_buffers& texts, const api::outcome& what, telemetry::call_record& record,
                  const answer_facts& facts, session_cache& shared) {
    texts.answer.clear();
    texts.body.clear();
    texts.fixed = {};
    record.status = append_body(texts.body, texts.fixed, what, record.request_id);
    record.ended_wall = coarse_wall_now();
    const auto* const refused = std::get_if<failure>(&what);
    http::response_writer head(texts.answer);
    head.start(record.status);
    head.field("Date", shared.dates.at(record.ended_wall));
    append_kind(head, what);
    if (record.status != 204) // RFC 9110 §8.6
        head.content_length(texts.body.size() + texts.fixed.size());
    head.field("X-Request-Id", record.request_id);
    append_limits(head, record, shared.policies);
    if (refused) append_failure(head, *refused);
    if (!facts.allow.empty()) head.field("Allow", facts.allow);
    if (may_have_had_effect(what, facts.writes)) head.field("x-should-retry", "false");
    if (std::holds_alternative<api::replay>(what)) head.field("Idempotent-Replayed", "true");
    append_connection(head, facts);
    head.end();
    if (record.verb == http::name_of(http::verb::head))
        texts.fixed = {};
    else
        texts.append_body();
    note_outcome(record, what);
}

} // namespace gateway::inbound
