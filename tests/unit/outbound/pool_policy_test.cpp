// The pool's bookkeeping as a sequence of states; no socket, no clock.
#include "outbound/pool_policy.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace gateway::outbound {
namespace {

enum class verdict { reuse, open, wait, refuse };

/// With a number for each connection.
class numbers_policy : public pool_policy<std::uint64_t> {
public:
    using pool_policy::pool_policy;

    struct decision {
        verdict what;
        std::uint64_t connection = 0;
        ticket place = 0;
    };
    /// What a call does: it asks, and else stands in line.
    decision ask(sharer by) {
        if (const auto now = pool_policy::ask(by))
            return now->connection ? decision{verdict::reuse, *now->connection} : decision{verdict::open};
        const auto place = stand_in_line(by);
        return place ? decision{verdict::wait, 0, *place} : decision{verdict::refuse};
    }
};

const sharer shop = sharer_of("shop");
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
    EXPECT_EQ(verdict::open, p.ask(shop).what);
    EXPECT_EQ(verdict::open, p.ask(shop).what);
    p.give_back(shop, 1, noon);
    p.give_back(shop, 2, noon);
    EXPECT_FALSE(p.next());
    EXPECT_EQ(2U, p.idle());
    const auto got = p.ask(shop);
    EXPECT_EQ(verdict::reuse, got.what);
    EXPECT_EQ(2U, got.connection);
    EXPECT_EQ(1U, p.ask(shop).connection);
    EXPECT_EQ(2U, p.active());
}

TEST(PoolPolicy, U14BoundsTheLineAndServesItInOrder) {
    numbers_policy p(small());
    p.ask(shop);
    p.ask(shop);
    const auto first = p.ask(shop), second = p.ask(shop), third = p.ask(shop);
    EXPECT_EQ(verdict::wait, first.what);
    EXPECT_EQ(verdict::wait, second.what);
    EXPECT_EQ(verdict::refuse, third.what);
    EXPECT_EQ(2U, p.waiting());
    p.give_back(shop, 7, noon);
    const auto to_first = p.next();
    ASSERT_TRUE(to_first);
    EXPECT_EQ(first.place, to_first->to);
    EXPECT_EQ(7U, to_first->connection);
    p.closed(shop);
    const auto to_second = p.next();
    ASSERT_TRUE(to_second);
    EXPECT_EQ(second.place, to_second->to);
    EXPECT_FALSE(to_second->connection); // a slot to open one with
    EXPECT_EQ(2U, p.active());
    p.closed(shop);
    EXPECT_FALSE(p.next());
    EXPECT_EQ(1U, p.active());
}

TEST(PoolPolicy, SkipsWhoeverLeftTheLine) {
    numbers_policy p(small());
    p.ask(shop);
    p.ask(shop);
    const auto first = p.ask(shop), second = p.ask(shop);
    p.leave(first.place);
    p.leave(first.place); // leaving twice has no effect
    p.closed(shop);
    const auto served = p.next();
    ASSERT_TRUE(served);
    EXPECT_EQ(second.place, served->to);
}

