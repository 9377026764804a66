// How fast a receiver is sent to, and who is told at all.
#include "webhooks/pace.hpp"

#include "webhooks/receivers.hpp"

#include <gtest/gtest.h>

namespace gateway::webhooks {
namespace {

const steady_time now{seconds{1'000}};

TEST(WebhookPace, TheWaitDoublesFromTheFirstOneToAnHour) {
    const milliseconds first{5'000};
    EXPECT_EQ(retry_wait(first, 1, 0), milliseconds{5'000});
    EXPECT_EQ(retry_wait(first, 1, 1), milliseconds{10'000});
    EXPECT_EQ(retry_wait(first, 2, 0), milliseconds{10'000});
    EXPECT_EQ(retry_wait(first, 5, 0.5), milliseconds{120'000});
    for (const std::uint32_t tries : {10U, 21U, 4'000'000'000U})
        EXPECT_EQ(retry_wait(first, tries, 1), longest_wait) << tries;
}

constexpr milliseconds quick{20}, slow{12'000};

receiver_pace answered(milliseconds took) {
    receiver_pace out;
    out.started();
    out.ended(took);
    return out;
}

TEST(WebhookPace, AReceiverHasOneUnderWayUntilItHasAnsweredAndThenAFew) {
    receiver_pace pace;
    EXPECT_EQ(pace.room(now), 1U) << "it may be one that never answers";
    pace.started();
    EXPECT_EQ(pace.room(now), 0U);
    pace.ended(quick);
    for (std::size_t at = 0; at < under_way_of_receiver_max; ++at) {
        EXPECT_EQ(pace.room(now), under_way_of_receiver_max - at);
        pace.started();
    }
    EXPECT_EQ(pace.room(now), 0U);
    pace.ended(quick);
    EXPECT_EQ(pace.room(now), 1U);
}

TEST(WebhookPace, OneThatFailsAgainAndAgainRestsAndIsTriedOneAtATime) {
    auto pace = answered(quick);
    for (std::uint32_t failures = 1; failures < failures_until_rest; ++failures) {
        pace.failed(now, milliseconds{100}, 0);
        EXPECT_EQ(pace.room(now), under_way_of_receiver_max) << "single events may fail";
    }
    pace.failed(now, milliseconds{100}, 0);
    EXPECT_TRUE(pace.is_failing());
    EXPECT_EQ(pace.room(now), 0U);
    EXPECT_EQ(pace.room(now + milliseconds{50}), 1U);
    pace.started();
    EXPECT_EQ(pace.room(now + seconds{60}), 0U);
    pace.ended(quick);
    EXPECT_TRUE(pace.is_slow()) << "also if it refuses quickly";
    for (int more = 0; more < 100; ++more)
        pace.failed(now, milliseconds{100}, 1);
    EXPECT_EQ(pace.room(now + longest_rest - milliseconds{1}), 0U);
    EXPECT_EQ(pace.room(now + longest_rest), 1U);
    pace.succeeded();
    EXPECT_EQ(pace.room(now), under_way_of_receiver_max);
}

/// As a deliverer does with each turn, where all of them have much that is due.
void take_all(std::vector<receiver_pace>& all) {
    shared_places places;
    for (const auto& one : all)
        places.count(one);
    for (auto& one : all)
        for (auto left = places.take(one, now); left > 0; --left)
            one.started();
}

std::size_t under_way(const std::vector<receiver_pace>& all, std::size_t from, std::size_t to) {
    std::size_t out = 0;
    for (std::size_t at = from; at < to; ++at)
        out += all[at].under_way();
    return out;
}

TEST(WebhookPace, ReceiversThatAreSlowButSuccessfulShareAPartOfThePlaces) {
    std::vector<receiver_pace> all(300, answered(slow));
    all.push_back(answered(quick));
    for (int turn = 0; turn < 3; ++turn)
        take_all(all);
    EXPECT_EQ(under_way(all, 0, 300), under_way_of_slow_max);
    EXPECT_EQ(all.back().under_way(), under_way_of_receiver_max);
}

TEST(WebhookPace, AFewSlowReceiversHaveSeveralPlacesEachAndLeaveOthersTheirFirst) {
    std::vector<receiver_pace> all(26, answered(slow));
    for (int turn = 0; turn < 3; ++turn)
        take_all(all);
    EXPECT_EQ(all.front().under_way(), under_way_of_receiver_max);
    for (const auto& one : all)
        EXPECT_GE(one.under_way(), 1U);
    EXPECT_LE(under_way(all, 0, 26), several_of_slow_max + 26);
}

TEST(WebhookPace, WhateverOthersHoldAQuickReceiverFindsItsFirstPlace) {
    std::vector<receiver_pace> all(100, answered(slow));
    all.resize(200, answered(quick)); // that have much to take
    all.resize(500);                  // that were not sent anything yet, and may be dead
    for (int turn = 0; turn < 3; ++turn)
        take_all(all);
    EXPECT_LE(under_way(all, 0, 500), under_way_max);
    for (auto& one : all)
        if (one.is_quick()) {
            while (one.under_way() > 0)
                one.ended(quick);
            take_all(all);
            EXPECT_GE(one.under_way(), 1U);
        }
}

settings::caller caller(const std::string& name, const std::string& url, std::vector<std::string> users) {
    settings::caller out;
    out.name = name;
    out.webhook_url = url;
    out.users = std::move(users);
    return out;
}

TEST(WebhookReceivers, APostIsToldToItsCallerAndAConnectionToEachWhoMayActForItsUser) {
    const auto list = receivers_of(
        {caller("zoe", "https://zoe.example/h?k=1", {"a*"}), caller("mute", "", {"*"}),
         caller("abe", "https://abe.example:8443", {"bob"}), caller("kim", "https://kim.example", {"*"})});
    ASSERT_EQ(list->size(), 3U);
    EXPECT_EQ(list->front().caller.text(), "abe");
    const auto told = [&list](const char* of_post, const char* user) {
        std::string names;
        for (const auto& one : told_of(*list, caller_name::trusted(of_post), user_id::trusted(user)))
            names += one.text() + " ";
        return names;
    };
    EXPECT_EQ(told("zoe", "bob"), "zoe ") << "its own post, whoever it may act for now";
    EXPECT_EQ(told("mute", "ann"), "");
    EXPECT_EQ(told("", "ann"), "kim zoe ");
    EXPECT_EQ(told("", "bob"), "abe kim ");
    const auto* zoe = find_receiver(*list, caller_name::trusted("zoe"));
    ASSERT_TRUE(zoe);
    EXPECT_EQ(zoe->target, "/h?k=1");
    EXPECT_EQ(zoe->url_hash, hash_of_url("https://zoe.example/h?k=1"));
    EXPECT_EQ(list->front().to.port, 8443);
    EXPECT_EQ(list->front().target, "/");
    EXPECT_FALSE(find_receiver(*list, caller_name::trusted("mute")));
}

} // namespace
} // namespace gateway::webhooks
