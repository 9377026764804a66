#include "telemetry/log_line.hpp"

#include "base/json_write.hpp"

namespace gateway::telemetry {

namespace {

/// Longest text that is repeated in a log line; callers choose some of them.
constexpr std::size_t text_max = 256;

void append_text(std::string& out, std::string_view key, std::string_view text) {
    if (text.empty()) return;
    append_json_key(out, key);
    append_json_string(out, text.substr(0, text_max));
}

void append_number(std::string& out, std::string_view key, std::uint64_t number) {
    append_json_key(out, key);
    append_json_number(out, static_cast<std::int64_t>(number));
}

/// Milliseconds with three decimals, without a detour through double.
void append_milliseconds(std::string& out, std::string_view key, std::chrono::microseconds time) {
    const auto micro = time.count() < 0 ? 0 : time.count();
    append_json_key(out, key);
    append_json_number(out, micro / 1000);
    const std::string part = std::to_string(micro % 1000);
    out.append(".").append(3 - part.size(), '0').append(part);
}

/// `{"time":"2026-11-23T16:18:36.042Z","level":"info","event":"call"`
void append_begin(std::string& out, level l, std::string_view event, wall_time now) {
    std::string time = rfc3339(now);
    const std::string part = std::to_string(((unix_ms(now) % 1000) + 1000) % 1000);
    time.pop_back();
    time.append(".").append(3 - part.size(), '0').append(part).append("Z");
    out += '{';
    append_text(out, "time", time);
    append_text(out, "level", name_of(l));
    append_text(out, "event", event);
}

} // namespace

void append_event(std::string& out, level l, std::string_view event, const std::vector<member>& members,
                  wall_time now) {
    append_begin(out, l, event, now);
    for (const auto& [key, value] : members)
        append_text(out, key, value);
    out += '}';
}

void append_call(std::string& out, level l, const call_record& call, std::chrono::microseconds took,
                 wall_time now) {
    append_begin(out, l, "call", now);
    append_text(out, "request_id", call.request_id);
    append_text(out, "action", call.action);
    append_text(out, "verb", call.verb);
    append_number(out, "status", static_cast<std::uint64_t>(call.status));
    if (call.code) append_text(out, "code", facts(*call.code).name);
    if (call.refused_by) append_text(out, "limit_scope", name_of(*call.refused_by));
    append_text(out, "caller", call.caller);
    append_text(out, "user", call.user);
    append_text(out, "publish_id", call.publish_id);
    append_text(out, "log_id", call.log_id);
    append_text(out, "traceparent", call.traceparent);
    append_milliseconds(out, "duration_ms", took);
    if (call.upstream_calls > 0) {
        append_number(out, "upstream_calls", call.upstream_calls);
        append_milliseconds(out, "upstream_ms", call.upstream_time);
    }
    if (call.body_bytes_in > 0) append_number(out, "bytes_in", call.body_bytes_in);
    if (call.body_bytes_out > 0) append_number(out, "bytes_out", call.body_bytes_out);
    if (call.replayed) out += ",\"replayed\":true";
    out += '}';
}

} // namespace gateway::telemetry
