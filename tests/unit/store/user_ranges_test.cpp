#include "store/user_ranges.hpp"

#include "base/pattern.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace gateway::testing {
namespace {

using store::ranges_of;

bool is_in(const store::user_range& range, const std::string& id) {
    return id >= range.from && id < range.to;
}

} // namespace

TEST(UserRanges, AFixedHeadIsARangeAndANameIsItself) {
    const auto ranges = ranges_of({"shop.*", "ann"});
    ASSERT_EQ(ranges.size(), 2U);
    EXPECT_TRUE(is_in(ranges[0], "ann"));
    EXPECT_FALSE(is_in(ranges[0], "ann-"));
    EXPECT_TRUE(ranges[0].all_match);
    EXPECT_TRUE(is_in(ranges[1], "shop."));
    EXPECT_TRUE(is_in(ranges[1], "shop.~~"));
    EXPECT_FALSE(is_in(ranges[1], "shop"));
    EXPECT_FALSE(is_in(ranges[1], "shop:1"));
    EXPECT_TRUE(ranges[1].all_match);
}

TEST(UserRanges, OnlyAPatternThatGoesOnAfterItsStarHasToBeTried) {
    EXPECT_TRUE(ranges_of({"*"}).at(0).all_match);
    EXPECT_TRUE(ranges_of({"a**"}).at(0).all_match);
    EXPECT_FALSE(ranges_of({"a*b"}).at(0).all_match);
    EXPECT_FALSE(ranges_of({"*b"}).at(0).all_match);
}

TEST(UserRanges, WhatLiesWithinAnotherIsNotReadTwice) {
    EXPECT_EQ(ranges_of({"a.1", "a.*", "a.b*", "a.*"}).size(), 1U);
    EXPECT_EQ(ranges_of({"a.1", "*"}).size(), 1U);
    const auto same = ranges_of({"a*z", "a*"});
    ASSERT_EQ(same.size(), 1U);
    EXPECT_TRUE(same[0].all_match);
    EXPECT_TRUE(ranges_of({}).empty());
}

TEST(UserRanges, HoldEveryIdThatMatchesInOrderAndOnce) {
    const std::string letters = "-.09:@AZ_az~";
    std::vector<std::string> ids;
    for (const char one : letters) {
        ids.emplace_back(1, one);
        for (const char two : letters)
            ids.push_back({one, two});
    }
    const std::vector<std::vector<std::string>> lists{
        {"*"}, {"a*", "~*", "-"}, {"*z", "a."}, {"z", "a*z", "z*", "Z~*"}, {"@*", "_", "~~", "~z*"}};
    for (const auto& patterns : lists) {
        const auto ranges = ranges_of(patterns);
        for (std::size_t at = 1; at < ranges.size(); ++at)
            EXPECT_LE(ranges[at - 1].to, ranges[at].from);
        for (const auto& id : ids) {
            const auto holder = std::find_if(ranges.begin(), ranges.end(),
                                             [&id](const auto& range) { return is_in(range, id); });
            const bool fits = matches_any(patterns, id);
            EXPECT_TRUE(!fits || holder != ranges.end()) << id;
            EXPECT_TRUE(fits || holder == ranges.end() || !holder->all_match) << id;
        }
    }
}

} // namespace gateway::testing
