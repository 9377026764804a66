// The cost at the two ends of a call: finding the row, and writing the log line.
#include "actions/table.hpp"
#include "inbound/router.hpp"
#include "telemetry/log_line.hpp"

#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

namespace gateway {
namespace {

void find_route(benchmark::State& state, std::string_view path, std::string_view slug) {
    const inbound::router routes(actions::table());
    inbound::route way; // reused, like in a session
    const auto found = routes.find(http::verb::get, path, way);
    if (!found || way.to->slug != slug) return state.SkipWithError("another row is found, or none");
    for (auto _ : state)
        benchmark::DoNotOptimize(routes.find(http::verb::get, path, way));
}
BENCHMARK_CAPTURE(find_route, first_row, "/v1/users/user-0000042/info", "TIKTOK_GET_USER_BASIC_INFO");
BENCHMARK_CAPTURE(find_route, long_user, "/v1/users/5b3f8c1e-5d57-4b1c-9b42-7d1f0a6f2c11/videos",
                  "TIKTOK_LIST_VIDEOS");
BENCHMARK_CAPTURE(find_route, encoded_user, "/v1/users/shop%40example.test/videos", "TIKTOK_LIST_VIDEOS");
BENCHMARK_CAPTURE(find_route, last_row, "/docs/docs.css", "GATEWAY_DOCS");

void log_call(benchmark::State& state) {
    telemetry::call_record call;
    call.request_id = "01JDQ3V6E5Y4K8T1M2N7P9R0SA";
    call.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    call.action = "TIKTOK_GET_USER_BASIC_INFO";
    call.verb = "GET";
    call.caller = "billing";
    call.user = "user-0000042";
    call.log_id = "2024091203141592653589793238462643";
    call.status = 200;
    call.upstream_calls = 1;
    call.upstream_time = milliseconds{123};
    call.body_bytes_out = 401;
    const wall_time now = from_unix_ms(1'795'450'716'042);
    const auto append = [&](std::string& out) {
        append_call(out, telemetry::level::info, call, std::chrono::microseconds{123'456}, now);
    };
    std::string line;
    append(line);
    if (!line.starts_with('{') || line.find(R"("status":200)") == std::string::npos)
        return state.SkipWithError("the line is not sound");
    for (auto _ : state) {
        line.clear();
        append(line);
        benchmark::DoNotOptimize(line.data());
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(line.size()));
}
BENCHMARK(log_call);

} // namespace
} // namespace gateway
