#include "state/token_book.hpp"

#include <gtest/gtest.h>

namespace gateway::simulator {

namespace {

class Rotation : public ::testing::Test {
protected:
    std::optional<token_pair> refresh(const std::string& refresh_token) {
        return book.refresh("app", refresh_token, choice, timing, now);
    }
    bool works(const std::string& access_token) const { return book.holder_of(access_token, now) != nullptr; }

    wall_time now = from_unix_ms(1'000'000);
    switches choice;
    timing_settings timing;
    token_book book;
    token_pair first = book.issue("app", "demo", {"video.list"}, 7'200, 1'000'000, now);
};

} // namespace

TEST_F(Rotation, StrictKillsTheOldRefreshTokenAtOnceAndSparesTheOldAccessToken) {
    const auto second = refresh(first.refresh_token);
    ASSERT_TRUE(second);
    EXPECT_NE(second->refresh_token, first.refresh_token);
    EXPECT_FALSE(refresh(first.refresh_token));
    EXPECT_TRUE(works(first.access_token));
    EXPECT_TRUE(works(second->access_token));
    EXPECT_TRUE(refresh(second->refresh_token));
}

TEST_F(Rotation, NoneGivesTheSameRefreshTokenWithTheSecondsThatAreLeft) {
    choice.rotation = "none";
    now += seconds{100};
    const auto second = refresh(first.refresh_token);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->refresh_token, first.refresh_token);
    EXPECT_EQ(second->refresh_expires_in_s, 999'900);
}

TEST_F(Rotation, GraceLetsTheOldTokenLiveALittle) {
    choice.rotation = "grace";
    ASSERT_TRUE(refresh(first.refresh_token));
    now += milliseconds{timing.grace_ms - 1};
    EXPECT_TRUE(refresh(first.refresh_token));
    now += milliseconds{1};
    EXPECT_FALSE(refresh(first.refresh_token));
}

TEST_F(Rotation, StrictFamilyEndsAllWhenAnOldTokenComesBack) {
    choice.rotation = "strict_family";
    const auto second = refresh(first.refresh_token);
    ASSERT_TRUE(second);
    EXPECT_FALSE(refresh(first.refresh_token));
    EXPECT_FALSE(refresh(second->refresh_token));
    EXPECT_FALSE(works(second->access_token));
}

TEST_F(Rotation, LagMakesTheNewPairWorkLater) {
    choice.rotation = "lag";
    const auto second = refresh(first.refresh_token);
    ASSERT_TRUE(second);
    EXPECT_FALSE(works(second->access_token));
    now += milliseconds{timing.lag_ms};
    EXPECT_TRUE(works(second->access_token));
}

TEST_F(Rotation, KillsTheOldAccessTokenWhenAskedTo) {
    choice.old_access_token = "dies";
    ASSERT_TRUE(refresh(first.refresh_token));
    EXPECT_FALSE(works(first.access_token));
}

TEST_F(Rotation, RefusesTokensOfAnotherApp) {
    EXPECT_FALSE(book.refresh("other", first.refresh_token, choice, timing, now));
    EXPECT_TRUE(refresh(first.refresh_token));
}

TEST_F(Rotation, RefusesAccessTokensAndWhatItNeverIssued) {
    EXPECT_FALSE(refresh(first.access_token));
    EXPECT_FALSE(refresh("rft.unknown"));
    EXPECT_FALSE(works(first.refresh_token));
}

TEST_F(Rotation, TokensEndWhenTheirTimeIsOver) {
    now += seconds{7'200};
    EXPECT_FALSE(works(first.access_token));
    now += seconds{1'000'000};
    EXPECT_FALSE(refresh(first.refresh_token));
}

TEST_F(Rotation, RemovingAConsentEndsAllItsTokens) {
    EXPECT_EQ(book.remove_all("demo", ""), string_list{"app"});
    EXPECT_FALSE(works(first.access_token));
    EXPECT_FALSE(refresh(first.refresh_token));
    EXPECT_TRUE(book.valid("demo", true, now).empty());
}

} // namespace gateway::simulator
