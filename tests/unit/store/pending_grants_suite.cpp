#include "unit/store/login_records.hpp"

namespace gateway::testing {
namespace {

auto claim(store::store& at, const std::string& hash, int second, const std::string& by = "shop",
           const std::string& name = "ann") {
    return at.pending.claim(hash, caller(by), user(name), at_second(second), seconds{60}, soon());
}

auto due(store::store& at, wall_time now) {
    return at.pending.due(now, 100, soon());
}

store::revocation_record revocation_of(const std::string& account) {
    store::revocation_record record;
    record.app = "app";
    record.account = open_id::trusted(account);
    record.sealed_tokens = std::string("\1s\0", 3);
    record.expires_at = at_second(15'552'000);
    return record;
}

auto give_up(store::store& at, const store::pending_grant_record& seen) {
    return at.revocations.put_in_place_of(seen, revocation_of(seen.account.text()), at_second(1), soon());
}

using hashes = std::vector<std::string>;

hashes of(const std::vector<store::pending_grant_record>& grants) {
    hashes out;
    for (const auto& one : grants)
        out.push_back(one.confirmation_hash);
    return out;
}

} // namespace

TEST_P(StoreSuite, AuditAWaitingGrantsAreClaimedOnceByTheirCallerForTheirUserAndInTime) {
    auto waits = waiting_grant("h1");
    waits.replace_account = true;
    waits.granted_at = at_second(-3);
    run(at->pending.put(waits, soon()));
    EXPECT_FALSE(run(claim(*at, "h2", 1, "shop", "ann")));
    EXPECT_FALSE(run(claim(*at, "h1", 1, "other", "ann")));
    EXPECT_FALSE(run(claim(*at, "h1", 1, "shop", "bob")));
    EXPECT_FALSE(run(claim(*at, "h1", 600, "shop", "ann")));
    const auto claimed = run(claim(*at, "h1", 599, "shop", "ann"));
    ASSERT_TRUE(claimed);
    EXPECT_EQ(claimed->app, "app");
    EXPECT_EQ(claimed->account.text(), "open-1");
    EXPECT_EQ(claimed->scopes, "video.list");
    EXPECT_TRUE(claimed->replace_account);
    EXPECT_EQ(claimed->sealed_tokens, waits.sealed_tokens);
    EXPECT_EQ(claimed->created_at, at_second(0));
    EXPECT_EQ(claimed->granted_at, at_second(-3)) << "by TikTok's clock";
    EXPECT_EQ(claimed->access_expires_at, at_second(7'200));
    EXPECT_FALSE(run(claim(*at, "h1", 599, "shop", "ann"))) << "once";
    run(at->pending.give_back(*claimed, soon()));
    EXPECT_TRUE(run(claim(*at, "h1", 599, "shop", "ann"))) << "it could not be stored, so it waits again";
    run(at->pending.give_back(waits, soon()));
    EXPECT_FALSE(run(claim(*at, "h1", 599, "shop", "ann"))) << "whose reservation is over gives back nothing";
    run(at->pending.drop("h1", soon()));
    run(at->pending.give_back(*claimed, soon()));
    EXPECT_FALSE(run(claim(*at, "h1", 1, "shop", "ann")));
}

TEST_P(StoreSuite, PendingGrantsAreDueWhenTheirTimeIsOverAndNotWhileTheyAreBeingConfirmed) {
    run(at->pending.put(waiting_grant("h1"), soon()));
    run(at->pending.put(waiting_grant("h2"), soon()));
    EXPECT_EQ(of(run(due(*at, at_second(599)))), hashes{});
    EXPECT_TRUE(run(claim(*at, "h1", 590)));
    EXPECT_EQ(of(run(due(*at, at_second(649)))), hashes{"h2"}) << "a confirmation has begun in time";
    GetParam().pass_time(folder, seconds{61});
    EXPECT_EQ(run(due(*at, at_second(650))).size(), 2U) << "whoever confirmed it has died";
    EXPECT_TRUE(run(claim(*at, "h1", 590)));
    forget("ann");
    EXPECT_EQ(of(run(due(*at, from_unix_ms(0)))), hashes{"h2"})
        << "those of a user who was disconnected are over, but for what is being confirmed";
}

TEST_P(StoreSuite, PendingGrantsOnlyTheLastHolderOfAnAccountRevokes) {
    const auto to_revoke = [this] {
        hashes accounts;
        for (const auto& one : due_revocations())
            accounts.push_back(one.account.text());
        return accounts;
    };
    run(at->pending.put(waiting_grant("h1"), soon()));
    run(at->pending.put(waiting_grant("h2", "bob"), soon()));
    run(at->pending.put(waiting_grant("h3", "cid", "open-3"), soon()));
    EXPECT_TRUE(run(give_up(*at, waiting_grant("h1"))));
    EXPECT_EQ(to_revoke(), hashes{}) << "bob's waits";
    EXPECT_FALSE(run(give_up(*at, waiting_grant("h1")))) << "another replica was first";
    EXPECT_TRUE(run(give_up(*at, waiting_grant("h2", "bob"))));
    EXPECT_EQ(to_revoke(), hashes{"open-1"}) << "ann's waits no longer";
    EXPECT_FALSE(run(claim(*at, "h2", 1, "shop", "bob"))) << "nor does bob's";
    run(at->pending.put(waiting_grant("h5"), soon()));
    EXPECT_EQ(to_revoke(), hashes{}) << "it would end the new grant, too";
    auto held = connection("dan", 1);
    held.account = open_id::trusted("open-3");
    ASSERT_TRUE(put(held, 0));
    EXPECT_TRUE(run(give_up(*at, waiting_grant("h3", "cid", "open-3"))));
    EXPECT_EQ(to_revoke(), hashes{}) << "dan is connected to it";
    run(at->pending.put(waiting_grant("h4", "cid", "open-3"), soon()));
    run(at->connections.revoke(open_id::trusted("open-3"), "app", at_second(1), "user_disconnected",
                               at_second(1), soon()));
    EXPECT_TRUE(run(give_up(*at, waiting_grant("h4", "cid", "open-3"))));
    EXPECT_EQ(to_revoke(), hashes{"open-3"}) << "and has left";
}

TEST_P(StoreSuite, PendingGrantsOfAUserWhoIsDisconnectedWithoutARevokeAreLeftToTheSweep) {
    auto over = connection("ann", 1);
    over.account = open_id::trusted("open-1");
    ASSERT_TRUE(put(over, 0));
    run(at->pending.put(waiting_grant("h1"), soon()));
    auto nothing = revocation_of("open-1");
    nothing.user = user("ann");
    nothing.sealed_tokens.clear(); // there is no grant any more with which TikTok could be asked
    const auto ended = end("ann", nothing, {}, 1);
    EXPECT_EQ(ended.what, store::connection_end::kind::alone);
    EXPECT_EQ(ended.revocation, 0U);
    EXPECT_FALSE(run(claim(*at, "h1", 1)));
    auto over_now = waiting_grant("h1");
    over_now.expires_at = from_unix_ms(0);
    EXPECT_EQ(of(run(due(*at, at_second(1)))), hashes{"h1"});
    EXPECT_TRUE(run(give_up(*at, over_now)));
    EXPECT_EQ(due_revocations().size(), 1U);
}

TEST_P(StoreSuite, PendingGrantsThatAreBeingConfirmedAreNotGivenUp) {
    run(at->pending.put(waiting_grant("h1"), soon()));
    const auto seen = run(due(*at, at_second(600)));
    ASSERT_EQ(seen.size(), 1U) << "by a replica whose clock is ahead";
    EXPECT_TRUE(run(claim(*at, "h1", 599)));
    EXPECT_FALSE(run(give_up(*at, seen[0])));
    EXPECT_TRUE(due_revocations().empty());
}

TEST_P(StoreSuite, PendingGrantsGoWithTheirAccountWhenItLeavesAtTikTok) {
    auto young = waiting_grant("h2");
    young.granted_at = at_second(10);
    run(at->pending.put(waiting_grant("h1"), soon()));
    run(at->pending.put(young, soon()));
    run(at->pending.put(waiting_grant("h3", "ann", "open-2"), soon()));
    run(at->pending.drop_of_account(open_id::trusted("open-1"), "other-app", at_second(99), soon()));
    run(at->pending.drop_of_account(open_id::trusted("open-1"), "app", at_second(9), soon()));
    EXPECT_EQ(of(run(due(*at, at_second(600)))), (hashes{"h2", "h3"}))
        << "one that may be newer than the event stays";
}

TEST_P(StoreSuite, V15AuditFPendingGrantsWaitForTheSweepOfTheirAppAsLongAsTheirTokensLive) {
    run(at->pending.put(waiting_grant("h1"), soon()));
    EXPECT_EQ(sealed_with("s"), 1U) << "counted among what the key ring must open";
    run(at->upkeep.sweep(at_second(15'552'000 - 1), soon()));
    EXPECT_EQ(of(run(due(*at, at_second(600)))), hashes{"h1"});
    run(at->upkeep.sweep(at_second(15'552'000), soon()));
    EXPECT_EQ(of(run(due(*at, at_second(600)))), hashes{});
    EXPECT_EQ(sealed_with("s"), 0U);
}

TEST_P(StoreSuite, AuditEPendingGrantsOfADeletedUserAreFoundByTheSweepBeforeUpkeepDeletesThem) {
    auto short_lived = waiting_grant("h1");
    short_lived.refresh_expires_at = at_second(601);
    run(at->pending.put(short_lived, soon()));
    EXPECT_FALSE(forget("ann")) << "there was no connection";
    EXPECT_FALSE(run(claim(*at, "h1", 1)));
    for (const int second : {1, 602, 86'399}) {
        run(at->upkeep.sweep(at_second(second), soon()));
        EXPECT_EQ(of(run(due(*at, at_second(second)))), hashes{"h1"}) << second;
    }
    run(at->upkeep.sweep(at_second(86'400), soon()));
    EXPECT_EQ(of(run(due(*at, at_second(86'400)))), hashes{});
}

TEST_P(StoreSuite, AuditEPendingGrantsThatAreReservedAreNotDeletedByUpkeep) {
    auto over = waiting_grant("h1");
    over.refresh_expires_at = at_second(601);
    run(at->pending.put(over, soon()));
    EXPECT_TRUE(run(claim(*at, "h1", 599)));
    run(at->upkeep.sweep(at_second(600 + 86'400), soon()));
    EXPECT_EQ(sealed_with("s"), 1U);
    GetParam().pass_time(folder, seconds{61});
    run(at->upkeep.sweep(at_second(600 + 86'400), soon()));
    EXPECT_EQ(sealed_with("s"), 0U);
}

} // namespace gateway::testing
