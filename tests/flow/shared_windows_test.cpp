// Three gateways on one PostgreSQL keep TikTok's limits together (L07): the simulator counts as TikTok does,
// and answers 429 to one call too many. BURSTS_MINUTES makes the test longer.
#include "flow/replicas_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <map>
#include <thread>
#include <vector>

namespace {

using gateway::seconds;
using gateway::steady_now;

class SharedWindows : public replicas_test {
protected:
    /// TikTok's real limits. Posts never end, so TikTok is asked for their status.
    SharedWindows()
        : replicas_test({},
                        "limits: {posts_per_day: 100000, drafts_per_day: 100000}\n"
                        "timing: {pull_start_ms: 3600000}\n") {}

    /// Makes `count` calls at the same time and counts their statuses and codes.
    template <class Call>
    std::map<std::string, int> burst(std::size_t count, Call call) {
        std::map<std::string, int> out;
        for (const auto& one : at_once(count, call))
            ++out[one.status == 200 ? "200" : one.code()];
        return out;
    }
    std::map<std::string, int> burst_of_photos(std::size_t count) {
        return burst(count, [this](const harness::http_client& api) {
            return api.post("/v1/users/ann/photos", photos);
        });
    }
    void expect_no_429_of_tiktoks() {
        const auto history = w.tiktok().history();
        for (const auto& each : history.at("requests").as_array())
            EXPECT_NE(each.at("status").to_number<int>(), 429) << each;
    }

