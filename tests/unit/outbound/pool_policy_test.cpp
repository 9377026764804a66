// The pool's bookkeeping as a sequence of states; no socket, no clock.
#include "outbound/pool_policy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

namespace gateway::outbound {
namespace {

using numbers_policy = pool_policy<std::uint64_t>; // a number for each connection
using verdict = numbers_policy::verdict;
constexpr steady_time noon{std::chrono::hours{12}};

client_limits bounds(std::uint32_t connections, std::uint32_t waiters, milliseconds idle_timeout) {
    client_limits made;
    made.connections_per_origin = connections;
    made.waiters_per_origin = waiters;
    made.idle_timeout = idle_timeout;
    return made;
}

client_limits small() {
    return bounds(2, 2, milliseconds{1'000});
}

TEST(PoolPolicy, GivesTheMostRecentlyUsedConnectionFirst) {
    numbers_policy p(small());
    EXPECT_EQ(verdict::open, p.ask().what);
    EXPECT_EQ(verdict::open, p.ask().what);
    EXPECT_FALSE(p.give_back(1, noon));
    EXPECT_FALSE(p.give_back(2, noon));
    EXPECT_EQ(2U, p.idle());
    const auto got = p.ask();
    EXPECT_EQ(verdict::reuse, got.what);
    EXPECT_EQ(2U, got.connection);
    EXPECT_EQ(1U, p.ask().connection);
    EXPECT_EQ(2U, p.active());
}

TEST(PoolPolicy, U14BoundsTheLineAndServesItInOrder) {
    numbers_policy p(small());
    p.ask();
    p.ask();
    const auto first = p.ask(), second = p.ask(), third = p.ask();
    EXPECT_EQ(verdict::wait, first.what);
    EXPECT_EQ(verdict::wait, second.what);
    EXPECT_EQ(verdict::refuse, third.what);
    EXPECT_EQ(2U, p.waiting());
    const auto to_first = p.give_back(7, noon);
    ASSERT_TRUE(to_first);
    EXPECT_EQ(first.place, to_first->to);
    EXPECT_EQ(7U, to_first->connection);
    const auto to_second = p.closed();
    ASSERT_TRUE(to_second);
    EXPECT_EQ(second.place, to_second->to);
    EXPECT_FALSE(to_second->connection); // a slot to open one with
    EXPECT_EQ(2U, p.active());
    EXPECT_FALSE(p.closed());
    EXPECT_EQ(1U, p.active());
}

TEST(PoolPolicy, SkipsWhoeverLeftTheLine) {
    numbers_policy p(small());
    p.ask();
    p.ask();
    const auto first = p.ask(), second = p.ask();
    p.leave(first.place);
    p.leave(first.place); // leaving twice has no effect
    const auto served = p.closed();
    ASSERT_TRUE(served);
    EXPECT_EQ(second.place, served->to);
}

TEST(PoolPolicy, LetsIdleConnectionsAgeOut) {
    numbers_policy p(bounds(3, 0, milliseconds{1'000}));
    for (int i = 0; i < 3; ++i)
        p.ask();
    p.give_back(1, noon);
    p.give_back(2, noon + milliseconds{500});
    p.give_back(3, noon + milliseconds{900});
    EXPECT_EQ(noon + milliseconds{1'000}, p.next_expiry());
    EXPECT_TRUE(p.expired(noon + milliseconds{999}).empty());
    EXPECT_EQ((std::vector<std::uint64_t>{1, 2}), p.expired(noon + milliseconds{1'500}));
    EXPECT_EQ((std::vector<std::uint64_t>{3}), p.take_idle());
    EXPECT_FALSE(p.next_expiry());
    EXPECT_EQ(0U, p.idle());
}

TEST(PoolPolicy, KeepsItsCountsThroughAnyStory) {
    std::mt19937 dice(7);
    for (int story = 0; story < 200; ++story) {
        numbers_policy p(bounds(3, 4, milliseconds{10}));
        std::deque<numbers_policy::ticket> line;
        std::uint32_t held = 0, resting = 0;
        std::uint64_t next = 1;
        for (int step = 0; step < 300; ++step) {
            std::optional<numbers_policy::handover> served;
            switch (dice() % 4) {
                case 0:
                case 1: {
                    const auto got = p.ask();
                    if (got.what == verdict::wait) line.push_back(got.place);
                    if (got.what == verdict::reuse) --resting;
                    if (got.what == verdict::open || got.what == verdict::reuse) ++held;
                    break;
                }
                case 2:
                    if (held == 0) break;
                    served = p.give_back(next++, noon);
                    if (!served) --held, ++resting;
                    break;
                default:
                    if (held == 0) break;
                    served = p.closed();
                    if (!served) --held;
            }
            if (served) {
                ASSERT_FALSE(line.empty());
                ASSERT_EQ(line.front(), served->to);
                line.pop_front();
            }
            ASSERT_EQ(held, p.active());
            ASSERT_EQ(resting, p.idle());
            ASSERT_EQ(line.size(), p.waiting());
            ASSERT_LE(held + resting, 3U);
            ASSERT_TRUE(line.empty() || resting == 0); // no call waits while a connection is idle
        }
    }
}

} // namespace
} // namespace gateway::outbound
