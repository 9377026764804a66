#include "limits/share.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace gateway::limits {
namespace {

constexpr milliseconds minute{60'000};
const steady_time start{std::chrono::hours{2}};

/// What a replica has seen whose last beat was answered then, and the next ones were not.
replicas_seen three_replicas(steady_time last_beat) {
    replicas_seen out;
    out.first_beat = start - std::chrono::hours{1};
    out.last_beat = out.failing_since = last_beat;
    out.count = 3;
    return out;
}

share share_of(std::uint32_t capacity, steady_time granted_at) {
    share out;
    out.capacity = capacity;
    out.granted_at = granted_at;
    return out;
}

TEST(Share, IsUsedForOneWindowAfterTheStoreConfirmedIt) {
    const auto mine = share_of(4, start);
    const auto seen = three_replicas(start + seconds{50});
    EXPECT_EQ(usable_capacity(mine, 6, minute, seen, false, start), 4U);
    EXPECT_EQ(usable_capacity(mine, 6, minute, seen, true, start + seconds{59}), 4U)
        << "also while the store is away";
    EXPECT_EQ(usable_capacity(mine, 6, minute, seen, false, start + minute), 0U)
        << "the store is asked first";
}

TEST(Share, P09DeathDIsNotUsedByAReplicaThatWakesUpBeforeTheStoreHasHeardIt) {
    const auto mine = share_of(4, start + seconds{1});
    auto seen = three_replicas(start + seconds{5});
    EXPECT_EQ(usable_capacity(mine, 6, minute, seen, false, start + milliseconds{19'999}), 4U);
    EXPECT_EQ(usable_capacity(mine, 6, minute, seen, false, start + seconds{20}), 0U) << "it stood still";
    seen.beat(start + seconds{20}, {.alive = 2});
    EXPECT_EQ(usable_capacity(mine, 6, minute, seen, false, start + seconds{20}), 4U);
    EXPECT_EQ(usable_capacity(share_of(4, start + seconds{6}), 6, minute, three_replicas(start), false,
                              start + seconds{20}),
              4U)
        << "a grant is heard as well as a beat";
}

TEST(Share, DeathDShrinksByTheSlotsWhoseEndTheStoreKnows) {
    auto mine = share_of(5, start);
    mine.told = {{start + seconds{10}, 1}, {start + seconds{20}, 2}};
    mine.forget_past(start + seconds{9});
    EXPECT_EQ(mine.capacity, 5U);
    mine.forget_past(start + seconds{10});
    EXPECT_EQ(mine.capacity, 4U);
    mine.forget_past(start + seconds{30});
    EXPECT_EQ(mine.capacity, 2U);
    EXPECT_TRUE(mine.told.empty());
}

TEST(Share, DeathDIsTheSmallerOneUntilTheStoreHasAnswered) {
    auto mine = share_of(5, start);
    mine.reduce(7, {4, {{start + seconds{10}, 3}}});
    EXPECT_EQ(mine.capacity, 5U) << "it is granted nothing yet";
    mine.reduce(4, {4, {{start + seconds{10}, 3}}});
    mine.forget_past(start + seconds{10});
    EXPECT_EQ(mine.capacity, 1U) << "what the store is told it may know already";
}

TEST(Share, L06WithoutTheStoreNoReplicaUsesMoreThanItsPart) {
    const auto large = share_of(5, start);
    const auto seen = three_replicas(start);
    const auto after = [&](int seconds_away, std::uint32_t limit = 6) {
        return usable_capacity(large, limit, minute, seen, true, start + seconds{seconds_away});
    };
    EXPECT_EQ(after(14), 5U);
    EXPECT_EQ(after(15), 0U) << "if this replica is killed, the store gives its share away soon";
    EXPECT_EQ(after(84), 0U) << "what the others had may still count";
    EXPECT_EQ(after(85), 2U);
    EXPECT_EQ(after(3'600), 2U);
    EXPECT_EQ(after(85, 2), 0U) << "zero is allowed";
}

TEST(Share, P09DeathDAReplicaThatStoodStillDoesNotTakeThatForAnOutage) {
    auto seen = three_replicas(start);
    seen.failing_since = {};
    EXPECT_EQ(usable_capacity({}, 6, minute, seen, true, start + seconds{300}), 0U);
    seen.beat_failed(start + seconds{300});
    EXPECT_EQ(usable_capacity({}, 6, minute, seen, true, start + seconds{301}), 0U);
    EXPECT_EQ(usable_capacity({}, 6, minute, seen, true, start + seconds{385}), 2U);
    seen.beat(start + seconds{386}, {.alive = 2});
    EXPECT_EQ(seen.silence(start + seconds{386}), milliseconds{0});
    seen.beat_failed(start + seconds{385});
    EXPECT_EQ(seen.silence(start + seconds{387}), milliseconds{0}) << "a later one was answered";
}

TEST(Share, L06ANewcomerWhomTheOthersMayNotHaveCountedHasNothing) {
    auto seen = three_replicas(start + seconds{9});
    seen.first_beat = start;
    EXPECT_EQ(usable_capacity({}, 6, minute, seen, true, start + seconds{400}), 0U);
    seen.last_beat = start + seconds{10};
    EXPECT_EQ(usable_capacity({}, 6, minute, seen, true, start + seconds{400}), 2U);
}

TEST(Share, L06AfterAnOutageNoReplicaAsksForMoreThanItsPartUntilTheOthersHaveToldWhatTheyUsed) {
    replicas_seen seen;
    seen.beat(start, {.alive = 2});
    EXPECT_EQ(max_request(6, minute, seen, start), 6U) << "a start is no outage";
    seen.beat(start + seconds{59}, {.alive = 2});
    EXPECT_EQ(max_request(6, minute, seen, start + minute), 6U) << "no share has ended";
    const auto back = start + seconds{200};
    seen.beat(back, {.alive = 0});
    EXPECT_EQ(seen.count, 3U) << "the others are not back yet";
    EXPECT_EQ(max_request(6, minute, seen, back), 2U);
    seen.beat(back + seconds{30}, {.alive = 1});
    EXPECT_EQ(seen.count, 3U);
    seen.beat(back + seconds{61}, {.alive = 1});
    EXPECT_EQ(seen.count, 2U);
    seen.beat(back + seconds{120}, {.alive = 1});
    EXPECT_EQ(max_request(6, minute, seen, back + seconds{129}), 3U);
    EXPECT_EQ(until_max_request(minute, seen, back + seconds{129}), seconds{1});
    EXPECT_EQ(max_request(6, minute, seen, back + seconds{130}), 6U);
    EXPECT_EQ(until_max_request(minute, seen, back + seconds{130}), seconds{0});
}

/// The others are there.
void beat_on(replicas_seen& of, seconds first, seconds last) {
    for (auto at = first; at <= last; at += seconds{5})
        of.beat(start + at, {.alive = 2, .known = 2, .silence = seconds{1}});
}

TEST(Share, L06DeathDOneThatStartsInOrAfterAnOutageHasNothingUntilItsEarlierLifeIsOutOfTheWindow) {
    replicas_seen after; // it finds others who are back
    after.started_at = start;
    after.beat(start + seconds{1}, {.alive = 1, .known = 2, .silence = seconds{1}, .back_for = seconds{129}});
    EXPECT_EQ(max_request(6, minute, after, start + seconds{59}), 0U);
    EXPECT_EQ(until_max_request(minute, after, start + seconds{59}), seconds{71});
    EXPECT_EQ(max_request(6, minute, after, start + seconds{60}), 2U) << "its part";

    replicas_seen in; // it has waited for the store, and nobody is back yet
    in.started_at = start;
    in.waited_for_store = true;
    in.beat(start + seconds{30}, {.alive = 0, .known = 2, .silence = seconds{140}});
    EXPECT_EQ(max_request(6, minute, in, start + seconds{59}), 0U);
    beat_on(in, seconds{35}, seconds{60});
    EXPECT_EQ(max_request(6, minute, in, start + seconds{60}), 6U);
}

TEST(Share, DeathDOneThatStartsAfterAKillAsksForAllThatIsLeft) {
    for (const others_seen& others :
         {others_seen{}, others_seen{.alive = 2, .known = 2, .silence = seconds{4}},
          others_seen{.alive = 0, .known = 1, .silence = seconds{3'000}}}) {
        replicas_seen seen;
        seen.started_at = start;
        seen.beat(start, others);
        EXPECT_EQ(max_request(6, minute, seen, start), 6U);
    }
}

TEST(Share, DeathDWhereAnotherWasCutOffAReplicaAsksForItsPart) {
    auto seen = three_replicas(start);
    seen.beat(start + seconds{5}, {.alive = 2, .known = 2, .silence = seconds{0}, .back_for = seconds{130}});
    EXPECT_EQ(max_request(6, minute, seen, start + seconds{6}), 2U);
    beat_on(seen, seconds{10}, seconds{130});
    EXPECT_EQ(max_request(6, minute, seen, start + seconds{134}), 2U);
    EXPECT_EQ(max_request(6, minute, seen, start + seconds{135}), 6U);
}

TEST(Share, AsksForALittleMoreWhereTheLimitIsWide) {
    EXPECT_EQ(request_size(0, 1, 6), 1U);
    EXPECT_EQ(request_size(2, 1, 600), 39U);
    EXPECT_EQ(request_size(2, 100, 6), 6U) << "never more than the limit";
    EXPECT_EQ(request_size(5, 0, 6), 6U);
}

} // namespace
} // namespace gateway::limits