    static constexpr const char* creator_path = "/v2/post/publish/creator_info/query/";
    static constexpr const char* status_path = "/v2/post/publish/status/fetch/";
    const boost::json::value photos{{"photo_images", {"https://media.example.com/1.jpg"}},
                                    {"photo_cover_index", 0},
                                    {"post_mode", "MEDIA_UPLOAD"}};
};

TEST_F(SharedWindows, L07BurstsOverThreeReplicasNeverExceedWhatTikTokAllowsInAMinute) {
    w.connect("ann");
    const auto post = w.api().post("/v1/users/ann/photos", photos);
    ASSERT_EQ(post.status, 200) << post.raw;
    const auto status_of = "/v1/users/ann/posts/" + post.text_at("data.publish_id");
    const char* const asked_for = std::getenv("BURSTS_MINUTES");
    const auto end = steady_now() + std::chrono::minutes{asked_for ? std::atoi(asked_for) : 0};
    do {
        burst_of_photos(100);
        burst(100, [](const harness::http_client& api) { return api.get("/v1/users/ann/creator"); });
        burst(100, [&](const harness::http_client& api) { return api.get(status_of); });
    } while (steady_now() < end);
    expect_no_429_of_tiktoks();
    if (!asked_for) {
        EXPECT_EQ(calls_of(photos_path), 6U) << "all of it is used, and no more";
        EXPECT_EQ(calls_of(creator_path), 20U);
        EXPECT_EQ(calls_of(status_path), 30U);
    }
}

TEST_F(SharedWindows, L07WhatLiesIdleAtOneReplicaIsUsedByAnother) {
    w.connect("ann");
    int posted = 0;
    for (std::size_t i = 0; i < 6; ++i)
        posted += w.api_of(*all[i * i % 3]).post("/v1/users/ann/photos", photos).status == 200;
    EXPECT_EQ(posted, 6);
    for (const auto* one : all) {
        const auto refused = w.api_of(*one).post("/v1/users/ann/photos", photos);
        EXPECT_EQ(refused.status, 429) << refused.raw;
        EXPECT_EQ(refused.text_at("problem.limit_scope"), "tiktok_user");
        EXPECT_GT(refused.at("problem.retry_after_ms").as_int64(), 30'000) << refused.raw;
        EXPECT_LE(refused.at("problem.retry_after_ms").as_int64(), 60'000) << refused.raw;
    }
    EXPECT_EQ(calls_of(photos_path), 6U);
}

TEST_F(SharedWindows, L06ReadsGoOnWithinTheirShareWhileTheStoreIsAway) {
    w.connect("ann");
    for (const auto* one : all)
        ASSERT_EQ(w.api_of(*one).get("/v1/users/ann/info").status, 200);
    server.stop();
    const auto away =
        burst(90, [](const harness::http_client& api) { return api.get("/v1/users/ann/info"); });
    EXPECT_EQ(away.at("200"), 90) << testing::PrintToString(away);
    server.start();
    const auto until = gateway::deadline::in(steady_now(), seconds{15});
    auto post = w.api().post("/v1/users/ann/photos", photos);
    while (post.status != 200 && !until.passed(steady_now()))
        post = w.api().post("/v1/users/ann/photos", photos);
    EXPECT_EQ(post.status, 200) << post.raw;
    expect_no_429_of_tiktoks();
}

TEST_F(SharedWindows, L06AReplicaThatEndsLeavesItsSlotsUsedAndTheNextOneKnows) {
    w.connect("ann");
    const auto api = w.api_of(*all[1]);
    for (int i = 0; i < 6; ++i)
        ASSERT_EQ(api.post("/v1/users/ann/photos", photos).status, 200);
    all[1]->stop();
    const auto refused = w.api_of(w.another_gateway()).post("/v1/users/ann/photos", photos);
    EXPECT_EQ(refused.status, 429) << refused.raw;
    EXPECT_EQ(calls_of(photos_path), 6U);
}

TEST_F(SharedWindows, L07DeathDSixPostsAreToldWhatTheUserHasLeft) {
    w.connect("ann");
    for (int i = 0; i < 6; ++i) {
        const auto post = w.api_of(*all[1]).post("/v1/users/ann/photos", photos);
        ASSERT_EQ(post.status, 200) << post.raw;
        EXPECT_THAT(post.header("ratelimit"),
                    testing::HasSubstr("\"tiktok_user\";r=" + std::to_string(5 - i)));
    }
}

TEST_F(SharedWindows, P09DeathDAReplicaThatStandsStillAndWakesUpUsesNothingThatTheOthersHave) {
    w.connect("ann");
    auto& frozen = *all[1];
    const auto post = [this](const harness::gateway_process& at) {
        return w.api_of(at).post("/v1/users/ann/photos", photos).status;
    };
    ASSERT_EQ(post(frozen), 200);
    ASSERT_EQ(post(frozen), 200);
    frozen.process().signal(SIGSTOP);
    ASSERT_TRUE(frozen.process().stands_still(seconds{10}));
    int posted = 0;
    for (int i = 0; i < 10; ++i)
        posted += post(*all[i % 2 == 0 ? 0 : 2]) == 200;
    EXPECT_EQ(posted, 4) << "it cannot be asked, and what it has told is known";
    frozen.process().signal(SIGCONT);
    EXPECT_EQ(burst_of_photos(12).at("rate_limited"), 12);
    EXPECT_EQ(calls_of(photos_path), 6U);
    expect_no_429_of_tiktoks();
}

/// Replicas that are killed. The simulator has no windows, so that time may pass in the database alone.
class KilledShares : public replicas_test {
protected:
    KilledShares() : replicas_test({}, wide_tiktok) {}

    void kill(harness::gateway_process& one) {
        one.process().signal(SIGKILL);
        ASSERT_TRUE(one.process().wait(seconds{10}));
    }
    harness::answer post(const harness::gateway_process& at) {
        return w.api_of(at).post("/v1/users/ann/photos",
                                 boost::json::object{{"photo_images", {"https://media.example.com/1.jpg"}},
                                                     {"photo_cover_index", 0},
                                                     {"post_mode", "MEDIA_UPLOAD"}});
    }
};

TEST_F(KilledShares, L07DeathDFourKillsOfOneReplicaTakeNoReadFromTheUser) {
    w.connect("ann");
    auto* one = all[1];
    for (int kills = 0; kills < 4; ++kills) {
        ASSERT_EQ(w.api_of(*one).get("/v1/users/ann/info").status, 200);
        kill(*one);
        one = &w.another_gateway();
    }
    for (const auto* each : {all[0], all[2], one}) {
        const auto read = w.api_of(*each).get("/v1/users/ann/info");
        EXPECT_EQ(read.status, 200) << read.raw;
    }
}

TEST_F(KilledShares, L07DeathDTheWaitAfterAKillIsTheOneThatWasToldBefore) {
    w.connect("ann");
    for (int i = 0; i < 6; ++i)
        ASSERT_EQ(post(*all[1]).status, 200);
    const auto before = post(*all[0]);
    ASSERT_EQ(before.status, 429) << before.raw;
    kill(*all[1]);
    const auto wait = gateway::milliseconds{before.at("problem.retry_after_ms").as_int64()};
    EXPECT_GT(wait, seconds{30});
    EXPECT_LE(wait, seconds{60});
    server.pass_time("gateway", wait - seconds{5});
    EXPECT_EQ(post(*all[0]).status, 429);
    auto after = post(*all[2]);
    EXPECT_EQ(after.status, 429) << after.raw;
    server.pass_time("gateway", seconds{5});
    const auto until = gateway::deadline::in(steady_now(), seconds{15}); // both look again within two seconds
    while (after.status != 200 && !until.passed(steady_now()))
        after = post(*all[2]);
    EXPECT_EQ(after.status, 200) << after.raw;
    EXPECT_EQ(calls_of(photos_path), 7U);
}

} // namespace
