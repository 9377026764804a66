#include "telemetry/log_line.hpp"

#include "base/digits.hpp"
#include "base/json_write.hpp"

#include <algorithm>

namespace gateway::telemetry {

namespace {

/// Longest text that is repeated in a log line; callers choose some of them.
constexpr std::size_t text_max = 256;

/// `key` comes as it is written, with the comma before and the colon after it.
void append_text(std::string& out, std::string_view key, std::string_view text) {
    if (text.empty()) return;
    out.append(key);
    append_json_string(out, text.substr(0, text_max));
}

void append_number(std::string& out, std::string_view key, std::uint64_t number) {
    out.append(key);
    append_json_number(out, static_cast<std::int64_t>(number));
}

/// Milliseconds with three decimals, without a detour through double.
void append_milliseconds(std::string& out, std::string_view key, std::chrono::microseconds time) {
    const auto micro = std::max<std::int64_t>(0, time.count());
    append_number(out, key, static_cast<std::uint64_t>(micro / 1000));
    append_digits(out += '.', static_cast<unsigned>(micro % 1000), 3);
}

/// `{"time":"2026-11-23T16:18:36.042Z","level":"info","event":"call"`
void append_begin(std::string& out, level l, std::string_view event, wall_time now) {
    out.append(R"({"time":")");
    append_rfc3339(out, now);
    out.back() = '.'; // instead of the Z
    append_digits(out, static_cast<unsigned>(((unix_ms(now) % 1000) + 1000) % 1000), 3);
    out.append(R"(Z","level":")").append(name_of(l)).append(R"(","event":)");
    append_json_string(out, event);
}

} // namespace

void append_event(std::string& out, level l, std::string_view event, const std::vector<member>& members,
                  wall_time now) {
    append_begin(out, l, event, now);
    for (const auto& [key, value] : members) {
        if (value.empty()) continue;
        append_json_key(out, key);
        append_json_string(out, std::string_view(value).substr(0, text_max));
    }
    out += '}';
}

void append_call(std::string& out, level l, const call_record& call, std::chrono::microseconds took,
                 wall_time now) {
    append_begin(out, l, "call", now);
    append_text(out, R"(,"request_id":)", call.request_id);
    append_text(out, R"(,"action":)", call.action);
    append_text(out, R"(,"verb":)", call.verb);
    append_number(out, R"(,"status":)", static_cast<std::uint64_t>(call.status));
    if (call.code) append_text(out, R"(,"code":)", facts(*call.code).name);
    if (call.refused_by) append_text(out, R"(,"limit_scope":)", name_of(*call.refused_by));
    append_text(out, R"(,"caller":)", call.caller);
    append_text(out, R"(,"user":)", call.user);
    append_text(out, R"(,"publish_id":)", call.publish_id);
    append_text(out, R"(,"log_id":)", call.log_id);
    append_text(out, R"(,"traceparent":)", call.traceparent);
    append_milliseconds(out, R"(,"duration_ms":)", took);
    if (call.upstream_calls > 0) {
        append_number(out, R"(,"upstream_calls":)", call.upstream_calls);
        append_milliseconds(out, R"(,"upstream_ms":)", call.upstream_time);
    }
    if (call.body_bytes_in > 0) append_number(out, R"(,"bytes_in":)", call.body_bytes_in);
    if (call.body_bytes_out > 0) append_number(out, R"(,"bytes_out":)", call.body_bytes_out);
    if (call.replayed) out += ",\"replayed\":true";
    out += '}';
}

} // namespace gateway::telemetry
