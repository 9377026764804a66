// What becomes of shares of windows when their replicas die or lose the store, and what callers are told.
#include "limits/share.hpp"
#include "postgresql/window_replicas.hpp"
#include "store/postgresql/engine.hpp"
#include "unit/store/counting_engine.hpp"

#include <algorithm>
#include <future>

namespace gateway::testing {
namespace {

using Shares = PostgresqlStore;

/// Its process was killed: the store has its last heartbeat and what it told then.
std::string a_killed_one(const std::string& name, milliseconds silent_for, int capacity,
                         const std::string& frees = "") {
    const auto then = "now_ms() - " + std::to_string(silent_for.count());
    return "INSERT INTO store_instances (owner, alive_until, is_replica) VALUES ('" + name + "', " + then
           + " + 60000, 1); INSERT INTO window_shares (window_key, kind, owner, capacity, frees_at, held_until, "
             "told_at, frees) VALUES ('ann', 3, '"
           + name + "', " + std::to_string(capacity) + ", 0, " + then + " + 180000, " + then + ", '" + frees
           + "')";
}

void pass(worker& loop, milliseconds time) {
    const auto end = steady_now() + time;
    turn_until(loop, [end] { return steady_now() >= end; });
}

TEST_F(Shares, L07DeathDOfADeadReplicaIsKeptWhatItMayHaveUsedUntilAWindowAfterItsFence) {
    const auto one = open();
    sql(a_killed_one("dead", seconds{72}, 4));
    const auto left = run(one->windows.take(request_for(6), soon()));
    EXPECT_EQ(left.capacity, 2U);
    EXPECT_EQ(left.not_told, 0U) << "nobody waits for it";
    EXPECT_GT(left.free_after, milliseconds{1'000});
    EXPECT_LE(left.free_after, milliseconds{3'000});
    sql(a_killed_one("long dead", seconds{76}, 4));
    EXPECT_EQ(run(one->windows.take(request_for(6), soon())).capacity, 2U);
    sql("DELETE FROM window_shares WHERE owner = 'dead'");
    EXPECT_EQ(run(one->windows.take(request_for(6), soon())).capacity, 6U);
}

TEST_F(Shares, L07DeathDASweepForgetsADeadReplicaOnlyWhenItsShareHasEnded) {
    const auto one = open();
    sql(a_killed_one("dead", seconds{70}, 6)); // it counts as dead for ten seconds
    ASSERT_TRUE(run(one->upkeep.sweep(wall_now(), soon())));
    const auto left = run(one->windows.take(request_for(1), soon()));
    EXPECT_EQ(left.capacity, 0U);
    EXPECT_LE(left.free_after, seconds{5}) << "by its last heartbeat";
    pass_time(schema.name(), seconds{3'600});
    ASSERT_TRUE(run(one->upkeep.sweep(wall_now(), soon())));
    EXPECT_EQ(sql("SELECT count(*) FROM store_instances WHERE owner = 'dead'"), "0");
}

TEST_F(Shares, L07DeathDASlotWhoseEndWasToldIsFreeThenWhateverBecameOfItsReplica) {
    const auto one = open();
    sql(a_killed_one("dead", seconds{20}, 6, "10000:1,19000:2,50000:1,55000:1"));
    const auto left = run(one->windows.take(request_for(6), soon()));
    EXPECT_EQ(left.others, 3U) << "three of six are past";
    EXPECT_EQ(left.capacity, 3U);
    EXPECT_GT(left.free_after, seconds{25}) << "50 seconds after it told";
    EXPECT_LE(left.free_after, seconds{30});
}

TEST_F(Shares, L07DeathDARequestThatComesLateChangesNothing) {
    const auto one = open(), two = open();
    auto late = request_for(1);
    EXPECT_EQ(run(one->windows.take(request_for(4), soon())).capacity, 4U);
    run(one->windows.take(late, soon()));
    EXPECT_EQ(run(two->windows.take(request_for(6), soon())).capacity, 2U);
}

TEST_F(Shares, L07DeathDSixCallsAreToldWhatTheUserHasLeftWhicheverReplicaMakesThem) {
    replica one(loop, open()), two(loop, open());
    for (std::uint32_t left = 6; left-- > 0;) {
        ASSERT_TRUE(one.take(loop));
        EXPECT_EQ(one.told.limit, 6U);
        EXPECT_EQ(one.told.remaining, left);
    }
    for (std::uint32_t left = 6; left-- > 0;) {
        auto& next = left % 3 == 0 ? two : one;
        ASSERT_TRUE(next.take(loop, "ben")) << left;
        EXPECT_EQ(next.told.remaining, left);
    }
    EXPECT_GT(two.told.until_more, seconds{50}) << "nothing is left";
}

TEST_F(Shares, P09DeathDACallOnAShareIsSentBeforeItsFenceOrNotAtAll) {
    replica one(loop, open());
    const auto got = one.take_or_not(loop);
    const auto* const slot = std::get_if<limits::permit>(&got);
    ASSERT_NE(slot, nullptr);
    EXPECT_LE(slot->send_by(), steady_now() + limits::share_fence);
}

TEST_F(Shares, L07DeathDFourLivesThatWereKilledLeaveAReadItsSlots) {
    replica one(loop, open());
    one.table.change_rules(std::vector<limits::window_rule>(4, {600, milliseconds{60'000}}));
    for (const auto* life : {"one", "two", "three", "four"})
        sql(a_killed_one(life, seconds{2}, 38)); // one call of each, and what it requests beyond
    ASSERT_TRUE(one.take(loop));
    EXPECT_EQ(one.told.remaining, 600U - 4 * 38 - 1);
}

TEST_F(Shares, L07DeathDAClientThatObeysTheWaitSucceeds) {
    replica one(loop, open());
    sql(a_killed_one("dead", milliseconds{74'400}, 3)); // its fence was there a window ago
    sql(a_killed_one("dead later", seconds{5}, 3));
    const auto wait = one.wait(loop);
    EXPECT_GT(wait, milliseconds{0});
    EXPECT_LE(wait, milliseconds{600});
    EXPECT_GT(one.wait(loop), milliseconds{0}) << "not yet";
    pass(loop, wait);
    EXPECT_TRUE(one.take(loop));
}

TEST_F(Shares, L07DeathDTheWaitThatOneReplicaTellsIsTrueAtAnotherAlsoWhileTheDatabaseIsSlow) {
    replica one(loop, open()), two(loop, open());
    for (auto* each : {&one, &two})
        each->table.change_rules(std::vector<limits::window_rule>(4, {2, milliseconds{2'000}}));
    ASSERT_TRUE(one.take(loop));
    pass(loop, milliseconds{200});
    ASSERT_TRUE(two.take(loop));
    const auto slow = std::async(
        std::launch::async, [this] { sql("BEGIN; LOCK TABLE window_shares; SELECT pg_sleep(0.4); COMMIT"); });
    turn_until(loop, [this] {
        return sql("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'") != "0";
    });
    const auto wait = one.wait(loop); // one told the end of its slot, and the store heard it late
    EXPECT_GT(wait, milliseconds{0});
    pass(loop, wait);
    EXPECT_TRUE(two.take(loop)) << "told to wait " << wait.count() << " ms";
}

TEST_F(Shares, L07DeathDAReplicaThatWasJustKilledIsAskedAFewTimesAndThenTheWaitIsTold) {
    auto connected = store::open_postgresql_engine(url, schema.name(), few_connections());
    ASSERT_TRUE(connected) << connected.error().message();
    auto counting = std::make_unique<counting_engine>(std::move(*connected));
    auto& counts = *counting;
    replica one(loop, std::make_unique<store::store>(std::move(counting)));
    sql(a_killed_one("dead", seconds{5}, 6));
    for (int i = 0; i < 100; ++i) {
        const auto wait = one.wait(loop);
        EXPECT_GT(wait, seconds{65});
        EXPECT_LE(wait, seconds{70});
    }
    EXPECT_LE(counts.units(), 8U) << "of 100 refused calls";
}

TEST_F(Shares, U07DeathDACloseThatTheStoreDidNotHearIsToldAgain) {
    harness::postgresql_server own;
    const auto where = own.url("gateway");
    replica one(loop, open_at(where)), two(loop, open_at(where));
    ASSERT_TRUE(two.take(loop));
    own.stop();
    one.windows.announce_closed("ann", 3, seconds{60});
    turn_until(loop, [&] { return !run_on(loop, one.at->on().beat(in(1'000))); });
    own.start();
    turn_until(loop, [&] { return two.is_closed() || two.wait(loop) > seconds{30}; });
    EXPECT_FALSE(two.take(loop));
}

TEST_F(Shares, L07DeathDAnOrderlyEndGivesBackWhatWasNotUsedAndTellsTheEndOfTheRest) {
    const std::vector<limits::window_rule> many(4, {600, milliseconds{60'000}});
    auto one = std::make_unique<replica>(loop, open());
    replica next(loop, open());
    one->table.change_rules(many);
    next.table.change_rules(many);
    ASSERT_TRUE(one->take(loop));
    ASSERT_TRUE(one->take(loop, "ben"));
    run_on(loop, one->windows.give_all_back(soon()));
    one.reset();
    for (const auto* key : {"ann", "ben"}) {
        ASSERT_TRUE(next.take(loop, key));
        EXPECT_EQ(next.told.remaining, 598U) << "one call was made here and one there";
    }
    EXPECT_EQ(sql("SELECT count(*) FROM window_shares WHERE capacity = 1 AND frees <> ''"), "2");
}

TEST_F(Shares, L07DeathDAReplicaThatLeavesTellsAndTheNextOneHasTheRest) {
    auto one = std::make_unique<replica>(loop, open());
    for (int i = 0; i < 4; ++i)
        ASSERT_TRUE(one->take(loop));
    one.reset();
    replica next(loop, open());
    ASSERT_TRUE(next.take(loop));
    EXPECT_EQ(next.told.remaining, 1U);
    ASSERT_TRUE(next.take(loop));
    const auto wait = next.wait(loop);
    EXPECT_GT(wait, seconds{50});
    EXPECT_LE(wait, seconds{60});
}

} // namespace
} // namespace gateway::testing
