// Imports are proven before they count (docs/promises.md T23).
#include "runtime/task_group.hpp"
#include "unit/connections/accounts_fixture.hpp"

#include <algorithm>

namespace gateway::testing {

using store::connection_state;
using asked = std::vector<std::string>;

class Import : public accounts_fixture {
protected:
    void SetUp() override {
        accounts_fixture::SetUp();
        owners["act.1"] = "open-1";
        endpoint.good_refresh_tokens.insert("rft.1");
    }
    /// The pair "1"; `field`: what was refused, empty if it was stored.
    task<void> import_into(std::string name, std::string& field) {
        std::string body =
            R"({"access_token":"act.1","expires_in":7200,"refresh_token":"rft.1","refresh_expires_in":15552000,)"
            R"("open_id":"open-1","scope":"user.info.basic,video.list"})";
        const auto end = co_await connection_service->import_tokens(user_id::trusted(name), std::move(body),
                                                                    wall_now(), soon());
        field = field_of(end);
    }
    static task<void> cancel_all(task_group& group) {
        group.cancel();
        co_return;
    }
};

TEST_F(Import, T23AuditDTikTokIsAskedWhoseTheTokensAre) {
    const auto good = import("ann", "1", "open-1");
    ASSERT_TRUE(good);
    EXPECT_EQ(good->state, connection_state::connected);
    EXPECT_EQ(good->proof, store::account_proof::access_token);
    EXPECT_EQ(good->app, "app-key");
    EXPECT_EQ(questions, 1);
    EXPECT_EQ(requests(), 0U) << "a good access token is left alone";
    EXPECT_EQ(token_of("ann"), "act.1");
    owners["act.2"] = "open-1";
    EXPECT_EQ(field_of(import("liar", "2", "open-2")), "open_id");
    EXPECT_EQ(show("liar").error().code(), errc::user_not_connected);
    EXPECT_EQ(users_of("open-2"), asked{});
}

TEST_F(Import, T23AuditDWithoutTheScopeOrAfterItsEndARefreshTells) {
    EXPECT_TRUE(import("ann", "1", "open-1", 7200, "video.list"));
    EXPECT_EQ(questions, 0) << "user/info needs user.info.basic";
    EXPECT_EQ(token_of("ann"), "act.issued1");
    endpoint.good_refresh_tokens.insert("rft.2");
    EXPECT_TRUE(import("bob", "2", "open-1", 0));
    EXPECT_EQ(token_of("bob"), "act.issued2");
    endpoint.good_refresh_tokens.insert("rft.3");
    EXPECT_TRUE(import("cid", "3", "open-1")) << "TikTok does not take the access token any more";
    EXPECT_EQ(questions, 1);
    EXPECT_EQ(token_of("cid"), "act.issued3");
    EXPECT_EQ(rows_of("connections", "proof = 'pair'"), 3U);
}

TEST_F(Import, T23AuditDDeadTokensAreRefusedAndNothingIsStored) {
    endpoint.good_refresh_tokens.clear();
    EXPECT_EQ(field_of(import("ann", "9", "open-1")), "refresh_token");
    EXPECT_EQ(field_of(import("ann", "9", "open-1", 0)), "refresh_token");
    EXPECT_EQ(rows_of("connections") + rows_of("import_proofs"), 0U);
}

TEST_F(Import, T23AuditDTikTokAwayIsNoProof) {
    tiktok_is_away = true;
    EXPECT_EQ(import("ann", "1", "open-1").error().code(), errc::tiktok_unreachable);
    endpoint.next = {mode::unreachable};
    EXPECT_EQ(import("ann", "1", "open-1", 0).error().code(), errc::tiktok_unreachable);
    endpoint.next = {mode::lose_before, mode::lose_before};
    EXPECT_EQ(import("ann", "1", "open-1", 0).error().code(), errc::tiktok_unreachable);
    endpoint.status = 503;
    endpoint.next = {mode::text};
    EXPECT_FALSE(import("ann", "1", "open-1", 0));
    EXPECT_EQ(rows_of("connections"), 0U);
    EXPECT_TRUE(import("ann", "1", "open-1", 0));
}

TEST_F(Import, T23AuditDAWrongOpenIdLosesNothingAndACorrectedImportFindsThePair) {
    EXPECT_EQ(field_of(import("ann", "1", "open-2", 0)), "open_id");
    EXPECT_EQ(requests(), 1U);
    EXPECT_EQ(rows_of("import_proofs", "length(sealed_tokens) > 0 AND user_id = ''"), 1U);
    EXPECT_EQ(field_of(import("ann", "1", "open-3", 0)), "open_id") << "the answer is remembered";
    ASSERT_TRUE(import("ann", "1", "open-1", 0));
    EXPECT_EQ(requests(), 1U) << "rft.1 has ended, and is not sent again";
    EXPECT_EQ(token_of("ann"), "act.issued1");
    EXPECT_EQ(rows_of("import_proofs", "length(sealed_tokens) > 0"), 0U) << "it is in the connection now";
    restart_as("app-key");
    EXPECT_EQ(token_of("ann"), "act.issued1");
}

TEST_F(Import, T23AuditDTheSameImportAgainIsAnsweredAndBringsNoOldPairBack) {
    ASSERT_TRUE(import("ann", "1", "open-1", 0));
    const auto version = show("ann")->version;
    ASSERT_TRUE(import("ann", "1", "open-1", 0)) << "its answer may have been lost";
    EXPECT_EQ(show("ann")->version, version);
    EXPECT_EQ(requests(), 1U);
    EXPECT_EQ(field_of(import("bob", "1", "open-1", 0)), "refresh_token") << "one grant is for one user";
    disconnect("ann");
    EXPECT_EQ(field_of(import("ann", "1", "open-1", 0)), "refresh_token") << "it has ended";
}

TEST_F(Import, T23AuditDAnAnswerThatNamesNobodyIsAskedForOnce) {
    endpoint.account.clear();
    tiktok_is_away = true;
    EXPECT_EQ(import("ann", "1", "open-1", 0).error().code(), errc::tiktok_unreachable);
    tiktok_is_away = false;
    owners["act.issued1"] = "open-1";
    ASSERT_TRUE(import("ann", "1", "open-1", 0));
    EXPECT_EQ(requests(), 1U);
}

TEST_F(Import, T23AuditDAtMostFiftyUsersHoldOneAccount) {
    for (int i = 100; i <= 150; ++i)
        owners["act." + std::to_string(i)] = "open-1"; // a login of each user's
    for (int i = 100; i < 150; ++i)
        ASSERT_TRUE(import("user" + std::to_string(i), std::to_string(i), "open-1")) << i;
    const auto full = import("one.more", "150", "open-1");
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code(), errc::invalid_input);
    EXPECT_TRUE(import("user100", "150", "open-1")) << "who holds it already";
    EXPECT_EQ(field_of(import("one.more", "150", "open-1")), "refresh_token") << "it is user100's now";
    disconnect("user100");
    EXPECT_TRUE(import("one.more", "150", "open-1"));
}

