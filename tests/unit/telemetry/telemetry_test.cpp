#include "telemetry/sink.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <thread>
#include <unistd.h>

namespace gateway::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A pipe whose reading end the test holds.
struct pipe_pair {
    int ends[2] = {-1, -1};
    pipe_pair() {
        if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    }
    ~pipe_pair() {
        close_reader();
        ::close(ends[1]);
    }
    int writer() const { return ends[1]; }
    void close_reader() {
        if (ends[0] >= 0) ::close(ends[0]);
        ends[0] = -1;
    }
    std::string read_some() const {
        std::string text(65536, '\0');
        const auto got = ::read(ends[0], text.data(), text.size());
        text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        return text;
    }
};

label_sets labels() {
    return {{"TIKTOK_LIST_VIDEOS", "TIKTOK_UPLOAD_VIDEO"}, {"video_list", "upload"}, {"refreshed", "lost"}};
}

TEST(CallRecord, L09AuditIACallWithoutAKeyIsNoWorkOfTheGateways) {
    call_record call;
    call.begin(steady_now(), wall_now());
    EXPECT_NE(call.by, sharer::gateway) << "a line of a caller who has no share would never be refused";
    EXPECT_EQ(call.by, sharer_of({}));
}

call_record sample_call() {
    call_record call;
    call.request_id = "01JD";
    call.action = "TIKTOK_LIST_VIDEOS";
    call.verb = "GET";
    call.caller = "billing";
    call.user = "user-77";
    call.status = 429;
    call.code = errc::rate_limited;
    call.refused_by = limit_scope::caller;
    call.began = steady_time{};
    return call;
}

TEST(Sink, CountsACallByActionAndStatusOverAllWorkers) {
    pipe_pair out;
    log_queue lines(out.writer());
    sink all(labels(), lines, level::info, 2);
    for (unsigned worker : {0U, 1U, 1U})
        all.of_worker(worker).call_ended(sample_call(), steady_time{} + milliseconds{7}, wall_time{});
    const std::string text = all.scrape();
    EXPECT_THAT(text,
                HasSubstr("tiktok_gateway_requests_total{action=\"TIKTOK_LIST_VIDEOS\",status=\"429\"} 3"));
    EXPECT_THAT(
        text,
        HasSubstr(
            "tiktok_gateway_request_duration_seconds_bucket{action=\"TIKTOK_LIST_VIDEOS\",le=\"0.005\"} 0"));
    EXPECT_THAT(
        text,
        HasSubstr(
            "tiktok_gateway_request_duration_seconds_bucket{action=\"TIKTOK_LIST_VIDEOS\",le=\"0.01\"} 3"));
    EXPECT_THAT(
        text, HasSubstr("tiktok_gateway_request_duration_seconds_sum{action=\"TIKTOK_LIST_VIDEOS\"} 0.021"));
    EXPECT_THAT(text,
                HasSubstr("tiktok_gateway_rate_limited_total{limit_scope=\"caller\",endpoint=\"none\"} 3"));
    EXPECT_THAT(text, HasSubstr("tiktok_gateway_build_info{version="));
}

TEST(Sink, G05LabelsStayWithinClosedSetsWhateverComes) {
    pipe_pair out;
    log_queue lines(out.writer());
    sink all(labels(), lines, level::error, 1);
    auto& recorder = all.of_worker(0);
    for (int i = 0; i < 5000; ++i) {
        const std::string odd = "odd_" + std::to_string(i);
        auto call = sample_call();
        call.action = odd;
        call.user = odd;
        call.verb = odd;
        call.status = i;
        recorder.call_ended(call, steady_time{}, wall_time{});
        recorder.upstream_call(odd, odd, milliseconds{1});
        recorder.rate_limited(limit_scope::tiktok_user, odd);
        recorder.post_ended(odd);
        all.refresh_ended(odd, milliseconds{1});
    }
    const std::string text = all.scrape();
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 2000);
    EXPECT_THAT(text, HasSubstr("action=\"NONE\""));
    EXPECT_THAT(text, HasSubstr("outcome=\"other\"} 5000"));
    EXPECT_THAT(text, Not(HasSubstr("odd_4999")));
}

