// One run through everything: start, health, connect, one call, drain.
#include "harness/flow_test.hpp"

#include <gmock/gmock.h>

namespace {

using testing::HasSubstr;

class Smoke : public harness::flow_test {};

TEST_F(Smoke, AnswersOnBothListeners) {
    EXPECT_EQ(w.admin().get("/healthz").status, 200);
    EXPECT_EQ(w.admin().get("/readyz").status, 200);
    EXPECT_THAT(w.admin().get("/metrics").body, HasSubstr("tiktok_gateway_build_info{version="));
    const auto got = w.api().get("/v1/users");
    EXPECT_EQ(got.status, 200) << got.raw;
}

TEST_F(Smoke, RefusesACallWithoutAKey) {
    const auto got = w.stranger().get("/v1/users/user-77/info");
    EXPECT_EQ(got.status, 401);
    EXPECT_EQ(got.code(), "unauthenticated");
    EXPECT_FALSE(got.header("x-request-id").empty());
}

TEST_F(Smoke, AnImportedUserCanBeAskedForHisInfo) {
    w.connect("user-77");
    const auto got = w.api().get("/v1/users/user-77/info");
    EXPECT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(got.text_at("data.user.display_name"), "Alice");
    EXPECT_TRUE(w.gateway().process().says("\"action\":\"TIKTOK_GET_USER_BASIC_INFO\""));
}

TEST_F(Smoke, P01EndsByItselfOnSigterm) {
    EXPECT_EQ(w.admin().get("/healthz").status, 200);
    EXPECT_EQ(w.stop_gateway(), 0);
}

} // namespace
