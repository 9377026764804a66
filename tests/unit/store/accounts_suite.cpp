// Who holds a TikTok account, and what waits: revocations, proofs of imports, pairs of other apps.
#include "unit/store/store_fixture.hpp"

#include <gmock/gmock.h>

namespace gateway::testing {

using store::connection_state;
using ::testing::ElementsAre;
using end_kind = store::connection_end::kind;

namespace {

store::connection_record holder(const std::string& name, std::uint64_t version,
                                const std::string& app = "app") {
    auto out = connection(name, version);
    out.account = open_id::trusted("open-1");
    out.app = app;
    return out;
}

store::revocation_record to_revoke(const std::string& name, const std::string& app = "app") {
    store::revocation_record out;
    out.user = user(name);
    out.app = app;
    out.account = open_id::trusted("open-1");
    out.sealed_tokens = "sealed for the revocation of " + name;
    out.tries = 1;
    out.next_at = at_second(60);
    return out;
}

store::import_proof_record proof(const std::string& hash) {
    store::import_proof_record out;
    out.refresh_hash = hash;
    out.app = "app";
    out.account = open_id::trusted("open-1");
    out.sealed_tokens = "a pair";
    out.expires_at = at_second(0) + store::import_proof_time;
    return out;
}

std::vector<std::uint64_t> versions_of(const std::vector<store::kept_tokens_record>& kept) {
    std::vector<std::uint64_t> out;
    for (const auto& one : kept)
        out.push_back(one.version);
    return out;
}

} // namespace

TEST_P(StoreSuite, AuditKKeepsTheLastFivePairsOfAUserInTheSameUnit) {
    for (std::uint64_t version = 1; version <= 8; ++version)
        ASSERT_TRUE(put(connection("ann", version), version - 1));
    ASSERT_TRUE(put(connection("bob", 1), 0));
    ASSERT_TRUE(put(connection("bob", 2), 1));
    EXPECT_THAT(versions_of(run(at->connections.kept_tokens(user("ann"), soon()))),
                ElementsAre(7, 6, 5, 4, 3));
    EXPECT_THAT(versions_of(run(at->connections.kept_tokens(user("bob"), soon()))), ElementsAre(1));
    const auto held = take("ann", at_second(0));
    ASSERT_EQ(run(at->refreshes.finish(*held, connection("ann", 9), 8, soon())), store::refresh_end::stored);
    EXPECT_THAT(versions_of(run(at->connections.kept_tokens(user("ann"), soon()))),
                ElementsAre(8, 7, 6, 5, 4));
}

TEST_P(StoreSuite, AuditDAtMostFiftyProvenUsersHoldAnAccountUnderOneApp) {
    for (int i = 0; i < 50; ++i)
        ASSERT_TRUE(put(holder("user" + std::to_string(i), 1), 0));
    const auto full = run(at->connections.put(holder("one.more", 1), 0, soon()));
    EXPECT_FALSE(full.stored);
    EXPECT_TRUE(full.account_full);
    EXPECT_TRUE(put(holder("user7", 2), 1)) << "it is one of them";
    EXPECT_TRUE(put(holder("other", 1, "app-2"), 0)) << "the account of another app";
    run(at->connections.forget(user("user3"), soon()));
    EXPECT_TRUE(put(holder("one.more", 2), 0));
}

TEST_P(StoreSuite, AuditDWhoNeedsANewLoginTakesNoPlaceOfAnAccountAndWhoWaitsBesideDoes) {
    for (int i = 0; i < 50; ++i)
        ASSERT_TRUE(put(holder("user" + std::to_string(i), 1), 0));
    ASSERT_TRUE(put(holder("user7", 2, "app-2"), 1)); // its pair of "app" waits beside
    EXPECT_TRUE(run(at->connections.put(holder("one.more", 1), 0, soon())).account_full);
    const auto state = [this](const std::string& name, connection_state now_is, const std::string& cause) {
        EXPECT_TRUE(run(at->connections.set_state(user(name), 1, now_is, cause, at_second(1), soon())));
    };
    state("user1", connection_state::reconnect_required, "rotation_response_lost");
    EXPECT_TRUE(run(at->connections.put(holder("one.more", 1), 0, soon())).account_full)
        << "its access token is in use";
    state("user1", connection_state::reconnect_required, "refresh_token_invalid");
    EXPECT_TRUE(put(holder("one.more", 1), 0));
}

TEST_P(StoreSuite, AuditETheLastHolderIsTheOneWhoRevokes) {
    ASSERT_TRUE(put(holder("ann", 1), 0));
    ASSERT_TRUE(put(holder("bob", 1), 0));
    const auto end = [this](const std::string& name, std::uint64_t version) {
        return run(at->connections.end(user(name), version, to_revoke(name), at_second(1), soon()));
    };
    EXPECT_EQ(end("ann", 2).what, end_kind::changed);
    EXPECT_EQ(end("eve", 1).what, end_kind::absent);
    EXPECT_EQ(end("ann", 1).what, end_kind::held_by_others);
    EXPECT_FALSE(there("ann"));
    EXPECT_TRUE(run(at->revocations.due("app", at_second(60), 10, soon())).empty());
    const auto last = end("bob", 1);
    EXPECT_EQ(last.what, end_kind::alone);
    EXPECT_GT(last.revocation, 0U);
    EXPECT_TRUE(run(at->revocations.due("app", at_second(59), 10, soon())).empty()) << "the call's own try";
    EXPECT_TRUE(run(at->revocations.due("app-2", at_second(60), 10, soon())).empty());
    const auto due = run(at->revocations.due("app", at_second(60), 10, soon()));
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].user.text(), "bob");
    EXPECT_EQ(due[0].sealed_tokens, to_revoke("bob").sealed_tokens);
    EXPECT_TRUE(run(at->revocations.claim(due[0], at_second(60), at_second(120), soon())));
    EXPECT_FALSE(run(at->revocations.claim(due[0], at_second(60), at_second(120), soon())))
        << "by another one";
    EXPECT_TRUE(run(at->revocations.replace(due[0], "another pair", soon())));
    const auto again = run(at->revocations.due("app", at_second(120), 10, soon()));
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].sealed_tokens, "another pair");
    EXPECT_EQ(again[0].tries, 2U);
    auto another = again[0];
    another.account = open_id::trusted("another account");
    run(at->revocations.remove(another, soon()));
    another = again[0];
    another.sealed_tokens = "an earlier pair";
    run(at->revocations.remove(another, soon()));
    EXPECT_TRUE(run(at->revocations.is_there(again[0].number, again[0].account, soon())));
    run(at->revocations.remove(again[0], soon()));
    EXPECT_FALSE(run(at->revocations.is_there(again[0].number, again[0].account, soon())));
    EXPECT_FALSE(run(at->revocations.replace(again[0], "x", soon())));
}