TEST(Sink, FaultABCallsWithoutAKeyHaveFewLinesASecondAndTheRestIsCounted) {
    pipe_pair pipe;
    log_queue lines(pipe.writer());
    sink all(labels(), lines, level::info, 1);
    auto call = sample_call();
    call.status = 401;
    call.code = errc::unauthenticated;
    call.refused_by.reset();
    const steady_time start{std::chrono::hours{1}};
    for (int i = 0; i < 1'000; ++i)
        all.of_worker(0).call_ended(call, start + milliseconds{i / 2}, wall_time{});
    EXPECT_EQ(all.keys_untold(), 995U);
    all.of_worker(0).call_ended(call, start + seconds{1}, wall_time{});
    EXPECT_EQ(all.keys_untold(), 995U) << "another second";
    call.status = 429;
    call.code = errc::rate_limited;
    call.refused_by = limit_scope::address;
    all.of_worker(0).call_ended(call, start + seconds{1}, wall_time{});
    EXPECT_EQ(all.keys_untold(), 996U) << "one that was slowed has no line at all";
    call.refused_by = limit_scope::caller;
    all.of_worker(0).call_ended(call, start + seconds{1}, wall_time{});
    EXPECT_EQ(all.keys_untold(), 996U);
    EXPECT_THAT(
        all.scrape(),
        HasSubstr("tiktok_gateway_rate_limited_total{limit_scope=\"address\",endpoint=\"none\"} 1\n"));
    lines.flush(seconds{5});
    const auto written = pipe.read_some();
    EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 7);
}

TEST(Sink, FaultZConnectionsWithoutRoomHaveFewLinesASecondAndTheRestIsCounted) {
    pipe_pair pipe;
    log_queue lines(pipe.writer());
    sink all(labels(), lines, level::info, 1);
    auto call = sample_call();
    call.action = "NONE";
    call.status = 503;
    call.code = errc::overloaded;
    call.refused_by.reset();
    const steady_time start{std::chrono::hours{1}};
    for (int i = 0; i < 1'000; ++i)
        all.of_worker(0).call_ended(call, start + milliseconds{i / 2}, wall_time{});
    EXPECT_EQ(all.connections_untold(), 995U);
    EXPECT_EQ(all.keys_untold(), 0U);
    call.action = "TIKTOK_LIST_VIDEOS"; // a call that was refused because of load is still logged
    all.of_worker(0).call_ended(call, start, wall_time{});
    EXPECT_EQ(all.connections_untold(), 995U);
    lines.flush(seconds{5});
    const auto written = pipe.read_some();
    EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 6);
}

TEST(Sink, DeathLAnUnknownOutcomeIsAWarningAndOtherConflictsAreNot) {
    pipe_pair pipe;
    log_queue lines(pipe.writer());
    sink all(labels(), lines, level::warn, 1);
    auto call = sample_call();
    call.status = 409;
    for (const auto code : {errc::in_progress, errc::outcome_unknown, errc::not_ready}) {
        call.code = code;
        all.of_worker(0).call_ended(call, steady_time{}, wall_time{});
    }
    lines.flush(seconds{5});
    const auto written = pipe.read_some();
    EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 1);
    EXPECT_THAT(written, HasSubstr("outcome_unknown"));
}

TEST(Sink, ReadsTheFiguresOfOthersAtScrape) {
    pipe_pair out;
    log_queue lines(out.writer());
    sink all(labels(), lines, level::info, 1);
    double lag = 0.5;
    all.add_gauge("event_loop_lag_seconds", "How late.", [&lag] {
        return std::vector<sample>{{{{"worker", "0"}}, lag}};
    });
    EXPECT_THAT(all.scrape(), HasSubstr("tiktok_gateway_event_loop_lag_seconds{worker=\"0\"} 0.5"));
    lag = 2;
    EXPECT_THAT(all.scrape(), HasSubstr("tiktok_gateway_event_loop_lag_seconds{worker=\"0\"} 2"));
}

