// Shares of TikTok's windows between replicas, on a real database and through shared_windows.
#include "postgresql/window_replicas.hpp"

namespace gateway::testing {

TEST_F(PostgresqlStore, L07GrantsNoMoreThanTheLimitAndTellsTheOthersWhatIsWanted) {
    const auto one = open(), two = open();
    wanted_ear theirs(*one);
    turn_until(loop, [&] { return theirs.touch.load(); });
    const auto granted = run(one->windows.take(request_for(4, 4, {{seconds{30}, 1}}), soon()));
    EXPECT_EQ(granted.capacity, 4U);
    EXPECT_EQ(run(two->windows.take(request_for(2), soon())).capacity, 2U);
    EXPECT_EQ(theirs.heard(), "");
    const auto left = run(two->windows.take(request_for(5), soon()));
    EXPECT_EQ(left.capacity, 2U);
    EXPECT_EQ(left.others, 4U);
    EXPECT_EQ(left.not_told, 1U);
    EXPECT_GT(left.free_after, seconds{25});
    EXPECT_LE(left.free_after, seconds{30});
    turn_until(loop, [&] { return theirs.heard() == "ann/3"; });
    run(one->windows.give_back(use_of(1, {{seconds{50}, 1}}), 1, soon()));
    auto again = request_for(6);
    again.asked_at = left.granted_at;
    const auto more = run(two->windows.take(again, soon()));
    EXPECT_EQ(more.capacity, 5U);
    EXPECT_EQ(more.not_told, 0U);
    EXPECT_EQ(run(one->windows.take(request_for(6), soon())).capacity, 1U);
}

TEST_F(PostgresqlStore, L07KeepsTheSlotsOfAReplicaThatIsGoneForAWindow) {
    auto one = open();
    const auto two = open();
    EXPECT_EQ(run(one->windows.take(request_for(4), soon())).capacity, 4U);
    EXPECT_EQ(run(two->windows.take(request_for(6), soon())).capacity, 2U);
    run(two->windows.give_back(use_of(0), 0, soon()));
    one.reset(); // deregisters: its used slots are free in a minute
    const auto left = run(two->windows.take(request_for(6), soon()));
    EXPECT_EQ(left.capacity, 2U);
    EXPECT_EQ(left.not_told, 0U);
    EXPECT_GT(left.free_after, seconds{50});
    EXPECT_LE(left.free_after, seconds{60});
    sql("UPDATE window_shares SET held_until = held_until - 61000 WHERE capacity = 4");
    EXPECT_EQ(run(two->windows.take(request_for(6), soon())).capacity, 6U);
}

TEST_F(PostgresqlStore, L07AReturnThatComesLateTakesNothingFromANewerGrant) {
    const auto one = open(), two = open();
    EXPECT_EQ(run(one->windows.take(request_for(2), soon())).capacity, 2U);
    const auto late = use_of(0);
    EXPECT_EQ(run(one->windows.take(request_for(4), soon())).capacity, 4U);
    run(one->windows.give_back(late, 0, soon()));
    EXPECT_EQ(run(two->windows.take(request_for(6), soon())).capacity, 2U);
}

TEST_F(PostgresqlStore, L07CountsHeirsAsNoReplicas) {
    const auto one = open(), two = open();
    run(one->on().beat(soon()));
    EXPECT_EQ(one->on().replicas()->count, 2U);
    sql("INSERT INTO store_instances (owner, alive_until) VALUES ('heir', 9000000000000)");
    run(one->on().beat(soon()));
    EXPECT_EQ(one->on().replicas()->count, 2U);
}

TEST_F(PostgresqlStore, U07AWindowThatTikTokClosedIsClosedForAllReplicas) {
    const auto one = open(), two = open();
    wanted_ear theirs(*two);
    turn_until(loop, [&] { return theirs.touch.load(); });
    run(one->windows.close(window, 6, seconds{30}, soon()));
    turn_until(loop, [&] { return theirs.heard() == "ann/3 closed"; });
    const auto left = run(two->windows.take(request_for(1), soon()));
    EXPECT_EQ(left.capacity, 0U);
    EXPECT_GT(left.closed_for, seconds{25});
    sql("UPDATE window_shares SET held_until = 0");
    EXPECT_EQ(run(two->windows.take(request_for(1), soon())).capacity, 1U);
}

TEST_F(PostgresqlStore, U07AReplicaWithAShareInHandStopsWhenAnotherHears429) {
    replica one(loop, open()), two(loop, open());
    wanted_ear theirs(*two.at);
    turn_until(loop, [&] { return theirs.touch.load(); });
    ASSERT_TRUE(one.take(loop));
    ASSERT_TRUE(two.take(loop));
    one.windows.announce_closed("ann", 3, seconds{30});
    turn_until(loop, [&] { return theirs.heard() == "ann/3 closed"; });
    turn_until(loop, [&] { return two.is_closed(); }); // it reads the row
    EXPECT_FALSE(two.take(loop));
    EXPECT_TRUE(two.take(loop, "ben"));
}

TEST_F(PostgresqlStore, L07TwoReplicasUseAWindowToItsEndWhicheverIsAsked) {
    replica one(loop, open()), two(loop, open());
    wanted_ear ours(*one.at), theirs(*two.at);
    turn_until(loop, [&] { return ours.touch && theirs.touch; });
    int had = 0;
    for (int i = 0; i < 6; ++i)
        had += (i % 3 == 0 ? two : one).take(loop);
    EXPECT_EQ(had, 6);
    EXPECT_FALSE(one.take(loop));
    EXPECT_FALSE(two.take(loop));
    EXPECT_TRUE(two.take(loop, "ben")) << "another user has a window of their own";
}

TEST_F(PostgresqlStore, L06TheShareInHandGoesOnAndTheRestWaitsWhileTheStoreIsAway) {
    harness::postgresql_server own;
    replica one(loop, open_at(own.url("gateway")));
    one.table.change_rules(std::vector<limits::window_rule>(4, {600, milliseconds{60'000}}));
    ASSERT_TRUE(one.take(loop));
    own.stop();
    for (int i = 0; i < 30; ++i)
        EXPECT_TRUE(one.take(loop)) << i;
    EXPECT_FALSE(one.take(loop, "ben")) << "nobody knows what the others use";
    const auto away = run_on(loop, one.windows.ask("ben", 3, soon()));
    ASSERT_TRUE(std::holds_alternative<windows::store_unavailable>(away));
    own.start();
    turn_until(loop, [&] { return one.take(loop, "ben"); });
}

} // namespace gateway::testing
