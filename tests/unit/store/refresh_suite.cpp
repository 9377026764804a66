#include "unit/store/store_fixture.hpp"

namespace gateway::testing {

using store::refresh_begin;
using store::refresh_end;

TEST_P(StoreSuite, LetsOneOwnerHoldALeaseAndGivesGrowingFences) {
    const auto first = take("ann", at_second(0));
    ASSERT_TRUE(first);
    EXPECT_FALSE(take("ann", at_second(5)));
    const auto other = take("bob", at_second(5));
    ASSERT_TRUE(other);
    const auto late = take("ann", at_second(11));
    ASSERT_TRUE(late) << "the lease has run out";
    EXPECT_GT(other->fence, first->fence);
    EXPECT_GT(late->fence, other->fence);
    run(at->refreshes.release_lease(*first, soon()));
    EXPECT_FALSE(take("ann", at_second(12))) << "an old holder cannot release the new one's lease";
    run(at->refreshes.release_lease(*late, soon()));
    EXPECT_TRUE(take("ann", at_second(13)));
}

TEST_P(StoreSuite, DeathGSaysHowLongALeaseOfALivingHolderMayLast) {
    const auto of = [this] { return run(at->refreshes.find_holder(user("ann"), soon())); };
    EXPECT_FALSE(of());
    const auto held = take("ann", at_second(0));
    ASSERT_TRUE(held);
    const auto holder = of();
    ASSERT_TRUE(holder);
    EXPECT_FALSE(holder->is_gone);
    EXPECT_GT(holder->left, milliseconds{1'000});
    EXPECT_LE(holder->left, milliseconds{10'000});
    run(at->refreshes.release_lease(*held, soon()));
    EXPECT_FALSE(of());
}

TEST_P(StoreSuite, DeathPALeaseWhoseAnswerIsHereDoesNotCountAndNoOther) {
    const auto held = take("ann", at_second(0));
    ASSERT_TRUE(held);
    const auto again = [this](std::uint64_t instead_of) {
        return run(at->refreshes.take_lease(user("ann"), milliseconds{10'000}, soon(), instead_of));
    };
    EXPECT_FALSE(again(held->fence + 1));
    const auto next = again(held->fence);
    ASSERT_TRUE(next);
    EXPECT_GT(next->fence, held->fence);
    EXPECT_FALSE(again(held->fence));
}

TEST_P(StoreSuite, BeginsARefreshOnlyWithTheLeaseAndForTheNewestVersion) {
    ASSERT_TRUE(put(connection("ann", 1), 0));
    auto held = take("ann", at_second(0));
    EXPECT_EQ(run(at->refreshes.begin(*held, 2, soon())), refresh_begin::refused);
    auto stale = *held;
    stale.fence -= 1;
    EXPECT_EQ(run(at->refreshes.begin(stale, 1, soon())), refresh_begin::refused);
    EXPECT_EQ(run(at->refreshes.begin(*held, 1, soon())), refresh_begin::begun);
    EXPECT_TRUE(run(at->refreshes.unfinished("app", soon())).empty()) << "its holder is at work";
    pass_time_until(at_second(11));
    const auto open = run(at->refreshes.unfinished("app", soon()));
    ASSERT_EQ(open.size(), 1U);
    EXPECT_EQ(open[0].user.text(), "ann");
    EXPECT_EQ(open[0].version, 1U);
    run(at->refreshes.close(*held, soon()));
    EXPECT_TRUE(run(at->refreshes.unfinished("app", soon())).empty());
}

TEST_P(StoreSuite, GivesUnfinishedRefreshesTheOldestFirst) {
    auto now = at_second(0);
    for (const char* name : {"bob", "eve", "ann"}) {
        ASSERT_TRUE(put(connection(name, 1), 0));
        const auto held = take(name, now += seconds{1});
        ASSERT_EQ(run(at->refreshes.begin(*held, 1, soon())), refresh_begin::begun);
    }
    pass_time_until(at_second(14));
    const auto open = run(at->refreshes.unfinished("app", soon()));
    ASSERT_EQ(open.size(), 3U);
    EXPECT_EQ(open[0].user.text(), "bob");
    EXPECT_EQ(open[1].user.text(), "eve");
    EXPECT_EQ(open[2].user.text(), "ann");
    EXPECT_LT(open[0].started_at, open[2].started_at);
}

TEST_P(StoreSuite, T04TellsWhoBeginsThatAnotherBeganAndNobodySawItsEnd) {
    ASSERT_TRUE(put(connection("ann", 1), 0));
    const auto dead = take("ann", at_second(0));
    EXPECT_EQ(run(at->refreshes.begin(*dead, 1, soon())), refresh_begin::begun);
    auto held = take("ann", at_second(11));
    EXPECT_EQ(run(at->refreshes.begin(*held, 1, soon())), refresh_begin::begun_again);
    run(at->refreshes.close(*held, soon()));
    EXPECT_EQ(run(at->refreshes.begin(*held, 1, soon())), refresh_begin::begun);
    ASSERT_TRUE(put(connection("ann", 2), 1));
    EXPECT_EQ(run(at->refreshes.begin(*held, 2, soon())), refresh_begin::begun)
        << "what was open is about another pair";
}

TEST_P(StoreSuite, StoresTheNewPairKeepsTheOldAndEndsTheIntent) {
    ASSERT_TRUE(put(connection("ann", 1), 0));
    auto held = take("ann", at_second(0));
    ASSERT_EQ(run(at->refreshes.begin(*held, 1, soon())), refresh_begin::begun);
    EXPECT_EQ(run(at->refreshes.finish(*held, connection("ann", 2), 1, soon())), refresh_end::stored);
    EXPECT_EQ(there("ann")->version, 2U);
    EXPECT_EQ(run(at->connections.kept_tokens(user("ann"), soon())).at(0).version, 1U);
    EXPECT_TRUE(run(at->refreshes.unfinished("app", soon())).empty());
}

TEST_P(StoreSuite, T21LetsANewGrantWinOverARefreshThatIsRunning) {
    ASSERT_TRUE(put(connection("ann", 1), 0));
    auto held = take("ann", at_second(0));
    ASSERT_EQ(run(at->refreshes.begin(*held, 1, soon())), refresh_begin::begun);
    auto grant = connection("ann", 2);
    grant.sealed_tokens = "of the new grant";
    ASSERT_TRUE(put(grant, 1));
    EXPECT_EQ(run(at->refreshes.finish(*held, connection("ann", 2), 1, soon())), refresh_end::superseded);
    EXPECT_EQ(there("ann")->sealed_tokens, "of the new grant");
}

TEST_P(StoreSuite, T19DoesNotBringARevokedOrForgottenConnectionBack) {
    for (const bool revoke : {true, false}) {
        const std::string name = revoke ? "ann" : "bob";
        ASSERT_TRUE(put(connection(name, 10), 0));
        auto held = take(name, at_second(0));
        ASSERT_EQ(run(at->refreshes.begin(*held, 10, soon())), refresh_begin::begun);
        if (revoke)
            run(at->connections.revoke(open_id::trusted("open-" + name), "app", at_second(1), "gone",
                                       at_second(1), soon()));
        else
            forget(name);
        EXPECT_EQ(run(at->refreshes.finish(*held, connection(name, 11), 10, soon())),
                  refresh_end::superseded);
        const auto record = there(name);
        if (revoke)
            EXPECT_EQ(record->state, store::connection_state::revoked);
        else
            EXPECT_FALSE(record);
    }
}

TEST_P(StoreSuite, T13KeepsThePairOfALateHolderAsACandidate) {
    ASSERT_TRUE(put(connection("ann", 1), 0));
    auto paused = take("ann", at_second(0));
    ASSERT_EQ(run(at->refreshes.begin(*paused, 1, soon())), refresh_begin::begun);
    auto next = take("ann", at_second(60));
    ASSERT_TRUE(next);
    EXPECT_EQ(run(at->refreshes.finish(*paused, connection("ann", 2), 1, soon())),
              refresh_end::kept_as_candidate);
    EXPECT_EQ(there("ann")->version, 1U);
    const auto kept = run(at->connections.kept_tokens(user("ann"), soon()));
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0].reason, store::kept_reason::candidate);
    EXPECT_EQ(run(at->refreshes.begin(*next, 1, soon())), refresh_begin::begun_again)
        << "TikTok rotated, and the pair is not where the next one looks";
    EXPECT_EQ(run(at->refreshes.finish(*next, connection("ann", 2), 1, soon())), refresh_end::stored);
}

} // namespace gateway::testing
