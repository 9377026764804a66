// Who ends an account's grant at TikTok, when, and what becomes of the pairs of other apps.
#include "unit/store/account_records.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string_view>

namespace gateway::testing {

using store::connection_state;
using ::testing::ElementsAre;
using end_kind = store::connection_end::kind;

namespace {

/// A row that waits beside, as it was seen: with nothing to revoke.
store::revocation_record seen_beside(const std::string& app, std::uint64_t version) {
    store::revocation_record out;
    out.app = app;
    out.version = version;
    return out;
}

std::uint64_t count_of(std::string_view table, const store::rows_by_table& rows) {
    const auto& tables = store::tables_with_an_end;
    const auto found = std::find(tables.begin(), tables.end(), table);
    return rows.at(static_cast<std::size_t>(found - tables.begin()));
}

store::revocation_record at_once(store::revocation_record record) {
    record.wait = milliseconds{0};
    return record;
}

} // namespace

TEST_P(StoreSuite, AuditETheLastHolderIsTheOneWhoRevokes) {
    ASSERT_TRUE(put(holder("ann", 1), 0));
    ASSERT_TRUE(put(holder("bob", 1), 0));
    EXPECT_EQ(end("ann", to_revoke("ann"), {}, 2).what, end_kind::changed);
    EXPECT_EQ(end("eve", to_revoke("eve"), {}, 1).what, end_kind::absent);
    EXPECT_EQ(end("ann", to_revoke("ann"), {}, 1).what, end_kind::held_by_others);
    EXPECT_FALSE(there("ann"));
    const auto last = end("bob", to_revoke("bob"), {}, 1);
    EXPECT_EQ(last.what, end_kind::alone);
    EXPECT_GT(last.revocation, 0U);
    pass_time_until(at_second(60));
    EXPECT_TRUE(due_revocations("app-2").empty());
    const auto due = due_revocations();
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].user.text(), "bob");
    EXPECT_EQ(due[0].sealed_tokens, to_revoke("bob").sealed_tokens);
    const auto claim = [&] {
        return run(at->revocations.claim(due[0], "app", seconds{60}, at_second(60), soon()));
    };
    EXPECT_TRUE(claim());
    EXPECT_FALSE(claim()) << "by another one";
    auto anew = due[0];
    anew.sealed_tokens = "another pair";
    anew.tries = 2;
    EXPECT_EQ(run(at->revocations.replace(anew, at_second(60), soon())), anew.number);
    pass_time_until(at_second(120));
    const auto again = due_revocations();
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].sealed_tokens, "another pair");
    EXPECT_EQ(again[0].tries, 2U);
    auto another = again[0];
    another.account = open_id::trusted("another account");
    run(at->revocations.remove(another, soon()));
    another = again[0];
    another.sealed_tokens = "an earlier pair";
    run(at->revocations.remove(another, soon()));
    EXPECT_EQ(run(at->revocations.judge(again[0], at_second(120), soon())), store::revoke_verdict::allowed);
    run(at->revocations.remove(again[0], soon()));
    EXPECT_EQ(run(at->revocations.judge(again[0], at_second(120), soon())), store::revoke_verdict::gone);
}

