// A connection that dies may have carried its request to TikTok: the call counts in the user's window, and
// whatever is sent again takes another slot (docs/promises.md L07, U02, U04). On both stores.
#include "flow/replicas_test.hpp"

#include <gmock/gmock.h>

namespace {

using testing::HasSubstr;

constexpr const char* info_path = "/v2/user/info/";
constexpr const char* twenty = "limits: {tiktok: {user_info_per_minute: 20}}\n";
constexpr std::size_t window = 20;

void slow_down(harness::world& w, int times) {
    w.tiktok().add_fault({{"match", {{"path", info_path}}}, {"times", times}, {"do", {{"delay_ms", 300}}}});
}
/// TikTok reads the request, counts it, and resets the connection.
void reset_after_request(harness::world& w, const char* path, int times) {
    w.tiktok().add_fault(
        {{"match", {{"path", path}}}, {"times", times}, {"do", {{"reset_before_answer", true}}}});
}

class LostConnections : public action_test {
protected:
    LostConnections() {
        w.options.settings = twenty;
        w.options.variables["TIKTOK_GATEWAY__WORKERS"] = "1"; // one pool of connections
        w.simulator_settings = wide_tiktok;
        w.connect("ann"); // which asks whose the tokens are
    }
    void read_at_once(std::size_t count, int status) {
        std::vector<std::jthread> callers;
        for (std::size_t i = 0; i < count; ++i)
            callers.emplace_back([this, status] {
                const auto got = w.api().get("/v1/users/ann/info");
                if (status != 0) {
                    EXPECT_EQ(got.status, status) << got.raw;
                }
            });
    }
};

TEST_F(LostConnections, L07DeathMWhatIsSentAgainAfterAResetTakesASlot) {
    slow_down(w, 8);
    read_at_once(8, 200); // so there are eight connections to reuse
    w.tiktok().clear_faults();
    reset_after_request(w, info_path, -1);
    read_at_once(20, 0);
    EXPECT_EQ(calls_of(info_path), window) << "all of the window is used, and no more";
    const auto refused = w.api().get("/v1/users/ann/info");
    EXPECT_EQ(refused.status, 429) << refused.raw;
    EXPECT_LE(refused.at("problem.retry_after_ms").as_int64(), 60'000);
}

TEST_F(LostConnections, U04DeathMAReadOnAStaleConnectionIsRepeatedAtOnceAndCountsTwice) {
    ASSERT_THAT(w.api().get("/v1/users/ann/info").header("ratelimit"), HasSubstr("\"tiktok_user\";r=18"));
    reset_after_request(w, info_path, 1);
    const auto got = w.api().get("/v1/users/ann/info");
    EXPECT_EQ(got.status, 200) << got.raw;
    EXPECT_THAT(got.header("ratelimit"), HasSubstr("\"tiktok_user\";r=16"));
    EXPECT_EQ(calls_of(info_path), 4U);
}

TEST_F(LostConnections, U04DeathMAnImportOnAStaleConnectionIsRepeatedAtOnce) {
    ASSERT_EQ(w.api().get("/v1/users/ann/info").status, 200);
    reset_after_request(w, info_path, 1);
    w.connect("ben", {{"account", "bob"}});
    EXPECT_EQ(calls_of(info_path), 4U);
    EXPECT_THAT(w.api().get("/v1/users/ben/info").header("ratelimit"), HasSubstr("\"tiktok_user\";r=17"));
}

TEST_F(LostConnections, I05DeathMAnInitOnAStaleConnectionIsSentOnce) {
    constexpr const char* init = "/v2/post/publish/inbox/video/init/";
    ASSERT_EQ(upload("ann", mp4(40), "keep=false").status, 200);
    reset_after_request(w, init, 1);
    EXPECT_EQ(upload("ann", mp4(40), "keep=false").status, 502);
    EXPECT_EQ(calls_of(init), 2U);
    const auto third = upload("ann", mp4(40), "keep=false");
    EXPECT_THAT(third.header("ratelimit"), HasSubstr("\"tiktok_user\";r=3")) << "the lost one counts";
}

class LostConnectionsOfReplicas : public replicas_test {
protected:
    LostConnectionsOfReplicas() : replicas_test(twenty, wide_tiktok) {}
};

TEST_F(LostConnectionsOfReplicas, L07DeathMWhatIsSentAgainAfterAResetTakesASlot) {
    w.connect("ann");
    const auto read = [](const harness::http_client& api) { return api.get("/v1/users/ann/info"); };
    slow_down(w, 9);
    for (const auto& got : at_once(9, read))
        EXPECT_EQ(got.status, 200) << got.raw;
    w.tiktok().clear_faults();
    reset_after_request(w, info_path, -1);
    at_once(30, read);
    EXPECT_LE(calls_of(info_path), window);
    EXPECT_GE(calls_of(info_path), window / 2);
}

} // namespace