TEST_F(Import, T23AuditDTheSameTokensAgainReplaceNoPairThatTikTokHasRotatedSince) {
    ASSERT_TRUE(import("ann", "1", "open-1"));
    ASSERT_EQ(run_on(loop, tokens->renew(user_id::trusted("ann"), show("ann")->version, soon())).value(),
              tokens::renewal::renewed);
    ASSERT_EQ(token_of("ann"), "act.issued1");
    for (const bool after_a_week : {false, true}) {
        if (after_a_week) {
            ASSERT_TRUE(
                run_on(loop, records->upkeep.sweep(wall_now() + std::chrono::hours{24 * 7}, soon())).value());
        }
        EXPECT_TRUE(import("ann", "1", "open-1")) << "TikTok takes the old access token for hours";
        EXPECT_EQ(token_of("ann"), "act.issued1");
        EXPECT_EQ(field_of(import("bob", "1", "open-1")), "refresh_token") << "one grant is for one user";
    }
    EXPECT_EQ(questions, 1);
    disconnect("ann");
    EXPECT_TRUE(import("bob", "1", "open-1")) << "TikTok decides, where nothing can be lost";
    change_rows("UPDATE connections SET state = 'reconnect_required'");
    EXPECT_TRUE(import("bob", "1", "open-1"));
    EXPECT_EQ(show("bob")->state, connection_state::connected);
    EXPECT_EQ(questions, 3);
}

TEST_F(Import, T23AuditDOfTwoImportsOfTheSameTokensAtOnceOneIsStored) {
    std::vector<std::string> ends(2);
    task_group group(loop.executor());
    for (const std::string name : {"ann", "bob"})
        group.spawn(import_into(name, ends[name == "bob"]));
    ASSERT_TRUE(run_on(loop, group.wait_empty(soon())));
    std::sort(ends.begin(), ends.end());
    EXPECT_EQ(ends, (std::vector<std::string>{"", "refresh_token"}));
    EXPECT_EQ(rows_of("connections"), 1U);
}

TEST_F(Import, P02AuditTheCallersEndLosesNoPairAndADrainWaitsForIt) {
    std::string end;
    task_group group(loop.executor());
    endpoint.before_answer = [&group] { return cancel_all(group); }; // TikTok has rotated
    owners.clear();                                                  // only a refresh can tell
    group.spawn(import_into("ann", end));
    ASSERT_TRUE(run_on(loop, group.wait_empty(soon())));
    connection_service->begin_drain();
    run_on(loop, connection_service->drain(soon()));
    EXPECT_EQ(rows_of("import_proofs", "length(sealed_tokens) > 0"), 1U);
    endpoint.good_refresh_tokens.insert("rft.2");
    EXPECT_EQ(import("bob", "2", "open-1").error().code(), errc::draining) << "nothing begins any more";
    restart_as("app-key");
    ASSERT_TRUE(import("ann", "1", "open-1"));
    EXPECT_EQ(token_of("ann"), "act.issued1");
    EXPECT_EQ(requests(), 1U);
}

TEST_F(Import, T23AuditDAnImportThatIsNeverCorrectedIsRevokedAfterADayUnlessTheUserHasLeft) {
    endpoint.account = "open-1";
    for (const bool has_left : {false, true}) {
        endpoint.good_refresh_tokens.insert("rft.old");
        EXPECT_FALSE(import("ann", "old", "open-2", 0)) << "the wrong open_id";
        ASSERT_EQ(rows_of("import_proofs"), 1U);
        if (has_left) {
            const auto gone =
                run_on(loop, connection_service->on_authorization_removed(
                                 open_id::trusted("open-1"), 1, wall_now() + seconds{1}, wall_now(), soon()));
            ASSERT_TRUE(gone);
        }
        change_rows("UPDATE import_proofs SET expires_at = 1");
        const auto swept = run_on(loop, connection_service->sweep_unfinished(wall_now(), soon()));
        EXPECT_EQ(*swept, has_left ? 0U : 1U);
        EXPECT_EQ(retry().revoked, has_left ? 0U : 1U);
        EXPECT_EQ(rows_of("import_proofs") + rows_of("revocations"), 0U);
    }
    EXPECT_EQ(endpoint.revoked.size(), 1U);
}

} // namespace gateway::testing