TEST_P(StoreSuite, V15AuditFAPairThatWaitsBesideHoldsItsAccount) {
    ASSERT_TRUE(put(holder("ann", 1), 0));
    ASSERT_TRUE(put(holder("ann", 2, "app-2"), 1));
    ASSERT_TRUE(put(holder("bob", 1), 0));
    EXPECT_EQ(run(at->connections.end(user("bob"), 1, to_revoke("bob"), at_second(1), soon())).what,
              end_kind::held_by_others);
    EXPECT_EQ(run(at->connections.end(user("ann"), 2, to_revoke("ann", "app-2"), at_second(1), soon())).what,
              end_kind::alone)
        << "of the other app";
}

TEST_P(StoreSuite, AuditEARefreshThatEndsAfterTheConnectionRenewsWhatWaitsToBeRevoked) {
    ASSERT_TRUE(put(holder("ann", 3), 0));
    auto waits = to_revoke("ann");
    waits.version = 3;
    ASSERT_EQ(run(at->connections.end(user("ann"), 3, waits, at_second(1), soon())).what, end_kind::alone);
    auto anew = waits;
    anew.sealed_tokens = "the refreshed pair";
    anew.version = 2;
    EXPECT_FALSE(run(at->connections.renew_revocation(anew, soon()))) << "of another version";
    anew.version = 3;
    anew.user = user("bob");
    EXPECT_FALSE(run(at->connections.renew_revocation(anew, soon()))) << "of another user";
    anew.user = user("ann");
    EXPECT_TRUE(run(at->connections.renew_revocation(anew, soon())));
    const auto due = run(at->revocations.due("app", at_second(60), 10, soon()));
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].sealed_tokens, "the refreshed pair");
    EXPECT_EQ(due[0].tries, waits.tries);
}

