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

TEST(WebhookPace, AReceiverHasAFewUnderWayAtOnce) {
    receiver_pace pace;
    for (std::size_t at = 0; at < under_way_of_receiver_max; ++at) {
        EXPECT_EQ(pace.room(now), under_way_of_receiver_max - at);
        pace.started();
    }
    EXPECT_EQ(pace.room(now), 0U);
    pace.ended();
    EXPECT_EQ(pace.room(now), 1U);
}

TEST(WebhookPace, OneThatFailsAgainAndAgainRestsAndIsTriedOneAtATime) {
    receiver_pace pace;
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
    pace.ended();
    for (int more = 0; more < 100; ++more)
        pace.failed(now, milliseconds{100}, 1);
    EXPECT_EQ(pace.room(now + longest_rest - milliseconds{1}), 0U);
    EXPECT_EQ(pace.room(now + longest_rest), 1U);
    pace.succeeded();
    EXPECT_EQ(pace.room(now), under_way_of_receiver_max);
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
