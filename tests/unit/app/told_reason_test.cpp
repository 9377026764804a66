#include "app/told_reason.hpp"

#include <gtest/gtest.h>

namespace gateway::app {
namespace {

const steady_time start{std::chrono::hours{1}};

TEST(ToldReason, DeathFTellsANewReasonAtOnceAndTheSameOneNowAndThen) {
    told_reason told;
    EXPECT_TRUE(told.is_due("refused", start));
    EXPECT_FALSE(told.is_due("refused", start + seconds{599}));
    EXPECT_TRUE(told.is_due("refused", start + seconds{600}));
    EXPECT_FALSE(told.is_due("refused", start + seconds{700}));
}

TEST(ToldReason, DeathFReasonsThatChangeBackAndForthAreToldRarely) {
    told_reason told;
    int lines = 0;
    for (int second = 0; second < 100; ++second)
        lines += told.is_due(second % 2 == 0 ? "refused" : "starting up", start + seconds{second}) ? 1 : 0;
    EXPECT_LE(lines, 11);
    EXPECT_GE(lines, 5) << "both are told";
}

TEST(ToldReason, DeathFAReasonThatWasGoneIsNew) {
    told_reason told;
    EXPECT_TRUE(told.is_due("", start)) << "an unknown one is one, too";
    told.forget();
    EXPECT_TRUE(told.is_due("", start + seconds{1}));
}

} // namespace
} // namespace gateway::app
