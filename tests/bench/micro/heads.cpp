// The cost of a header block, of a request and of TikTok's answer.
#include "http/header_finder.hpp"
#include "http/strict_gate.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace gateway::http {
namespace {

const std::string typical =
    "GET /v1/users/user-0000042/info?fields=open_id,display_name HTTP/1.1\r\n"
    "Host: gateway.internal:8080\r\n"
    "User-Agent: python-httpx/0.27.2\r\n"
    "Accept: application/json\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "Connection: keep-alive\r\n"
    "Authorization: Bearer gk_7yWc0dQ4mVJt2rUeXn5bKs8pLz1aHf6GoI3\r\n"
    "X-Request-Id: 01JDQ3V6E5Y4K8T1M2N7P9R0SA\r\n"
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n";

/// The largest number of fields, and nearly the largest size.
std::string large() {
    std::string block = typical.substr(0, typical.size() - 2);
    for (std::size_t i = 8; i < max_fields; ++i)
        block += "X-Forwarded-Detail-" + std::to_string(i) + ": " + std::string(140, 'v') + "\r\n";
    return block + "\r\n";
}

const std::string answer =
    "HTTP/1.1 200 OK\r\n"
    "Server: nginx\r\n"
    "Content-Type: application/json; charset=utf-8\r\n"
    "Content-Length: 370\r\n"
    "Date: Mon, 23 Nov 2026 16:18:36 GMT\r\n"
    "X-Tt-Logid: 2024091203141592653589793238462643\r\n"
    "X-Tt-Trace-Host: 01a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f80\r\n"
    "Cache-Control: no-store\r\n"
    "Connection: keep-alive\r\n\r\n";

void judge_request(benchmark::State& state, const std::string& block) {
    if (!validate_head(block)) return state.SkipWithError("the gate refuses the request");
    for (auto _ : state)
        benchmark::DoNotOptimize(validate_head(block));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(block.size()));
}
BENCHMARK_CAPTURE(judge_request, typical, typical);
BENCHMARK_CAPTURE(judge_request, large, large());

void judge_answer(benchmark::State& state) {
    if (!validate_response_head(answer)) return state.SkipWithError("the gate refuses the answer");
    for (auto _ : state)
        benchmark::DoNotOptimize(validate_response_head(answer));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(answer.size()));
}
BENCHMARK(judge_answer);

/// The block arrives `piece` bytes at a time; the length that is found, or 0.
std::size_t found_in_pieces(std::string_view block, std::size_t piece) {
    header_finder finder;
    for (std::size_t received = piece;; received += piece) {
        const auto end = finder.look(block.substr(0, received));
        if (!end) return 0;
        if (*end != 0 || received >= block.size()) return *end;
    }
}

void find_head(benchmark::State& state, const std::string& block, std::size_t piece) {
    if (found_in_pieces(block, piece) != block.size()) return state.SkipWithError("the end is not found");
    for (auto _ : state)
        benchmark::DoNotOptimize(found_in_pieces(block, piece));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(block.size()));
}
BENCHMARK_CAPTURE(find_head, typical, typical, typical.size());
BENCHMARK_CAPTURE(find_head, typical_by_64_bytes, typical, 64);
BENCHMARK_CAPTURE(find_head, large, large(), max_header_bytes);
BENCHMARK_CAPTURE(find_head, large_by_64_bytes, large(), 64);

} // namespace
} // namespace gateway::http
