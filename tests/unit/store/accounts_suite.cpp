// Who holds a TikTok account, and what waits: proofs of imports, pairs of other apps.
#include "unit/store/account_records.hpp"

#include <gmock/gmock.h>

namespace gateway::testing {

using store::connection_state;
using ::testing::ElementsAre;
using grant_kind = store::grant_end::kind;

namespace {

store::import_proof_record proof(const std::string& hash) {
    store::import_proof_record out;
    out.refresh_hash = hash;
    out.app = "app";
    out.account = open_id::trusted("open-1");
    out.sealed_tokens = "a pair";
    out.granted_at = at_second(0);
    out.expires_at = at_second(0) + store::import_proof_time;
    return out;
}

store::grant_permit of_import(const std::string& hash, bool has_pair = false) {
    store::grant_permit out;
    out.import_hash = hash;
    out.import_has_pair = has_pair;
    return out;
}

store::grant_permit replacing(store::revocation_record pair) {
    store::grant_permit out;
    pair.tries = 0;
    pair.wait = milliseconds{0};
    out.replaced = std::move(pair);
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
    const auto full = run(at->connections.put(holder("one.more", 1), 0, {}, soon()));
    EXPECT_EQ(full.what, grant_kind::account_full);
    EXPECT_TRUE(put(holder("user7", 2), 1)) << "it is one of them";
    EXPECT_TRUE(put(holder("other", 1, "app-2"), 0)) << "the account of another app";
    forget("user3");
    EXPECT_TRUE(put(holder("one.more", 2), 0));
}

TEST_P(StoreSuite, AuditDWhoNeedsANewLoginTakesNoPlaceOfAnAccountAndWhoWaitsBesideDoes) {
    for (int i = 0; i < 50; ++i)
        ASSERT_TRUE(put(holder("user" + std::to_string(i), 1), 0));
    ASSERT_TRUE(put(holder("user7", 2, "app-2"), 1)); // its pair of "app" waits beside
    EXPECT_EQ(run(at->connections.put(holder("one.more", 1), 0, {}, soon())).what, grant_kind::account_full);
    const auto state = [this](const std::string& name, connection_state now_is, const std::string& cause) {
        EXPECT_TRUE(run(at->connections.set_state(user(name), 1, now_is, cause, at_second(1), soon())));
    };
    state("user1", connection_state::reconnect_required, "rotation_response_lost");
    EXPECT_EQ(run(at->connections.put(holder("one.more", 1), 0, {}, soon())).what, grant_kind::account_full)
        << "its access token is in use";
    auto later = holder("one.more", 1);
    later.updated_at = later.access_expires_at;
    EXPECT_TRUE(put(later, 0)) << "while it is valid";
    forget("one.more");
    state("user1", connection_state::reconnect_required, "refresh_token_invalid");
    EXPECT_TRUE(put(holder("one.more", 2), 0));
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
    EXPECT_TRUE(run(at->connections.put(holder("ann", 1), 0, of_import("h1", true), soon())));
    EXPECT_EQ(find(at_second(10))->sealed_tokens, "");
    EXPECT_EQ(find(at_second(10))->user.text(), "ann");
    run(at->proofs.put(proof("h2"), soon()));
    const auto due = [this](int second) { return run(at->proofs.due(at_second(second), 10, soon())).size(); };
    EXPECT_EQ(due(86'399), 0U);
    EXPECT_EQ(due(86'400), 1U) << "a pair waits for a day, and then for its revocation";
    run(at->upkeep.sweep(at_second(2 * 86'400 + 1), soon()));
    EXPECT_FALSE(run(at->proofs.find("h2", "app", at_second(10), soon()))) << "which never came";
    EXPECT_TRUE(find(at_second(7 * 86'400))) << "as long as the refresh token lives";
    run(at->upkeep.sweep(at_second(15'552'000 + 86'401), soon()));
    EXPECT_FALSE(find(at_second(10)));
}

TEST_P(StoreSuite, T19AuditEARemovalAtTikTokDeletesThePairsOfImportsThatWereGivenBefore) {
    auto waits = proof("h1");
    waits.granted_at = at_second(10);
    run(at->proofs.put(waits, soon()));
    const auto is_left_by = [&](const std::string& app, int second) {
        run(at->proofs.drop_of_account(waits.account, app, at_second(second), soon()));
        return run(at->proofs.find("h1", "app", at_second(20), soon()));
    };
    EXPECT_TRUE(is_left_by("app-2", 99));
    ASSERT_TRUE(is_left_by("app", 9));
    EXPECT_EQ(is_left_by("app", 9)->granted_at, at_second(10));
    EXPECT_FALSE(is_left_by("app", 10));
    EXPECT_TRUE(run(at->connections.put(holder("ann", 1), 0, of_import("h1"), soon())));
    EXPECT_TRUE(is_left_by("app", 99)) << "a completed import has no pair";
}

TEST_P(StoreSuite, T23AuditDAnImportIsRememberedWhileItsUserIsConnected) {
    const auto import = [this](const std::string& name, std::uint64_t version, const std::string& hash) {
        return run(at->connections.put(holder(name, version), version - 1, of_import(hash), soon())).what;
    };
    const auto known = [this](const std::string& hash) {
        return run(at->proofs.find(hash, "app", at_second(10), soon())).has_value();
    };
    EXPECT_EQ(import("ann", 1, "h1"), grant_kind::stored);
    EXPECT_EQ(import("ann", 2, "h1"), grant_kind::imported_before);
    EXPECT_EQ(import("bob", 1, "h1"), grant_kind::imported_before) << "for another user";
    EXPECT_FALSE(there("bob"));
    EXPECT_EQ(there("ann")->version, 1U);
    EXPECT_TRUE(run(at->connections.set_state(user("ann"), 1, connection_state::reconnect_required, "lost",
                                              at_second(1), soon())));
    EXPECT_EQ(import("ann", 2, "h1"), grant_kind::stored) << "the connection needs it";
    for (std::uint64_t version = 3; version <= 8; ++version)
        EXPECT_EQ(import("ann", version, "h" + std::to_string(version)), grant_kind::stored);
    EXPECT_FALSE(known("h1") || known("h3")) << "the last five of a user";
    EXPECT_TRUE(known("h4") && known("h8"));
    EXPECT_TRUE(forget("ann"));
    EXPECT_FALSE(known("h4") || known("h8"));
    EXPECT_TRUE(run(at->connections.put(holder("bob", 9), 0, of_import("h8"), soon())));
}

TEST_P(StoreSuite, T23AuditDThePairThatWaitsForAnImportIsNotOverwrittenAndIsCompletedOnce) {
    run(at->proofs.put(proof("h1"), soon()));
    const auto import = [this](const std::string& name, bool has_pair, int second) {
        auto record = holder(name, 1);
        record.updated_at = at_second(second);
        return run(at->connections.put(record, 0, of_import("h1", has_pair), soon())).what;
    };
    EXPECT_EQ(import("ann", false, 0), grant_kind::imported_before);
    EXPECT_EQ(import("ann", false, 86'401), grant_kind::imported_before) << "until the sweep has taken it";
    auto other_app = holder("ann", 1, "app-2");
    EXPECT_EQ(run(at->connections.put(other_app, 0, of_import("h1"), soon())).what,
              grant_kind::imported_before);
    EXPECT_FALSE(there("ann"));
    EXPECT_EQ(import("ann", true, 0), grant_kind::stored);
    EXPECT_EQ(import("bob", true, 0), grant_kind::imported_before);
    EXPECT_TRUE(forget("ann"));
    auto late = holder("ann", 2);
    EXPECT_EQ(run(at->connections.put(late, 0, of_import("h1", true), soon())).what,
              grant_kind::imported_before)
        << "it was completed, and its user disconnected";
    EXPECT_FALSE(there("ann"));
}

TEST_P(StoreSuite, T23AuditDWhatOnlyAnAccessTokenProvesReplacesNoPairThatTikTokGave) {
    const auto import = [this](const std::string& app, wall_time now) {
        auto record = holder("ann", there("ann")->version + 1, app);
        record.proof = store::account_proof::access_token;
        record.updated_at = now;
        return run(at->connections.put(record, record.version - 1, {}, soon())).what;
    };
    ASSERT_TRUE(put(holder("ann", 1), 0));
    EXPECT_EQ(import("app", at_second(1)), grant_kind::needs_pair);
    EXPECT_EQ(there("ann")->version, 1U);
    EXPECT_EQ(import("app", at_second(15'552'000)), grant_kind::stored) << "it is over";
    EXPECT_EQ(import("app", at_second(1)), grant_kind::stored) << "of its own kind";
    ASSERT_TRUE(put(holder("ann", 4), 3));
    EXPECT_TRUE(run(at->connections.set_state(user("ann"), 4, connection_state::reconnect_required, "lost",
                                              at_second(1), soon())));
    EXPECT_EQ(import("app", at_second(1)), grant_kind::stored) << "the connection needs it";
    ASSERT_TRUE(put(holder("ann", 6), 5));
    EXPECT_EQ(import("app-2", at_second(1)), grant_kind::stored) << "that one waits beside";
}

TEST_P(StoreSuite, T23AuditDAFullAccountHasRoomForPairsWhereOthersAreNone) {
    const auto of_kind = [](const std::string& name, store::account_proof proof) {
        auto out = holder(name, 1);
        out.proof = proof;
        return out;
    };
    using enum store::account_proof;
    for (int i = 0; i < 50; ++i)
        ASSERT_TRUE(put(of_kind("user" + std::to_string(i), i < 49 ? pair : access_token), 0));
    const auto more = [&](const std::string& name, store::account_proof proof) {
        return run(at->connections.put(of_kind(name, proof), 0, {}, soon())).what;
    };
    EXPECT_EQ(more("one.more", access_token), grant_kind::needs_pair);
    EXPECT_EQ(more("one.more", pair), grant_kind::stored);
    EXPECT_EQ(more("another", access_token), grant_kind::account_full);
    EXPECT_EQ(more("another", pair), grant_kind::account_full);
}

TEST_P(StoreSuite, AuditEAnImportConnectsNobodyWhoWasDisconnectedSinceItBegan) {
    auto permit = of_import("h1", true);
    permit.was_connected = true;
    run(at->proofs.put(proof("h1"), soon()));
    ASSERT_TRUE(put(holder("ann", 1), 0));
    ASSERT_TRUE(forget("ann"));
    const auto import = [&] { return run(at->connections.put(holder("ann", 2), 0, permit, soon())).what; };
    EXPECT_EQ(import(), grant_kind::permit_gone);
    EXPECT_FALSE(there("ann"));
    EXPECT_EQ(run(at->proofs.find("h1", "app", at_second(1), soon()))->sealed_tokens, "a pair");
    permit.was_connected = false; // it is sent again
    EXPECT_EQ(import(), grant_kind::stored);
}

TEST_P(StoreSuite, AuditEAPairThatAnotherAccountsGrantReplacesIsRevokedLater) {
    const auto switch_to = [this](store::connection_record record, store::revocation_record pair) {
        record.version = there("ann")->version + 1;
        pair.version = there("ann")->version;
        const auto expected = pair.version;
        return run(at->connections.put(record, expected, replacing(pair), soon())).what;
    };
    auto without_tokens = to_revoke("ann");
    without_tokens.sealed_tokens.clear();
    ASSERT_TRUE(put(holder("ann", 1), 0));
    EXPECT_EQ(switch_to(holder("ann", 2), to_revoke("ann")), grant_kind::stored);
    EXPECT_TRUE(due_revocations().empty()) << "of the same account: a revoke would end the new one";
    EXPECT_EQ(switch_to(connection("ann", 3), without_tokens), grant_kind::stored);
    EXPECT_TRUE(due_revocations().empty()) << "there is nothing to revoke with";
    ASSERT_TRUE(put(holder("ann", 4), 3));
    EXPECT_TRUE(run(at->connections.set_state(user("ann"), 4, connection_state::reconnect_required, "dead",
                                              at_second(1), soon())));
    EXPECT_EQ(switch_to(connection("ann", 5), to_revoke("ann")), grant_kind::stored);
    EXPECT_TRUE(due_revocations().empty()) << "TikTok has refused it meanwhile";

    ASSERT_TRUE(put(holder("ann", 6), 5));
    EXPECT_EQ(run(at->connections.put(connection("ann", 7), 5, replacing(to_revoke("ann")), soon())).what,
              grant_kind::changed);
    EXPECT_TRUE(due_revocations().empty());
    EXPECT_EQ(switch_to(connection("ann", 7), to_revoke("ann")), grant_kind::stored);
    ASSERT_EQ(due_revocations().size(), 1U) << "by whoever comes first";
    const auto pair = due_revocations().at(0);
    EXPECT_EQ(pair.account.text(), "open-1");
    EXPECT_EQ(pair.version, 6U);
    EXPECT_EQ(pair.tries, 0U);
    EXPECT_TRUE(forget("ann"));
    EXPECT_EQ(due_revocations().size(), 1U) << "also if the user leaves meanwhile";
    ASSERT_TRUE(put(holder("bob", 8), 0));
    EXPECT_TRUE(due_revocations().empty()) << "a new grant of the account is not ended";
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
    EXPECT_EQ(beside->proof, store::account_proof::pair);
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
    EXPECT_TRUE(forget("ann"));
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
    EXPECT_EQ(run(at->refreshes.finish(*held, refreshed, 1, soon())), store::refresh_end::stored_beside);
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
    waits.wait = seconds{0};
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
    EXPECT_EQ(due_revocations().at(0).sealed_tokens, waits.sealed_tokens + "!!!");
}

TEST_P(StoreSuite, AuditDAnAccountIsHeldByPairsThatTikTokGaveAndOthersAreDoubtful) {
    const auto holder_by = [](const char* name, store::account_proof proof) {
        auto out = holder(name, 1);
        out.proof = proof;
        return out;
    };
    ASSERT_TRUE(put(holder_by("ann", store::account_proof::pair), 0));
    ASSERT_TRUE(put(holder_by("bob", store::account_proof::access_token), 0));
    ASSERT_TRUE(put(holder_by("cid", store::account_proof::none), 0));
    const auto doubtful = [this](int second) {
        std::vector<std::string> names;
        const auto found = run(
            at->connections.doubtful_holders(open_id::trusted("open-1"), "app", at_second(second), soon()));
        for (const auto& one : found)
            names.push_back(one.user.text());
        return names;
    };
    EXPECT_EQ(doubtful(1), (std::vector<std::string>{"bob", "cid"}));
    EXPECT_EQ(doubtful(15'552'000), std::vector<std::string>{}) << "nothing can be had with them any more";
    const auto put_revocation = [this](int second) {
        auto record = to_revoke("");
        record.wait = milliseconds{0};
        run(at->revocations.put(record, at_second(second), soon()));
        return due_revocations().size();
    };
    EXPECT_EQ(put_revocation(7'199), 0U) << "ann holds it";
    forget("ann");
    EXPECT_EQ(put_revocation(1), 1U) << "the others have to be tried";
    auto eve = holder_by("eve", store::account_proof::access_token);
    eve.version = 2;
    ASSERT_TRUE(put(eve, 0));
    EXPECT_EQ(due_revocations().size(), 1U) << "an import does not end it";
    ASSERT_TRUE(put(holder("dan", 2), 0));
    EXPECT_TRUE(due_revocations().empty());
}

TEST_P(StoreSuite, AuditDAPairThatTikTokGaveLongAgoHoldsNoAccountUntilItIsRefreshed) {
    auto idle = holder("ann", 1);
    idle.access_expires_at = at_second(10);
    ASSERT_TRUE(put(idle, 0));
    auto waits = to_revoke("bob");
    waits.wait = milliseconds{0};
    run(at->revocations.put(waits, at_second(9), soon()));
    EXPECT_TRUE(due_revocations().empty());
    run(at->revocations.put(waits, at_second(10), soon()));
    ASSERT_EQ(due_revocations().size(), 1U);
    const auto verdict = [this] {
        return run(at->revocations.judge(due_revocations().at(0), at_second(10), soon()));
    };
    EXPECT_EQ(verdict(), store::revoke_verdict::held_doubtfully);
    ASSERT_EQ(run(at->connections.doubtful_holders(open_id::trusted("open-1"), "app", at_second(10), soon()))
                  .size(),
              1U);
    EXPECT_TRUE(run(at->connections.doubtful_holders(open_id::trusted("open-1"), "app", at_second(9), soon()))
                    .empty());
    ASSERT_TRUE(run(at->connections.set_state(user("ann"), 1, connection_state::reconnect_required,
                                              "refresh_token_invalid", at_second(10), soon())));
    EXPECT_EQ(verdict(), store::revoke_verdict::allowed) << "TikTok has ended it";
    auto import = holder("cid", 2);
    import.proof = store::account_proof::access_token;
    ASSERT_TRUE(put(import, 0));
    EXPECT_EQ(verdict(), store::revoke_verdict::held_doubtfully);
    ASSERT_TRUE(put(holder("dan", 3), 0));
    EXPECT_TRUE(due_revocations().empty());
}

TEST_P(StoreSuite, AuditDARemovalEndsTheProvenUsersOfThatAppWhoWereThereBefore) {
    ASSERT_TRUE(put(holder("ann", 1), 0));
    auto unproven = holder("bob", 1);
    unproven.proof = store::account_proof::none;
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
