// The process: readiness, drain, signals, and a log whose reader disappears.
#include "harness/flow_test.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <fstream>
#include <future>
#include <sstream>
#include <sys/resource.h>

namespace {

using gateway::milliseconds;
using gateway::seconds;
using testing::HasSubstr;
using testing::Not;

std::string text_of(const std::string& file) {
    std::stringstream all;
    all << std::ifstream(file).rdbuf();
    return all.str();
}

class Operation : public harness::flow_test {
protected:
    void delay_of(milliseconds delay) {
        w.options.variables["TIKTOK_GATEWAY__DRAIN__DELAY_MS"] = std::to_string(delay.count());
    }
    /// A call that takes as long as the simulator delays its answer.
    std::future<harness::answer> slow_call(milliseconds takes) {
        w.connect("user-77");
        w.tiktok().add_fault(
            {{"match", {{"path", "/v2/user/info/"}}}, {"do", {{"delay_ms", takes.count()}}}});
        auto call = std::async(std::launch::async,
                               [client = w.api()] { return client.get("/v1/users/user-77/info"); });
        EXPECT_TRUE(is_in_flight());
        return call;
    }
    bool is_in_flight() {
        const auto until = gateway::steady_now() + seconds{10};
        while (gateway::steady_now() < until)
            if (w.admin().get("/metrics").body.find("tiktok_gateway_requests_in_flight 1\n")
                != std::string::npos)
                return true;
        return false;
    }
    bool tiktok_is_asked(const std::string& path) {
        const auto until = gateway::steady_now() + seconds{10};
        while (gateway::steady_now() < until)
            if (w.tiktok().control().get("/history").body.find(path) != std::string::npos) return true;
        return false;
    }
    /// The upload's bytes are sent; only TikTok's answer is missing.
    bool bytes_are_sent() {
        const auto until = gateway::steady_now() + seconds{10};
        const std::string none = "tiktok_gateway_upload_bytes_total{direction=\"out\"} 0\n";
        while (gateway::steady_now() < until)
            if (w.admin().get("/metrics").body.find(none) == std::string::npos) return true;
        return false;
    }
    static std::string an_mp4_of(std::size_t bytes) {
        std::string video(
            "\0\0\0\x18"
            "ftypmp42",
            12);
        video.resize(bytes);
        return video;
    }
    bool becomes_not_ready() {
        const auto until = gateway::steady_now() + seconds{10};
        while (gateway::steady_now() < until)
            if (w.admin().get("/readyz").status == 503) return true;
        return false;
    }
};

TEST_F(Operation, TheFirstLineTellsTheRealPorts) {
    const auto& said = w.gateway().process().output();
    const std::string expected =
        "{\"event\":\"listening\",\"api\":\"http://127.0.0.1:" + std::to_string(w.gateway().port())
        + "\",\"admin\":\"http://127.0.0.1:" + std::to_string(w.gateway().admin_port()) + "\"}\n";
    EXPECT_EQ(said.substr(0, said.find('\n') + 1), expected);
}

TEST_F(Operation, P01ACallInFlightIsFinishedAndTheProcessEndsWhenNothingIsLeft) {
    auto call = slow_call(milliseconds{1500});
    const auto began = gateway::steady_now();
    w.gateway().process().signal(SIGTERM);
    const auto got = call.get();
    EXPECT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(w.gateway().process().wait(seconds{10}), 0);
    EXPECT_LT(gateway::steady_now() - began, seconds{8});
}

TEST_F(Operation, K02AfterSigtermNewCallsAreServedUntilTheDelayIsOver) {
    delay_of(seconds{2});
    EXPECT_EQ(w.admin().get("/readyz").status, 200);
    w.gateway().process().signal(SIGTERM);
    EXPECT_TRUE(becomes_not_ready());
    EXPECT_EQ(w.admin().get("/healthz").status, 200);
    const auto got = w.api().get("/v1/users", {{"Connection", "keep-alive"}});
    EXPECT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(got.header("connection"), "close");
    EXPECT_EQ(w.gateway().process().wait(seconds{10}), 0);
}

TEST_F(Operation, P02ASecondSigtermShortensTheDelay) {
    delay_of(seconds{30});
    EXPECT_EQ(w.admin().get("/readyz").status, 200);
    w.gateway().process().signal(SIGTERM);
    EXPECT_TRUE(becomes_not_ready());
    w.gateway().process().signal(SIGTERM);
    EXPECT_EQ(w.gateway().process().wait(seconds{15}), 0);
}

TEST_F(Operation, P01AtTheDrainDeadlineWhatIsLeftIsCut) {
    w.options.variables["TIKTOK_GATEWAY__DRAIN__DEADLINE_MS"] = "500";
    auto call = slow_call(seconds{8});
    w.gateway().process().signal(SIGTERM);
    EXPECT_EQ(w.gateway().process().wait(seconds{7}), 0);
    const auto got = call.get();
    EXPECT_EQ(got.status, 503) << got.raw;
    EXPECT_EQ(got.code(), "draining");
    EXPECT_FALSE(got.header("retry-after").empty());
}

TEST_F(Operation, P01AnUploadAtTheDrainDeadlineIsToldSoAndItsKeyIsFree) {
    w.options.variables["TIKTOK_GATEWAY__DRAIN__DEADLINE_MS"] = "500";
    w.connect("user-77");
    const std::string video = an_mp4_of(300'000);
    const std::string head =
        "POST /v1/users/user-77/videos HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + w.caller_key()
        + "\r\nIdempotency-Key: once\r\nContent-Type: video/mp4\r\nContent-Length: "
        + std::to_string(video.size()) + "\r\n\r\n";
    harness::raw_socket client(w.gateway().port());
    client.send(head + video.substr(0, 100'000));
    EXPECT_TRUE(tiktok_is_asked("/v2/post/publish/inbox/video/init/"));
    w.gateway().process().signal(SIGTERM);
    const auto cut = harness::parse_answer(client.receive_answer());
    EXPECT_EQ(cut.status, 503) << cut.raw;
    EXPECT_EQ(cut.code(), "draining");
    EXPECT_EQ(cut.header("x-should-retry"), "");
    EXPECT_EQ(w.gateway().process().wait(seconds{10}), 0);
    w.stop_gateway();
    const auto again = w.api().call("POST", "/v1/users/user-77/videos",
                                    {{"Content-Type", "video/mp4"}, {"Idempotency-Key", "once"}}, video);
    EXPECT_EQ(again.status, 200) << again.raw;
    EXPECT_EQ(again.header("idempotent-replayed"), "");
}

TEST_F(Operation, P01AWriteWhoseAnswerTheDrainCannotAwaitIsWrittenDownBeforeTheEnd) {
    w.options.variables["TIKTOK_GATEWAY__DRAIN__DEADLINE_MS"] = "500";
    w.connect("user-77");
    w.tiktok().add_fault({{"match", {{"listener", "upload"}}}, {"do", {{"hang", true}}}});
    // Else the gateway may learn in the last millisecond of the drain that TikTok has all bytes.
    w.tiktok().add_fault({{"match", {{"path", "/v2/post/publish/status/fetch/"}}}, {"do", {{"hang", true}}}});
    const harness::fields more{{"Content-Type", "video/mp4"}, {"Idempotency-Key", "once"}};
    auto call = std::async(std::launch::async, [client = w.api(), more, video = an_mp4_of(40)] {
        return client.call("POST", "/v1/users/user-77/videos?publish=true", more, video);
    });
    EXPECT_TRUE(tiktok_is_asked("/v2/post/publish/video/init/"));
    EXPECT_TRUE(bytes_are_sent());
    w.gateway().process().signal(SIGTERM);
    EXPECT_EQ(w.gateway().process().wait(seconds{15}), 0);
    const auto got = call.get();
    EXPECT_EQ(got.code(), "outcome_unknown") << got.raw; // TikTok may have all bytes
    EXPECT_EQ(got.header("x-should-retry"), "false");
    w.tiktok().clear_faults();
    w.stop_gateway();
    const auto listed = w.api().get("/v1/users/user-77/posts");
    EXPECT_EQ(listed.text_at("data.posts.0.state"), "processing") << listed.raw;
    const auto replayed = w.api().call("POST", "/v1/users/user-77/videos?publish=true", more, an_mp4_of(40));
    EXPECT_EQ(replayed.code(), "outcome_unknown") << replayed.raw;
    EXPECT_EQ(replayed.header("idempotent-replayed"), "true");
}

TEST_F(Operation, P02NoSignalCutsARefreshThatIsInFlight) {
    w.connect("user-77");
    w.tiktok().control().post("/tokens/expire", {{"kind", "access"}});
    w.tiktok().add_fault({{"match", {{"path", "/v2/oauth/token/"}}}, {"do", {{"delay_ms", 4000}}}});
    auto call =
        std::async(std::launch::async, [client = w.api()] { return client.get("/v1/users/user-77/info"); });
    EXPECT_TRUE(tiktok_is_asked("/v2/oauth/token/"));
    const auto began = gateway::steady_now();
    for (int i = 0; i < 3; ++i)
        w.gateway().process().signal(SIGTERM);
    EXPECT_EQ(w.gateway().process().wait(seconds{20}), 0);
    EXPECT_GT(gateway::steady_now() - began, seconds{3}) << "the refresh was not waited for";
    call.get(); // its answer does not matter, only the new pair
    w.stop_gateway();
    // The simulator rotates strictly: if the answer had been lost, the old refresh token would be refused
    // now.
    EXPECT_EQ(w.api().get("/v1/users/user-77/info").status, 200);
    EXPECT_EQ(w.api().get("/v1/users/user-77").text_at("data.state"), "connected");
}

TEST_F(Operation, IdleConnectionsDoNotHoldUpTheEnd) {
    harness::raw_socket idle(w.gateway().port(), w.heard());
    harness::raw_socket used(w.gateway().port(), w.heard());
    used.send("GET /v1/users HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + w.caller_key()
              + "\r\n\r\n");
    EXPECT_THAT(used.receive_answer(), HasSubstr("200"));
    const auto began = gateway::steady_now();
    EXPECT_EQ(w.stop_gateway(), 0);
    EXPECT_LT(gateway::steady_now() - began, seconds{5});
}

TEST_F(Operation, V02AfterAnIoErrorOfTheStoreTheProcessEndsToBeStartedFromTheLog) {
    w.connect("user-77");
    // From now on no file of the process can grow, so writes fail as on a broken disk.
    const rlimit nothing{0, RLIM_INFINITY};
    ASSERT_EQ(prlimit(w.gateway().process().pid(), RLIMIT_FSIZE, &nothing, nullptr), 0);
    EXPECT_THROW(w.connect("user-78"), std::runtime_error);
    EXPECT_EQ(w.gateway().process().wait(seconds{20}), 1);
    EXPECT_THAT(w.everything_said(),
                AllOf(HasSubstr(R"("event":"store_beyond_help","reason":"sqlite:)"),
                      HasSubstr("gateway.db: disk I/O error"), HasSubstr("look at the disk")));
    w.stop_gateway();
    EXPECT_EQ(w.api().get("/v1/users/user-77/info").status, 200);
    EXPECT_EQ(w.api().get("/v1/users/user-78").status, 404);
}

TEST_F(Operation, G08TheServiceGoesOnWhenNobodyReadsItsLog) {
    w.connect("user-77");
    w.gateway().process().close_output();
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(w.api().get("/v1/users/user-77/info").status, 200);
    const auto until = gateway::steady_now() + seconds{10};
    std::string metrics;
    do
        metrics = w.admin().get("/metrics").body;
    while (metrics.find("tiktok_gateway_log_lines_dropped_total 0\n") != std::string::npos
           && gateway::steady_now() < until);
    EXPECT_THAT(metrics, Not(HasSubstr("tiktok_gateway_log_lines_dropped_total 0\n")));
    EXPECT_EQ(w.stop_gateway(), 0);
}

TEST_F(Operation, P10NoCoreCanBeDumped) {
    const std::string of_process = "/proc/" + std::to_string(w.gateway().process().pid());
    std::stringstream limits(text_of(of_process + "/limits"));
    for (std::string line; std::getline(limits, line);) {
        if (line.starts_with("Max core file size")) {
            EXPECT_THAT(line, testing::ContainsRegex("Max core file size +0 +0"));
        }
    }
    w.gateway().process().signal(SIGABRT);
    EXPECT_EQ(w.gateway().process().wait(seconds{10}), 128 + SIGABRT);
    EXPECT_FALSE(w.gateway().process().dumped_core());
}

TEST_F(Operation, G05NothingACallerSendsBecomesALabel) {
    const auto client = w.api();
    for (int i = 0; i < 20; ++i) {
        const std::string odd = "odd-" + std::to_string(i);
        client.get("/" + odd);
        client.get("/v1/users/" + odd + "/info");
        client.call("BREW", "/v1/users");
    }
    EXPECT_THAT(w.admin().get("/metrics").body, Not(HasSubstr("odd-")));
}

TEST_F(Operation, G06AnOddRequestStaysOneLogLine) {
    w.api().get("/v1/users/a%0Ab%1b%5B2J/info", {{"X-Request-Id", "odd\" id"}, {"traceparent", "x\ty"}});
    EXPECT_EQ(w.stop_gateway(), 0);
    std::stringstream lines(w.everything_said());
    int calls = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.find("\"event\":\"call\"") == std::string::npos) continue;
        ++calls;
        const harness::answer as_answer{200, {}, line, line};
        EXPECT_TRUE(as_answer.json().is_object()) << line;
        EXPECT_THAT(line, Not(HasSubstr("\x1b")));
    }
    EXPECT_EQ(calls, 1);
}

TEST_F(Operation, G07AdminIsNotOnTheApiListener) {
    for (const auto* path : {"/metrics", "/healthz", "/readyz"})
        EXPECT_EQ(w.api().get(path).status, 404) << path;
}

} // namespace