TEST(LogLine, HoldsTheFactsOfACallAsJson) {
    auto call = sample_call();
    call.log_id = "2022";
    call.upstream_calls = 2;
    call.upstream_time = milliseconds{12};
    std::string line;
    append_call(line, level::info, call, std::chrono::microseconds{1045},
                wall_time{milliseconds{1'000'000'042}});
    const auto parsed = boost::json::parse(line).as_object();
    EXPECT_EQ(parsed.at("time").as_string(), "1970-01-12T13:46:40.042Z");
    EXPECT_EQ(parsed.at("code").as_string(), "rate_limited");
    EXPECT_EQ(parsed.at("limit_scope").as_string(), "caller");
    EXPECT_EQ(parsed.at("status").as_int64(), 429);
    EXPECT_DOUBLE_EQ(parsed.at("duration_ms").as_double(), 1.045);
    EXPECT_DOUBLE_EQ(parsed.at("upstream_ms").as_double(), 12.0);
    EXPECT_EQ(parsed.at("log_id").as_string(), "2022");
}

TEST(LogLine, G06NoValueCanEndALineOrBeginAnother) {
    for (const std::string& odd :
         {std::string("a\nb"), std::string("a\r\n{\"level\":\"error\"}"), std::string("\x1b[2J"),
          std::string("a\0b", 3), std::string("\xff\xfe"), std::string("\\\"")}) {
        auto call = sample_call();
        call.request_id = call.caller = call.user = call.publish_id = call.log_id = call.traceparent = odd;
        call.tiktok_code = call.path = odd;
        std::string line;
        append_call(line, level::info, call, std::chrono::microseconds{1}, wall_time{});
        for (const char letter : line)
            EXPECT_GE(static_cast<unsigned char>(letter), 0x20) << line;
        EXPECT_TRUE(boost::json::parse(line).is_object());
    }
}

TEST(LogLine, DeathLHasTheClientsAddressThePathAndTikToksCode) {
    auto call = sample_call();
    call.peer = "203.0.113.7";
    call.path = "/v1/vidoes";
    call.tiktok_code = "rate_limit_exceeded";
    std::string line;
    append_call(line, level::info, call, std::chrono::microseconds{1}, wall_time{});
    const auto parsed = boost::json::parse(line).as_object();
    EXPECT_EQ(parsed.at("peer").as_string(), "203.0.113.7");
    EXPECT_EQ(parsed.at("path").as_string(), "/v1/vidoes");
    EXPECT_EQ(parsed.at("tiktok_code").as_string(), "rate_limit_exceeded");
    call.begin(steady_now(), wall_now());
    line.clear();
    append_call(line, level::info, call, std::chrono::microseconds{1}, wall_time{});
    for (const char* key : {"peer", "path", "tiktok_code"})
        EXPECT_FALSE(boost::json::parse(line).as_object().contains(key)) << "of the call before";
}

TEST(LogLine, LongTextsAreCut) {
    auto call = sample_call();
    call.user.assign(100'000, 'x');
    std::string line;
    append_call(line, level::info, call, std::chrono::microseconds{1}, wall_time{});
    EXPECT_LT(line.size(), 1000U);
}

TEST(LogQueue, WritesWhatIsPushedInOrder) {
    pipe_pair out;
    {
        log_queue lines(out.writer());
        lines.push("one");
        lines.push("two");
    }
    EXPECT_EQ(out.read_some(), "one\ntwo\n");
}

TEST(LogQueue, G08AStuckReaderCostsLinesAndNoTime) {
    pipe_pair out;
    const auto began = steady_now();
    {
        log_queue lines(out.writer(), nullptr, 200'000);
        for (int i = 0; i < 10'000; ++i)
            lines.push(std::string(100, 'x'));
        EXPECT_GT(lines.dropped_lines(), 5'000U);
    }
    EXPECT_LT(steady_now() - began, seconds{5});
}

TEST(LogQueue, L09AuditIOneCallersLinesLeaveRoomForOthers) {
    pipe_pair out;
    caller_count callers;
    callers.set(2);
    log_queue lines(out.writer(), &callers, 200'000); // nobody reads
    for (int i = 0; i < 20'000; ++i)
        lines.push(std::string(100, 'x'), sharer_of("greedy"));
    const auto before = lines.dropped_lines();
    EXPECT_GT(before, 10'000U);
    for (int i = 0; i < 100; ++i) {
        lines.push(std::string(100, 'y'), sharer_of("quiet"));
        lines.push(std::string(100, 'z'));
    }
    EXPECT_EQ(lines.dropped_lines(), before);
}

TEST(LogQueue, G08AClosedReaderCostsLinesThatAreCounted) {
    auto* const before = std::signal(SIGPIPE, SIG_IGN);
    pipe_pair out;
    out.close_reader();
    log_queue lines(out.writer());
    lines.push("lost");
    lines.flush(seconds{5});
    EXPECT_EQ(lines.dropped_lines(), 1U);
    std::signal(SIGPIPE, before);
}

TEST(LogQueue, LevelsHaveNames) {
    for (const auto one : {level::debug, level::info, level::warn, level::error})
        EXPECT_EQ(level_of(name_of(one)), one);
    EXPECT_EQ(level_of("nonsense"), level::info);
}

} // namespace
} // namespace gateway::telemetry