TEST_P(StoreSuite, AuditEWhoEverHoldsTheAccountStopsARevocation) {
    ASSERT_TRUE(put(holder("ann", 1), 0));
    const auto waiting = [this] { return run(at->revocations.due("app", at_second(60), 10, soon())).size(); };
    run(at->revocations.put(to_revoke(""), at_second(0), soon()));
    EXPECT_EQ(waiting(), 0U) << "ann holds it";
    run(at->connections.forget(user("ann"), soon()));
    run(at->revocations.put(to_revoke(""), at_second(0), soon()));
    ASSERT_EQ(waiting(), 1U);
    ASSERT_TRUE(put(holder("bob", 2), 0));
    EXPECT_TRUE(run(at->revocations.due("app", at_second(60), 10, soon())).empty()) << "a new grant ends it";

    run(at->connections.forget(user("bob"), soon()));
    run(at->revocations.put(to_revoke(""), at_second(0), soon()));
    ASSERT_EQ(waiting(), 1U);
    const auto due = run(at->revocations.due("app", at_second(60), 10, soon()));
    ASSERT_EQ(due.size(), 1U);
    run(at->proofs.put(proof("h1"), soon()));
    EXPECT_FALSE(run(at->revocations.claim(due[0], at_second(60), at_second(120), soon())))
        << "an import of the account waits to be completed";
    EXPECT_TRUE(run(at->revocations.due("app", at_second(60), 10, soon())).empty());
}

