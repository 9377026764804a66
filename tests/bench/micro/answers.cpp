// The cost of passing TikTok's answer on: one scan, one copy.
#include "bench/micro/answers.hpp"

#include "base/json/patch.hpp"
#include "base/json/scan.hpp"
#include "pipeline/pipeline.hpp"

#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

namespace gateway::micro {
namespace {

constexpr std::string_view cursors[] = {"cursor"};
constexpr std::string_view post_ids[] = {"publicaly_available_post_id", "publicly_available_post_id"};
constexpr std::string_view our_members[] = {"publish_id", "state"};
constexpr json_patch_rules of_pages{.stringify = cursors, .stringify_list = {}, .drop = {}};
constexpr json_patch_rules of_posts{.stringify = {}, .stringify_list = post_ids, .drop = our_members};

void scan(benchmark::State& state, const std::string& text) {
    const auto scanned = scan_answer(text);
    if (!scanned || !scanned->error_is_ok() || !scanned->data_is_object())
        return state.SkipWithError("the scan refuses the answer");
    for (auto _ : state)
        benchmark::DoNotOptimize(scan_answer(text));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK_CAPTURE(scan, user_info, user_info);
BENCHMARK_CAPTURE(scan, post_status, post_status);
BENCHMARK_CAPTURE(scan, video_list, video_list());

void patch(benchmark::State& state, const std::string& text, const json_patch_rules& rules,
           const std::string& wanted) {
    const auto scanned = scan_answer(text);
    std::string out;
    if (scanned) append_patched(out, scanned->data, rules);
    if (out.find(wanted) == std::string::npos) return state.SkipWithError("nothing was patched");
    for (auto _ : state) {
        out.clear();
        append_patched(out, scanned->data, rules);
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(scanned->data.size()));
}
BENCHMARK_CAPTURE(patch, post_status, post_status, of_posts, R"(post_id":["7412345678901234567"])");
BENCHMARK_CAPTURE(patch, video_list, video_list(), of_pages, R"("cursor":"1726110855000")");

void envelope(benchmark::State& state, const std::string& text, const json_patch_rules& rules,
              const std::string& extra) {
    const auto scanned = scan_answer(text);
    if (!scanned) return state.SkipWithError("the scan refuses the answer");
    tiktok::document from{.bytes = wiped_text(text)};
    from.data_at = static_cast<std::size_t>(scanned->data.data() - text.data());
    from.data_size = scanned->data.size();
    from.may_name_credentials = scanned->may_name_credentials;
    const api::outcome what = api::answer{api::passed_through{.from = std::move(from),
                                                              .as_strings = rules.stringify,
                                                              .as_string_lists = rules.stringify_list,
                                                              .without = rules.drop,
                                                              .extra = worker_string(extra)}};
    std::string out;
    if (api::write_envelope(out, what, "01JDREQUEST") != 200 || !scan_answer(out))
        return state.SkipWithError("the envelope is not sound");
    for (auto _ : state) {
        out.clear();
        benchmark::DoNotOptimize(api::write_envelope(out, what, "01JDREQUEST"));
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }
}
BENCHMARK_CAPTURE(envelope, user_info, user_info, json_patch_rules{}, "");
BENCHMARK_CAPTURE(envelope, post_status, post_status, of_posts,
                  R"("publish_id":"v_pub_url~v2.1","state":"published")");
BENCHMARK_CAPTURE(envelope, video_list, video_list(), of_pages, "");

} // namespace
} // namespace gateway::micro