TEST(PoolPolicy, LetsIdleConnectionsAgeOut) {
    numbers_policy p(bounds(3, 0, milliseconds{1'000}));
    for (int i = 0; i < 3; ++i)
        p.ask(shop);
    p.give_back(shop, 1, noon);
    p.give_back(shop, 2, noon + milliseconds{500});
    p.give_back(shop, 3, noon + milliseconds{900});
    EXPECT_EQ(noon + milliseconds{1'000}, p.next_expiry());
    EXPECT_TRUE(p.expired(noon + milliseconds{999}).empty());
    EXPECT_EQ((std::vector<std::uint64_t>{1, 2}), p.expired(noon + milliseconds{1'500}));
    EXPECT_EQ((std::vector<std::uint64_t>{3}), p.take_idle());
    EXPECT_FALSE(p.next_expiry());
    EXPECT_EQ(0U, p.idle());
}

class SharedPool : public ::testing::Test {
protected:
    SharedPool() { callers.set(2); }
    client_limits shared(std::uint32_t connections, std::uint32_t waiters) const {
        auto made = bounds(connections, waiters, milliseconds{1'000});
        made.callers = &callers;
        return made;
    }
    std::size_t taken_by(numbers_policy& p, sharer by, verdict what) const {
        std::size_t count = 0;
        while (count < 1'000 && p.ask(by).what == what)
            ++count;
        return count;
    }

    caller_count callers;
    const sharer quiet = sharer_of("quiet");
};

TEST_F(SharedPool, L09AuditIACallerWhoseCallsHangLeavesHalfOfTheConnections) {
    numbers_policy p(shared(64, 1024));
    EXPECT_EQ(32U, taken_by(p, shop, verdict::open));
    EXPECT_EQ(verdict::open, p.ask(quiet).what);
    EXPECT_EQ(verdict::open, p.ask(sharer::gateway).what) << "refreshes take what is free";
}

TEST_F(SharedPool, L09AuditIItsWaitingCallsLeaveHalfOfThePlaces) {
    numbers_policy p(shared(4, 64));
    taken_by(p, shop, verdict::open);
    EXPECT_EQ(31U, taken_by(p, shop, verdict::wait)) << "and the one that ended the count before";
    EXPECT_EQ(verdict::open, p.ask(quiet).what);
    EXPECT_EQ(verdict::wait, p.ask(quiet).what);
}

TEST_F(SharedPool, L09AuditIAFreedConnectionGoesToTheOldestWhoMayHaveIt) {
    numbers_policy p(shared(8, 64));
    EXPECT_EQ(4U, taken_by(p, shop, verdict::open)); // the fifth waits
    p.ask(quiet);
    p.ask(quiet);
    const auto waits = p.ask(quiet);
    ASSERT_EQ(verdict::wait, waits.what);
    p.give_back(quiet, 7, noon);
    const auto next = p.next();
    ASSERT_TRUE(next) << "the shop's call is older, but holds its share";
    EXPECT_EQ(waits.place, next->to);
    EXPECT_FALSE(p.next());
    p.give_back(quiet, 8, noon);
    p.give_back(quiet, 9, noon);
    EXPECT_FALSE(p.next());
    p.give_back(shop, 10, noon);
    EXPECT_TRUE(p.next()) << "half stays free";
}

TEST_F(SharedPool, L09AuditIASoleCallerHasAll) {
    callers.set(1);
    numbers_policy p(shared(64, 0));
    EXPECT_EQ(64U, taken_by(p, shop, verdict::open));
}

/// SIGHUP is on another thread.
TEST_F(SharedPool, TakesNoSlotForACallThatStandsInLineThoughOneBecameFreeMeanwhile) {
    numbers_policy p(shared(4, 6));
    EXPECT_EQ(2U, taken_by(p, shop, verdict::open)); // and one that waits
    ASSERT_FALSE(p.pool_policy::ask(shop)) << "it has its share";
    callers.set(1);
    const auto place = p.stand_in_line(shop);
    ASSERT_TRUE(place);
    EXPECT_EQ(2U, p.active());
    EXPECT_EQ(2U, p.waiting());
    p.closed(shop);
    EXPECT_TRUE(p.next()) << "who waited before";
    EXPECT_EQ(*place, p.next().value().to) << "there is more room now";
}

TEST_F(SharedPool, KeepsItsCountsThroughAnyStory) {
    const std::vector<sharer> who{shop, quiet, sharer::gateway};
    std::mt19937 dice(7);
    for (int story = 0; story < 200; ++story) {
        numbers_policy p(shared(4, 6));
        std::map<numbers_policy::ticket, sharer> line;
        std::map<sharer, std::uint32_t> held;
        std::uint32_t idle = 0;
        std::uint64_t next = 1;
        for (int step = 0; step < 300; ++step) {
            const auto by = who[dice() % who.size()];
            if (dice() % 2 == 0) {
                const auto got = p.ask(by);
                if (got.what == verdict::wait) line.emplace(got.place, by);
                if (got.what == verdict::reuse) --idle;
                if (got.what == verdict::open || got.what == verdict::reuse) ++held[by];
            } else if (held[by] > 0) {
                --held[by];
                if (dice() % 2 == 0) {
                    p.give_back(by, next++, noon);
                    ++idle;
                } else {
                    p.closed(by);
                }
                while (const auto served = p.next()) {
                    ASSERT_TRUE(line.contains(served->to));
                    if (served->connection) --idle;
                    ++held[line.at(served->to)];
                    line.erase(served->to);
                }
            }
            ASSERT_EQ(held[shop] + held[quiet] + held[sharer::gateway], p.active());
            ASSERT_EQ(idle, p.idle());
            ASSERT_EQ(line.size(), p.waiting());
            ASSERT_LE(p.active() + idle, 4U);
            ASSERT_LE(held[shop], 2U);
            ASSERT_LE(held[quiet], 2U);
        }
    }
}

} // namespace
} // namespace gateway::outbound
