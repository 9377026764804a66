#include "telemetry/log_line.hpp"

#include "base/append.hpp"
#include "base/digits.hpp"
#include "base/json/write.hpp"

#include <algorithm>

namespace gateway::telemetry {

namespace {

/// The longest text copied into a log line; some of these texts are chosen by callers.
constexpr std::size_t text_max = 256;

/// `key` is written as given, so it includes the comma before it and the colon after it.
void put_text(string_appender& out, std::string_view key, std::string_view text) {
    if (text.empty()) return;
    out.put(key);
    put_json_string(out, text.substr(0, text_max));
}

/// A name from the code, which needs no escaping.
void put_name(string_appender& out, std::string_view key, std::string_view name) {
    out.put(key, "\"", name, "\"");
}

void put_number(string_appender& out, std::string_view key, std::uint64_t number) {
    out.put(key, number_text(number));
}

/// Milliseconds with three decimals, formatted without floating point.
void put_milliseconds(string_appender& out, std::string_view key, std::chrono::microseconds time) {
    const auto micro = static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.count()));
    const auto rest = static_cast<unsigned>(micro % 1000);
    out.put(key, number_text(micro / 1000), ".", padded_digits<3>(rest));
}

/// `{"time":"2026-11-23T16:18:36.042Z","level":"info","event":`
void put_begin(string_appender& out, level l, wall_time now) {
    const rfc3339_text time(now);
    const auto to_the_second = std::string_view(time).substr(0, std::string_view(time).size() - 1);
    const auto rest = static_cast<unsigned>(((unix_ms(now) % 1000) + 1000) % 1000);
    out.put(R"({"time":")", to_the_second, ".", padded_digits<3>(rest), R"(Z","level":")", name_of(l),
            R"(","event":)");
}

} // namespace

void append_event(std::string& out, level l, std::string_view event, const std::vector<member>& members,
                  wall_time now) {
    string_appender line(out);
    put_begin(line, l, now);
    put_json_string(line, event);
    for (const auto& [key, value] : members) {
        if (value.empty()) continue;
        line.put(",");
        put_json_string(line, key);
        line.put(":");
        put_json_string(line, std::string_view(value).substr(0, text_max));
    }
    line.put("}");
}

void append_call(std::string& out, level l, const call_record& call, std::chrono::microseconds took,
                 wall_time now) {
    string_appender line(out);
    put_begin(line, l, now);
    line.put(R"("call")");
    put_text(line, R"(,"request_id":)", call.request_id);
    put_name(line, R"(,"action":)", call.action);
    put_name(line, R"(,"verb":)", call.verb);
    line.put(R"(,"status":)", number_text::of(call.status));
    if (call.code) put_name(line, R"(,"code":)", facts(*call.code).name);
    if (call.refused_by) put_name(line, R"(,"limit_scope":)", name_of(*call.refused_by));
    put_text(line, R"(,"path":)", call.path);
    put_text(line, R"(,"caller":)", call.caller);
    put_text(line, R"(,"user":)", call.user);
    put_text(line, R"(,"publish_id":)", call.publish_id);
    put_text(line, R"(,"tiktok_code":)", call.tiktok_code);
    put_text(line, R"(,"log_id":)", call.log_id);
    put_text(line, R"(,"note":)", call.note);
    put_text(line, R"(,"traceparent":)", call.traceparent);
    if (!call.peer.empty()) put_name(line, R"(,"peer":)", call.peer);
    put_milliseconds(line, R"(,"duration_ms":)", took);
    if (call.waited > milliseconds{0}) put_milliseconds(line, R"(,"waited_ms":)", call.waited);
    if (call.upstream_calls > 0) {
        put_number(line, R"(,"upstream_calls":)", call.upstream_calls);
        put_milliseconds(line, R"(,"upstream_ms":)", call.upstream_time);
    }
    if (call.body_bytes_in > 0) put_number(line, R"(,"bytes_in":)", call.body_bytes_in);
    if (call.body_bytes_out > 0) put_number(line, R"(,"bytes_out":)", call.body_bytes_out);
    if (call.replayed) line.put(R"(,"replayed":true)");
    line.put("}");
}

} // namespace gateway::telemetry
