// Three gateways on one PostgreSQL keep the promises of a single process together.
#include "flow/replicas_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

namespace {

using gateway::seconds;
using testing::HasSubstr;

class Replicas : public replicas_test {
protected:
    Replicas() : replicas_test(wide_windows, wide_tiktok) {}

    const boost::json::value photos{{"photo_images", {"https://media.example.com/1.jpg"}},
                                    {"photo_cover_index", 0}};
};

TEST_F(Replicas, T12OneRefreshForAThousandCallsOverThreeReplicas) {
    w.connect("user-77");
    for (const auto* one : all)
        ASSERT_EQ(w.api_of(*one).get("/v1/users/user-77/info").status, 200);
    w.tiktok().control().post("/tokens/expire", {{"kind", "access"}});
    w.tiktok().add_fault({{"match", {{"path", "/v2/oauth/token/"}}}, {"do", {{"delay_ms", 500}}}});
    const auto answers =
        at_once(1000, [](const harness::http_client& api) { return api.get("/v1/users/user-77/info"); });
    for (const auto& one : answers)
        EXPECT_EQ(one.status, 200) << one.raw;
    EXPECT_EQ(calls_of("/v2/oauth/token/"), 1U);
}

TEST_F(Replicas, I01OnePostForAHundredCallsWithOneKeyOverThreeReplicas) {
    w.connect("user-77");
    w.tiktok().add_fault({{"match", {{"path", photos_path}}}, {"do", {{"delay_ms", 500}}}, {"times", -1}});
    const auto answers = at_once(100, [this](const harness::http_client& api) {
        return api.post("/v1/users/user-77/photos", photos, {{"Idempotency-Key", "same"}});
    });
    std::size_t posted = 0;
    for (const auto& one : answers) {
        if (one.status == 200) ++posted;
        EXPECT_TRUE(one.status == 200 || one.code() == "in_progress") << one.raw;
    }
    EXPECT_GE(posted, 1U);
    EXPECT_EQ(calls_of(photos_path), 1U);
    for (const auto* one : all) {
        const auto again =
            w.api_of(*one).post("/v1/users/user-77/photos", photos, {{"Idempotency-Key", "same"}});
        EXPECT_EQ(again.status, 200) << again.raw;
        EXPECT_EQ(again.header("idempotent-replayed"), "true");
    }
}

TEST_F(Replicas, T21AUserWhoConnectsAnewAtOneReplicaIsWellAtAll) {
    w.connect("user-77");
    w.tiktok().control().post("/tokens/revoke", {{"account", "alice"}});
    for (int times = 0; times < 2; ++times)
        for (const auto* one : all)
            EXPECT_EQ(w.api_of(*one).get("/v1/users/user-77/info").code(), "reconnect_required");
    w.connect("user-77");
    for (const auto* one : all)
        EXPECT_EQ(w.api_of(*one).get("/v1/users/user-77/info").status, 200);
}

TEST_F(Replicas, V11ReadsOfKnownUsersGoOnWhileTheDatabaseIsAwayAndAllHeals) {
    w.connect("user-77");
    for (const auto* one : all)
        ASSERT_EQ(w.api_of(*one).get("/v1/users/user-77/info").status, 200);
    server.stop();
    for (const auto* one : all) {
        const auto api = w.api_of(*one);
        EXPECT_EQ(api.get("/v1/users/user-77/info").status, 200);
        const auto began = gateway::steady_now();
        const auto write = api.post("/v1/users/user-77/photos", photos);
        EXPECT_EQ(write.code(), "vault_unavailable") << write.raw;
        EXPECT_LT(gateway::steady_now() - began, seconds{5});
    }
    EXPECT_EQ(calls_of(photos_path), 0U);
    EXPECT_TRUE(w.gateway().process().says("store_does_not_answer", seconds{15}));
    EXPECT_THAT(w.admin().get("/readyz").body, HasSubstr("the store does not answer"));
    server.start();
    EXPECT_TRUE(w.gateway().process().says("store_is_back", seconds{15}));
    for (const auto* one : all) {
        const auto until = gateway::deadline::in(gateway::steady_now(), seconds{10});
        auto write = w.api_of(*one).post("/v1/users/user-77/photos", photos);
        while (write.status != 200 && !until.passed(gateway::steady_now()))
            write = w.api_of(*one).post("/v1/users/user-77/photos", photos);
        EXPECT_EQ(write.status, 200) << write.raw;
    }
    EXPECT_EQ(calls_of(photos_path), 3U);
}

} // namespace