TEST_P(StoreSuite, T23AuditDTheProofOfAnImportIsKeptForADayAndCompletedWithTheConnection) {
    run(at->proofs.put(proof("h1"), soon()));
    const auto find = [this](wall_time now, const std::string& app = "app") {
        return run(at->proofs.find("h1", app, now, soon()));
    };
    ASSERT_TRUE(find(at_second(10)));
    EXPECT_EQ(find(at_second(10))->sealed_tokens, "a pair");
    EXPECT_FALSE(find(at_second(10), "app-2"));
    EXPECT_FALSE(find(at_second(86'400)));
    EXPECT_TRUE(run(at->connections.put(holder("ann", 1), 0, soon(), "h1")));
    EXPECT_EQ(find(at_second(10))->sealed_tokens, "");
    EXPECT_EQ(find(at_second(10))->user.text(), "ann");
    run(at->proofs.put(proof("h2"), soon()));
    const auto due = [this](int second) {
        return run(at->proofs.due("app", at_second(second), 10, soon())).size();
    };
    EXPECT_EQ(due(86'399), 0U);
    EXPECT_EQ(due(86'400), 1U) << "a pair waits for a day, and then for its revocation";
    run(at->upkeep.sweep(at_second(2 * 86'400 + 1), soon()));
    EXPECT_FALSE(run(at->proofs.find("h2", "app", at_second(10), soon()))) << "which never came";
    EXPECT_TRUE(find(at_second(7 * 86'400))) << "as long as the refresh token lives";
    run(at->upkeep.sweep(at_second(15'552'000 + 86'401), soon()));
    EXPECT_FALSE(find(at_second(10)));
}

TEST_P(StoreSuite, T23AuditDAnImportIsRememberedWhileItsUserIsConnected) {
    const auto import = [this](const std::string& name, std::uint64_t version, const std::string& hash) {
        return run(at->connections.put(holder(name, version), version - 1, soon(), hash));
    };
    const auto known = [this](const std::string& hash) {
        return run(at->proofs.find(hash, "app", at_second(10), soon())).has_value();
    };
    EXPECT_TRUE(import("ann", 1, "h1").stored);
    EXPECT_TRUE(import("ann", 2, "h1").imported_before);
    EXPECT_TRUE(import("bob", 1, "h1").imported_before) << "for another user";
    EXPECT_FALSE(there("bob"));
    EXPECT_EQ(there("ann")->version, 1U);
    EXPECT_TRUE(run(at->connections.set_state(user("ann"), 1, connection_state::reconnect_required, "lost",
                                              at_second(1), soon())));
    EXPECT_TRUE(import("ann", 2, "h1").stored) << "the connection needs it";
    for (std::uint64_t version = 3; version <= 8; ++version)
        EXPECT_TRUE(import("ann", version, "h" + std::to_string(version)).stored);
    EXPECT_FALSE(known("h1") || known("h3")) << "the last five of a user";
    EXPECT_TRUE(known("h4") && known("h8"));
    EXPECT_TRUE(run(at->connections.forget(user("ann"), soon())));
    EXPECT_FALSE(known("h4") || known("h8"));
    EXPECT_TRUE(run(at->connections.put(holder("bob", 9), 0, soon(), "h8")).stored);
}

TEST_P(StoreSuite, V15AuditFAFactThatIsThereIsNotReplaced) {
    EXPECT_EQ(run(at->facts.put_first("app_of_old_pairs", "app-1", soon())), "app-1");
    EXPECT_EQ(run(at->facts.put_first("app_of_old_pairs", "app-2", soon())), "app-1");
    EXPECT_EQ(run(at->facts.find("app_of_old_pairs", soon())), "app-1");
}

TEST_P(StoreSuite, V15AuditFPairsOfTwoAppsOfOneUserWaitBesideEachOther) {
    auto first = holder("ann", 1, "app-1");
    ASSERT_TRUE(put(first, 0));
    ASSERT_TRUE(put(holder("bob", 1, "app-1"), 0));
    ASSERT_TRUE(put(holder("ann", 2, "app-2"), 1));
    EXPECT_EQ(there("ann")->app, "app-2");
    EXPECT_TRUE(run(at->connections.kept_tokens(user("ann"), soon())).empty()) << "it was not overwritten";
    auto beside = run(at->connections.find_beside(user("ann"), "app-1", soon()));
    ASSERT_TRUE(beside);
    EXPECT_EQ(beside->sealed_tokens, first.sealed_tokens);
    EXPECT_EQ(beside->account, first.account);
    EXPECT_TRUE(beside->proven);
    const std::vector<user_id> ann{user("ann")};
    EXPECT_EQ(run(at->connections.list_beside("app-1", "", 10, soon())), ann);
    EXPECT_TRUE(run(at->connections.list_beside("app-1", "ann", 10, soon())).empty());
    EXPECT_EQ(run(at->connections.count_of_other_apps("app-2", soon())), 1U);
    EXPECT_EQ(run(at->connections.count_of_other_apps("app-3", soon())), 2U);

    beside->version = 3;
    beside->sealed_tokens = "sealed anew";
    EXPECT_FALSE(run(at->connections.swap(*beside, 1, 1, soon()))) << "the connection is another one by now";
    EXPECT_FALSE(run(at->connections.swap(*beside, 2, 2, soon()))) << "the waiting pair is another one";
    EXPECT_TRUE(run(at->connections.swap(*beside, 1, 2, soon())));
    EXPECT_FALSE(run(at->connections.swap(*beside, 1, 2, soon())));
    EXPECT_EQ(there("ann")->app, "app-1");
    EXPECT_EQ(there("ann")->sealed_tokens, "sealed anew");
    EXPECT_EQ(there("ann")->version, 3U);
    EXPECT_EQ(run(at->connections.find_beside(user("ann"), "app-2", soon()))->version, 2U);
    EXPECT_TRUE(run(at->connections.forget(user("ann"), soon())));
    EXPECT_FALSE(run(at->connections.find_beside(user("ann"), "app-2", soon())));
}

TEST_P(StoreSuite, V15AuditFARefreshUnderTheOtherAppReachesThePairThatWaits) {
    ASSERT_TRUE(put(holder("ann", 1, "app-1"), 0));
    const auto held = take("ann", at_second(0));
    ASSERT_EQ(run(at->refreshes.begin(*held, 1, soon())), store::refresh_begin::begun);
    ASSERT_TRUE(put(holder("ann", 2, "app-2"), 1));
    EXPECT_EQ(run(at->connections.find_beside(user("ann"), "app-1", soon()))->state,
              connection_state::refresh_in_doubt);
    auto refreshed = holder("ann", 2, "app-1");
    refreshed.sealed_tokens = "rotated";
    EXPECT_EQ(run(at->refreshes.finish(*held, refreshed, 1, soon())), store::refresh_end::superseded);
    const auto beside = run(at->connections.find_beside(user("ann"), "app-1", soon()));
    EXPECT_EQ(beside->sealed_tokens, "rotated");
    EXPECT_EQ(beside->version, 2U);
    EXPECT_EQ(beside->state, connection_state::connected);
    EXPECT_EQ(there("ann")->app, "app-2");
}

TEST_P(StoreSuite, V15AuditFRowsOfNoAppAreListedAndBound) {
    for (const char* name : {"ann", "bob", "cid"}) {
        auto old = connection(name, 1);
        if (old.user.text() != "bob") old.app.clear();
        ASSERT_TRUE(put(old, 0));
    }
    const auto first = run(at->connections.list_without_app("", 1, soon()));
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].user.text(), "ann");
    EXPECT_EQ(run(at->connections.list_without_app("ann", 10, soon())).at(0).user.text(), "cid");
    EXPECT_EQ(run(at->connections.count_of_other_apps("app", soon())), 0U) << "nobody can say whose they are";
    EXPECT_TRUE(run(at->connections.bind_to_app(first[0], "app", "sealed for it", soon())));
    EXPECT_FALSE(run(at->connections.bind_to_app(first[0], "app", "sealed twice", soon())));
    EXPECT_EQ(there("ann")->sealed_tokens, "sealed for it");
    EXPECT_EQ(there("ann")->app, "app");
}

TEST_P(StoreSuite, V07AuditCEverySealedColumnIsCountedAndListed) {
    ASSERT_TRUE(put(connection("ann", 1), 0));
    ASSERT_TRUE(put(connection("ann", 2), 1)); // and a kept one
    ASSERT_TRUE(put(holder("bob", 1, "app-1"), 0));
    ASSERT_TRUE(put(holder("bob", 2, "app-2"), 1)); // and one beside
    run(at->proofs.put(proof("h1"), soon()));
    auto waits = to_revoke("cid");
    waits.account = open_id::trusted("open-2");
    waits.version = 9;
    run(at->revocations.put(waits, at_second(0), soon()));
    EXPECT_EQ(sealed_with(""), 6U);
    for (const std::uint32_t limit : {1U, 2U, 100U}) {
        std::vector<store::resealed_record> all;
        std::string cursor;
        do {
            auto page = run(at->sealed.list_with("", cursor, limit, soon()));
            for (auto& one : page.rows) {
                const auto anew = one.sealed + "!";
                all.push_back({std::move(one), anew});
            }
            cursor = page.next;
        } while (!cursor.empty());
        ASSERT_EQ(all.size(), 6U) << limit;
        EXPECT_EQ(run(at->sealed.replace(std::move(all), soon())), 6U) << limit;
    }
    EXPECT_EQ(run(at->connections.find_beside(user("bob"), "app-1", soon()))->sealed_tokens,
              holder("bob", 1).sealed_tokens + "!!!");
    EXPECT_EQ(run(at->proofs.find("h1", "app", at_second(1), soon()))->sealed_tokens, "a pair!!!");
    EXPECT_EQ(run(at->revocations.due("app", at_second(60), 1, soon())).at(0).sealed_tokens,
              waits.sealed_tokens + "!!!");
}

TEST_P(StoreSuite, AuditDARemovalEndsTheProvenUsersOfThatAppWhoWereThereBefore) {
    ASSERT_TRUE(put(holder("ann", 1), 0));
    auto unproven = holder("bob", 1);
    unproven.proven = false;
    ASSERT_TRUE(put(unproven, 0));
    ASSERT_TRUE(put(holder("cid", 1, "app-2"), 0));
    auto young = holder("dan", 1);
    young.connected_at = at_second(11);
    ASSERT_TRUE(put(young, 0));
    const std::vector<user_id> ann{user("ann")};
    EXPECT_EQ(revoke("open-1", at_second(10)), ann);
    EXPECT_TRUE(revoke("open-1", at_second(10)).empty());
    EXPECT_EQ(there("ann")->state, connection_state::revoked);
    for (const char* name : {"bob", "cid", "dan"})
        EXPECT_EQ(there(name)->state, connection_state::connected) << name;
}

} // namespace gateway::testing