TEST_P(StoreSuite, AuditEARevocationWaitsByTheClockOfTheDatabase) {
    const auto overdue = [this](const std::string& app, wall_time now) {
        return count_of("revocations", run(at->upkeep.overdue(app, now, wall_time{}, soon())));
    };
    ASSERT_TRUE(put(holder("ann", 1), 0));
    ASSERT_EQ(end("ann", to_revoke("ann"), {}, 1).what, end_kind::alone);
    EXPECT_TRUE(due_revocations().empty()) << "the call's own try, whatever a replica's clock says";
    GetParam().pass_time(folder, seconds{50});
    EXPECT_TRUE(due_revocations().empty());
    GetParam().pass_time(folder, seconds{10});
    const auto due = due_revocations();
    ASSERT_EQ(due.size(), 1U);
    const auto hours_ahead = at_second(100 * 3'600);
    EXPECT_TRUE(run(at->revocations.claim(due[0], "app", seconds{60}, hours_ahead, soon())));
    EXPECT_TRUE(due_revocations().empty());
    EXPECT_EQ(overdue("app", hours_ahead), 0U);
    GetParam().pass_time(folder, seconds{60});
    EXPECT_EQ(due_revocations().size(), 1U);
    EXPECT_EQ(overdue("app", at_second(0)), 1U);
    EXPECT_EQ(overdue("app-2", at_second(0)), 0U) << "it waits for its app";
}

TEST_P(StoreSuite, AuditEWhoLostTheAnswerToARefreshHoldsTheAccountWhileItsAccessTokenLives) {
    const auto lost = [this](const std::string& name, std::uint64_t version) {
        EXPECT_TRUE(run(at->connections.set_state(user(name), version, connection_state::reconnect_required,
                                                  "rotation_response_lost", at_second(1), soon())));
    };
    ASSERT_TRUE(put(holder("ann", 1), 0));
    lost("ann", 1);
    ASSERT_TRUE(put(holder("cid", 1), 0));
    lost("cid", 1);
    ASSERT_TRUE(put(holder("cid", 2, "app-2"), 1)); // and now it waits beside
    ASSERT_TRUE(put(holder("bob", 1), 0));
    const auto end_bob = [this](int second) {
        const store::leaving_user bob{user("bob"), 1, "app", to_revoke("bob"), {}};
        return run(at->connections.end(bob, at_second(second), soon())).what;
    };
    EXPECT_EQ(end_bob(7'199), end_kind::held_by_others);
    ASSERT_TRUE(put(holder("bob", 2), 0));
    const store::leaving_user bob{user("bob"), 2, "app", to_revoke("bob"), {}};
    EXPECT_EQ(run(at->connections.end(bob, at_second(7'200), soon())).what, end_kind::alone);
}

TEST_P(StoreSuite, V15AuditFAPairThatWaitsBesideHoldsItsAccount) {
    ASSERT_TRUE(put(holder("ann", 1), 0));
    ASSERT_TRUE(put(holder("ann", 2, "app-2"), 1));
    ASSERT_TRUE(put(holder("bob", 1), 0));
    EXPECT_EQ(end("bob", to_revoke("bob"), {}, 1).what, end_kind::held_by_others);
    EXPECT_EQ(end("ann", to_revoke("ann", "app-2"), {seen_beside("app", 1)}, 2).what, end_kind::alone)
        << "of the other app";
}

TEST_P(StoreSuite, V15AuditFTheEndOfAUserLeavesTheGrantsOfOtherAppsToThem) {
    ASSERT_TRUE(put(holder("ann", 1, "app-1"), 0));
    ASSERT_TRUE(put(holder("ann", 2, "app-2"), 1));
    ASSERT_TRUE(put(holder("ann", 3, "app-3"), 2));
    const auto third = to_revoke("ann", "app-3");
    auto beside = std::vector{at_once(to_revoke("ann", "app-1")), seen_beside("app-2", 2)};
    beside[0].version = 1;
    EXPECT_EQ(end("ann", third, {}, 3).what, end_kind::changed) << "they were not seen";
    EXPECT_EQ(end("ann", third, {beside[0]}, 3).what, end_kind::changed);
    auto older = beside;
    older[1].version = 1;
    EXPECT_EQ(end("ann", third, older, 3).what, end_kind::changed);
    EXPECT_EQ(there("ann")->version, 3U);
    EXPECT_EQ(end("ann", third, beside, 3).what, end_kind::alone);
    EXPECT_FALSE(there("ann"));
    EXPECT_TRUE(run(at->connections.find_all_beside(user("ann"), soon())).empty());
    const auto waits = due_revocations("app-1");
    ASSERT_EQ(waits.size(), 1U) << "for its app, and no longer than its pair lives";
    EXPECT_EQ(waits[0].version, 1U);
    EXPECT_EQ(waits[0].tries, 1U);
    EXPECT_TRUE(due_revocations("app-2").empty()) << "it did not open";
    run(at->upkeep.sweep(at_second(15'552'000 - 1), soon()));
    EXPECT_EQ(due_revocations("app-1").size(), 1U);
    run(at->upkeep.sweep(at_second(15'552'000), soon()));
    EXPECT_TRUE(due_revocations("app-1").empty());
}

TEST_P(StoreSuite, V15AuditFARemovalReachesAlsoThePairThatWaitsBeside) {
    ASSERT_TRUE(put(holder("ann", 1), 0));
    ASSERT_TRUE(put(holder("ann", 2), 1)); // keeps the first one for repair
    ASSERT_TRUE(put(holder("ann", 3, "app-2"), 2));
    auto young = holder("bob", 1);
    young.connected_at = at_second(11);
    ASSERT_TRUE(put(young, 0));
    ASSERT_TRUE(put(holder("bob", 2, "app-2"), 1));
    EXPECT_THAT(revoke("open-1", at_second(10)), ElementsAre(user("ann")));
    EXPECT_TRUE(revoke("open-1", at_second(10)).empty());
    const auto beside = run(at->connections.find_beside(user("ann"), "app", soon()));
    ASSERT_TRUE(beside);
    EXPECT_EQ(beside->state, connection_state::revoked);
    EXPECT_EQ(beside->cause, "user_disconnected");
    EXPECT_EQ(beside->sealed_tokens, "");
    EXPECT_TRUE(run(at->connections.kept_tokens(user("ann"), soon())).empty());
    EXPECT_EQ(there("ann")->state, connection_state::connected) << "under the other app";
    EXPECT_EQ(run(at->connections.find_beside(user("bob"), "app", soon()))->state,
              connection_state::connected)
        << "it may be newer";
    ASSERT_TRUE(put(holder("cid", 1), 0));
    EXPECT_EQ(end("cid", to_revoke("cid"), {}, 1).what, end_kind::held_by_others) << "by bob";
    EXPECT_TRUE(forget("bob"));
    ASSERT_TRUE(put(holder("cid", 3), 0));
    EXPECT_EQ(end("cid", to_revoke("cid"), {}, 3).what, end_kind::alone) << "ann holds nothing any more";
}

TEST_P(StoreSuite, AuditEARefreshThatEndsAfterTheConnectionRenewsWhatWaitsToBeRevoked) {
    ASSERT_TRUE(put(holder("ann", 3), 0));
    auto waits = at_once(to_revoke("ann"));
    waits.version = 3;
    waits.proof = store::account_proof::access_token;
    ASSERT_EQ(end("ann", waits, {}, 3).what, end_kind::alone);
    auto refused = due_revocations().at(0);
    EXPECT_EQ(refused.proof, store::account_proof::access_token);
    refused.refused = refused.answer_lost = true;
    run(at->revocations.note_trouble(refused, soon()));
    EXPECT_TRUE(due_revocations().at(0).refused && due_revocations().at(0).answer_lost);
    auto anew = waits;
    anew.sealed_tokens = "the refreshed pair";
    anew.expires_at = at_second(31'104'000);
    EXPECT_TRUE(run(at->revocations.renew(anew, at_second(1), soon())));
    const auto due = due_revocations();
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].sealed_tokens, "the refreshed pair");
    EXPECT_EQ(due[0].expires_at, anew.expires_at);
    EXPECT_FALSE(due[0].refused || due[0].answer_lost) << "that was the earlier one";
    EXPECT_EQ(due[0].proof, store::account_proof::pair);
    EXPECT_EQ(due[0].tries, waits.tries);
    run(at->revocations.note_trouble(refused, soon()));
    EXPECT_FALSE(due_revocations().at(0).refused) << "of the earlier one";
}

TEST_P(StoreSuite, AuditEAPairWhoseRevocationIsGoneIsANewOneUnlessSomebodyHoldsTheAccount) {
    auto pair = at_once(to_revoke("ann"));
    pair.number = 77;
    ASSERT_TRUE(put(holder("bob", 1), 0));
    EXPECT_FALSE(run(at->revocations.renew(pair, at_second(1), soon())));
    EXPECT_EQ(run(at->revocations.replace(pair, at_second(1), soon())), 0U);
    EXPECT_TRUE(due_revocations().empty()) << "bob is connected to it";
    forget("bob");
    EXPECT_TRUE(run(at->revocations.renew(pair, at_second(1), soon())));
    EXPECT_EQ(due_revocations().size(), 1U) << "it was given up, and the refresh came after all";
    run(at->revocations.remove(due_revocations().at(0), soon()));
    const auto number = run(at->revocations.replace(pair, at_second(1), soon()));
    EXPECT_GT(number, 0U);
    EXPECT_EQ(run(at->revocations.judge(due_revocations().at(0), at_second(1), soon())),
              store::revoke_verdict::allowed);
}

TEST_P(StoreSuite, AuditEWhoEverHoldsTheAccountStopsARevocation) {
    ASSERT_TRUE(put(holder("ann", 1), 0));
    const auto waiting = [this] { return due_revocations().size(); };
    const auto of_nobody = at_once(to_revoke(""));
    run(at->revocations.put(of_nobody, at_second(0), soon()));
    EXPECT_EQ(waiting(), 0U) << "ann holds it";
    forget("ann");
    run(at->revocations.put(of_nobody, at_second(0), soon()));
    ASSERT_EQ(waiting(), 1U);
    ASSERT_TRUE(put(holder("bob", 2), 0));
    EXPECT_EQ(waiting(), 0U) << "a new grant ends it";
    forget("bob");
    run(at->revocations.put(of_nobody, at_second(0), soon()));
    const auto due = due_revocations();
    ASSERT_EQ(due.size(), 1U);
    store::import_proof_record proof;
    proof.refresh_hash = "h1";
    proof.app = "app";
    proof.account = open_id::trusted("open-1");
    proof.sealed_tokens = "a pair";
    proof.expires_at = at_second(86'400);
    run(at->proofs.put(proof, soon()));
    EXPECT_FALSE(run(at->revocations.claim(due[0], "app", seconds{60}, at_second(60), soon())))
        << "an import of the account waits to be completed";
    EXPECT_EQ(waiting(), 0U);
}

TEST_P(StoreSuite, V15AuditFARevocationOfNoAppIsHeldByWhoHoldsTheAccountUnderTheAppThatTriesIt) {
    auto old = at_once(to_revoke("ann", ""));
    run(at->revocations.put(old, at_second(0), soon()));
    const auto due = due_revocations("");
    ASSERT_EQ(due.size(), 1U);
    const auto claim = [&](const std::string& app) {
        return run(
            at->revocations.claim(due_revocations("").at(0), app, milliseconds{0}, at_second(1), soon()));
    };
    EXPECT_TRUE(claim("app"));
    auto ours = due[0];
    ours.app = "app";
    ours.sealed_tokens = "sealed for it";
    ASSERT_EQ(run(at->revocations.replace(ours, at_second(1), soon())), ours.number);
    EXPECT_EQ(due_revocations().at(0).sealed_tokens, "sealed for it");
    run(at->revocations.remove(due_revocations().at(0), soon()));

    ASSERT_TRUE(put(holder("bob", 1), 0));
    run(at->revocations.put(old, at_second(0), soon()));
    EXPECT_TRUE(claim("app-2"));
    EXPECT_FALSE(claim("app"));
    EXPECT_TRUE(due_revocations("").empty());
}

TEST_P(StoreSuite, V15AuditFANewGrantAlsoEndsARevocationOfNoApp) {
    run(at->revocations.put(at_once(to_revoke("ann", "")), at_second(0), soon()));
    auto ours = due_revocations("").at(0);
    ASSERT_TRUE(put(holder("bob", 1), 0)); // while its refresh is under way
    EXPECT_TRUE(due_revocations("").empty());
    ours.app = "app";
    EXPECT_EQ(run(at->revocations.replace(ours, at_second(1), soon())), 0U) << "it would end bob's grant";
    EXPECT_TRUE(due_revocations().empty());
}

TEST_P(StoreSuite, V15AuditFRevocationsOfNoAppAreTriedOnlyAsOftenAsOthersWhileTheirAppIsUnknown) {
    run(at->revocations.put(at_once(to_revoke("ann", "")), at_second(0), soon()));
    const auto due = [this](std::uint32_t tries_below) {
        return run(at->revocations.due("", tries_below, 10, soon())).size();
    };
    EXPECT_EQ(due(2), 1U) << "it was tried once";
    EXPECT_EQ(due(1), 0U);
}

TEST_P(StoreSuite, AuditELateRefreshOfAUserWhoIsStillConnectedRevokesNothing) {
    auto late = at_once(to_revoke("ann"));
    auto unproven = holder("ann", 2, "");
    unproven.proof = store::account_proof::none;
    ASSERT_TRUE(put(unproven, 0));
    EXPECT_FALSE(run(at->revocations.renew(late, at_second(1), soon()))) << "a revoke would end it";
    ASSERT_TRUE(put(holder("ann", 3, "app-2"), 2)); // and now it waits beside
    EXPECT_FALSE(run(at->revocations.renew(late, at_second(1), soon())));
    late.account = open_id::trusted("the account of before");
    EXPECT_TRUE(due_revocations().empty());
    EXPECT_TRUE(run(at->revocations.renew(late, at_second(1), soon()))) << "nobody else ends it";
    EXPECT_EQ(due_revocations().size(), 1U);
    late.account = open_id::trusted("open-1");
    forget("ann");
    EXPECT_TRUE(run(at->revocations.renew(late, at_second(1), soon())));
    EXPECT_EQ(due_revocations().size(), 2U);
}

} // namespace gateway::testing
