// TikTok's windows: checked before the call, refused with the time to wait (docs/contract.md §7).
#include "flow/action_test.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace {

class Windows : public action_test {
protected:
    Windows() { w.options.settings.clear(); } // TikTok's real limits

    harness::answer draft() { return upload("ann", mp4(40), "keep=false"); }
};

TEST_F(Windows, L07TheSeventhUploadInAMinuteNeverReachesTikTok) {
    w.simulator_settings = wide_tiktok;
    w.connect("ann");
    w.connect("ben", {{"account", "bob"}});
    for (int i = 0; i < 6; ++i) {
        const auto got = draft();
        ASSERT_EQ(got.status, 200) << got.raw;
        EXPECT_THAT(got.header("ratelimit"),
                    testing::HasSubstr("\"tiktok_user\";r=" + std::to_string(5 - i)));
    }
    const auto refused = draft();
    EXPECT_EQ(refused.status, 429) << refused.raw;
    EXPECT_EQ(refused.code(), "rate_limited");
    EXPECT_EQ(refused.text_at("problem.limit_scope"), "tiktok_user");
    EXPECT_GT(refused.at("problem.retry_after_ms").as_int64(), 40'000);
    EXPECT_LE(refused.at("problem.retry_after_ms").as_int64(), 60'000);
    EXPECT_FALSE(refused.header("retry-after").empty());
    EXPECT_THAT(refused.text_at("error"), testing::HasSubstr("6 uploads a minute"));
    EXPECT_EQ(calls_of("/v2/post/publish/inbox/video/init/"), 6U);
    EXPECT_EQ(upload("ben", mp4(40), "keep=false").status, 200); // each user has a separate window
}

TEST_F(Windows, L06AStartForgetsNoUploadOfTheLastMinute) {
    w.simulator_settings = wide_tiktok;
    w.connect("ann");
    for (int i = 0; i < 6; ++i)
        ASSERT_EQ(draft().status, 200);
    for (const int how : {SIGKILL, SIGTERM}) {
        w.stop_gateway(how);
        const auto refused = draft();
        EXPECT_EQ(refused.status, 429) << refused.raw;
        EXPECT_EQ(refused.text_at("problem.limit_scope"), "tiktok_user");
        EXPECT_GT(refused.at("problem.retry_after_ms").as_int64(), 20'000);
        EXPECT_LE(refused.at("problem.retry_after_ms").as_int64(), 60'000);
    }
    EXPECT_EQ(calls_of("/v2/post/publish/inbox/video/init/"), 6U);
}

TEST_F(Windows, U07ARefusalByTikTokClosesTheWindowForAsLongAsItSays) {
    w.connect("ann");
    w.tiktok().add_fault({{"match", {{"path", "/v2/post/publish/inbox/video/init/"}}},
                          {"do",
                           {{"apply", false},
                            {"status", 429},
                            {"headers", {{"Retry-After", "7"}}},
                            {"body", {{"error", {{"code", "rate_limit_exceeded"}, {"message", ""}}}}}}}});
    for (int i = 0; i < 2; ++i) {
        const auto refused = draft();
        EXPECT_EQ(refused.status, 429) << refused.raw;
        EXPECT_EQ(refused.text_at("problem.limit_scope"), "tiktok_user");
        EXPECT_LE(refused.at("problem.retry_after_ms").as_int64(), 7'000);
        EXPECT_GT(refused.at("problem.retry_after_ms").as_int64(), 4'000);
    }
    EXPECT_EQ(calls_of("/v2/post/publish/inbox/video/init/"), 1U);
}

TEST_F(Windows, U07SaysWhoseLimitTikTokMeans) {
    w.options.settings = "limits: {tiktok: {user_info_per_minute: 10}}\n";
    w.simulator_settings =
        "limits: {display_per_minute: 12}\n"; // of the app, as docs/tiktok-wire.md W1 has it
    // Each import is a profile read, too.
    w.connect("ann");
    w.connect("ben", {{"account", "bob"}});
    for (int i = 0; i < 9; ++i)
        EXPECT_EQ(w.api().get("/v1/users/ann/info").status, 200);
    EXPECT_EQ(w.api().get("/v1/users/ben/info").status, 200);
    const auto own = w.api().get("/v1/users/ann/info");
    EXPECT_EQ(own.text_at("problem.limit_scope"), "tiktok_user") << own.raw;
    const auto of_all = w.api().get("/v1/users/ben/info", {{"X-Request-Timeout", "2"}});
    EXPECT_EQ(of_all.status, 429);
    EXPECT_EQ(of_all.text_at("problem.limit_scope"), "tiktok_app") << of_all.raw;
    EXPECT_EQ(of_all.text_at("problem.tiktok.code"), "rate_limit_exceeded");
}

TEST_F(Windows, U07AReadWaitsForAShortRetryAfterInsideItsDeadline) {
    w.connect("ann");
    w.tiktok().add_fault({{"match", {{"path", "/v2/user/info/"}}},
                          {"do",
                           {{"apply", false},
                            {"status", 429},
                            {"headers", {{"Retry-After", "1"}}},
                            {"body", {{"error", {{"code", "rate_limit_exceeded"}, {"message", ""}}}}}}}});
    const auto began = gateway::steady_now();
    const auto got = w.api().get("/v1/users/ann/info");
    EXPECT_EQ(got.status, 200) << got.raw;
    EXPECT_GE(gateway::steady_now() - began, gateway::milliseconds{950});
    EXPECT_EQ(calls_of("/v2/user/info/"), 3U) << "with the one of the import";
}

TEST_F(Windows, U02AReadSurvivesOneFaultOfTikTok) {
    w.connect("ann");
    for (const boost::json::object& what :
         {boost::json::object{{"apply", false}, {"status", 503}, {"body", ""}},
          boost::json::object{{"reset_before_answer", true}},
          boost::json::object{{"truncate_at_byte", 60}}}) {
        w.tiktok().add_fault({{"match", {{"path", "/v2/user/info/"}}}, {"do", what}});
        EXPECT_EQ(w.api().get("/v1/users/ann/info").status, 200);
        w.tiktok().clear_faults();
    }
}

TEST_F(Windows, T18ATokenThatTikTokDoesNotKnowYetIsWaitedFor) {
    w.simulator_settings = "switches: {rotation: lag}\ntiming: {lag_ms: 1200}\n";
    w.connect("ann");
    w.tiktok().control().post("/tokens/expire",
                              boost::json::object{{"account", "alice"}, {"kind", "access"}});
    const auto got = w.api().get("/v1/users/ann/info");
    EXPECT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(calls_of("/v2/oauth/token/"), 1U);
    EXPECT_EQ(w.api().get("/v1/users/ann").text_at("data.state"), "connected");
}

TEST_F(Windows, T18ATokenThatTikTokRefusesIsRefreshedOnceAndUsed) {
    w.connect("ann");
    ASSERT_EQ(w.api().get("/v1/users/ann/info").status, 200);
    w.tiktok().control().post("/tokens/expire",
                              boost::json::object{{"account", "alice"}, {"kind", "access"}});
    EXPECT_EQ(w.api().get("/v1/users/ann/info").status, 200);
    EXPECT_EQ(calls_of("/v2/oauth/token/"), 1U);
}

} // namespace
