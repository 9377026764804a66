#include "telemetry/log_line.hpp"

#include "base/append.hpp"
#include "base/digits.hpp"
#include "base/json_write.hpp"

#include <algorithm>

namespace gateway::telemetry {

namespace {

/// Longest text that is repeated in a log line; callers choose some of them.
constexpr std::size_t text_max = 256;

/// `.042`
class thousandths {
public:
    explicit thousandths(unsigned number)
        : text_{'.', digit(number / 100), digit(number / 10), digit(number)} {}
    operator std::string_view() const { return {text_, sizeof text_}; }

private:
    static char digit(unsigned number) { return static_cast<char>('0' + number % 10); }
    char text_[4];
};

/// `key` comes as it is written, with the comma before and the colon after it.
void append_text(std::string& out, std::string_view key, std::string_view text) {
    if (text.empty()) return;
    out.append(key);
    append_json_string(out, text.substr(0, text_max));
}

void append_number(std::string& out, std::string_view key, std::uint64_t number) {
    append_all(out, key, number_text(number));
}

/// Milliseconds with three decimals, without a detour through double.
void append_milliseconds(std::string& out, std::string_view key, std::chrono::microseconds time) {
    const auto micro = static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.count()));
    const auto rest = static_cast<unsigned>(micro % 1000);
    append_all(out, key, number_text(micro / 1000), thousandths(rest));
}

/// `{"time":"2026-11-23T16:18:36.042Z","level":"info","event":`
void append_begin(std::string& out, level l, wall_time now) {
    out.append(R"({"time":")");
    append_rfc3339(out, now);
    out.pop_back(); // the Z
    const auto rest = static_cast<unsigned>(((unix_ms(now) % 1000) + 1000) % 1000);
    append_all(out, thousandths(rest), R"(Z","level":")", name_of(l), R"(","event":)");
}

} // namespace

void append_event(std::string& out, level l, std::string_view event, const std::vector<member>& members,
                  wall_time now) {
    append_begin(out, l, now);
    append_json_string(out, event);
    for (const auto& [key, value] : members) {
        if (value.empty()) continue;
        append_json_key(out, key);
        append_json_string(out, std::string_view(value).substr(0, text_max));
    }
    out += '}';
}

void append_call(std::string& out, level l, const call_record& call, std::chrono::microseconds took,
                 wall_time now) {
    append_begin(out, l, now);
    out.append(R"("call")");
    append_text(out, R"(,"request_id":)", call.request_id);
    append_text(out, R"(,"action":)", call.action);
    append_text(out, R"(,"verb":)", call.verb);
    append_all(out, R"(,"status":)", number_text::of(call.status));
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
