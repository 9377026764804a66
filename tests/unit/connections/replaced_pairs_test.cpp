// What an import or a login replaces: no better pair is lost for it, and what nobody needs any more is
// revoked (docs/contract.md §6).
#include "http/writers.hpp"
#include "runtime/task_group.hpp"
#include "unit/connections/accounts_fixture.hpp"

namespace gateway::testing {

using store::connection_state;

class ReplacedPair : public accounts_fixture {
protected:
    void renew(const std::string& name) {
        static_cast<void>(run_on(loop, tokens->renew(user_id::trusted(name), show(name)->version, soon())));
    }
    /// The pair "1" once more, for this account, by a refresh.
    task<void> import_again(std::string name, std::string account) {
        std::string body = R"({"access_token":"act.1","expires_in":0,"refresh_token":"rft.1",)"
                           R"("refresh_expires_in":15552000,"open_id":")"
                           + account + R"(","scope":"user.info.basic"})";
        static_cast<void>(co_await connection_service->import_tokens(user_id::trusted(std::move(name)),
                                                                     std::move(body), wall_now(), soon()));
    }
    task<void> leave(std::string name) {
        endpoint.before_answer = nullptr;
        const auto gone =
            co_await connection_service->disconnect(user_id::trusted(std::move(name)), wall_now(), soon());
        EXPECT_TRUE(gone);
    }
    std::uint64_t waiting_pairs() {
        return rows_of("import_proofs", "length(sealed_tokens) > 0 AND user_id = ''");
    }
};

TEST_F(ReplacedPair, AuditEThatOfTheAccountBeforeIsRevoked) {
    connect("ann", "open-1");
    connect("ann", "open-1");
    EXPECT_EQ(rows_of("revocations"), 0U) << "the same account";
    connect("ann", "open-2"); // as a login with replace_account
    EXPECT_EQ(rows_of("revocations", "open_id = 'open-1' AND user_id = 'ann'"), 1U);
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_EQ(endpoint.revoked, std::set<std::string>{"act.ann"});
    EXPECT_EQ(rows_of("revocations"), 0U);
    EXPECT_EQ(token_of("ann"), "act.ann") << "of open-2";
}

TEST_F(ReplacedPair, AuditEWhatSomebodyElseHoldsOrNobodyCanUseIsNotRevoked) {
    connect("ann", "open-1");
    connect("bob", "open-1");
    connect("ann", "open-2");
    EXPECT_EQ(retry().revoked, 0U);
    EXPECT_EQ(rows_of("revocations"), 0U) << "bob holds it";
    change_rows("UPDATE connections SET state = 'reconnect_required' WHERE user_id = 'ann'");
    connect("ann", "open-3");
    EXPECT_EQ(rows_of("revocations"), 0U) << "TikTok had refused it";
    EXPECT_TRUE(endpoint.revoked.empty());
}

TEST_F(ReplacedPair, AuditEARefreshThatEndsAfterwardsBringsItsPairToTheRevocation) {
    connect("ann", "open-1");
    endpoint.account = "open-1";
    endpoint.before_answer = [this]() -> task<void> {
        endpoint.before_answer = nullptr;
        auto fresh = pair("new");
        fresh.account = open_id::trusted("open-2");
        store::grant_permit no_permit;
        const auto saved = co_await vault->save_grant(user_id::trusted("ann"), std::move(fresh),
                                                      vault::account_change::allowed, std::move(no_permit),
                                                      wall_now(), soon());
        EXPECT_TRUE(saved);
    };
    renew("ann");
    EXPECT_EQ(token_of("ann"), "act.new");
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_EQ(endpoint.revoked, std::set<std::string>{"act.issued1"}) << "act.ann has ended";
}

TEST_F(ReplacedPair, T23AuditDADeadRefreshTokenReplacesNoPairThatTikTokGave) {
    connect("ann", "open-1");
    owners["act.9"] = "open-1"; // its access token lives, and rft.9 is dead
    EXPECT_EQ(field_of(import("ann", "9", "open-1")), "refresh_token");
    owners["act.9"] = "open-2";
    EXPECT_EQ(field_of(import("ann", "9", "open-2")), "refresh_token") << "of another account";
    EXPECT_EQ(token_of("ann"), "act.ann");
    EXPECT_EQ(show("ann")->proof, store::account_proof::pair);
    EXPECT_EQ(rows_of("revocations"), 0U);

    endpoint.good_refresh_tokens.insert("rft.9");
    endpoint.account = "open-2";
    ASSERT_TRUE(import("ann", "9", "open-2"));
    EXPECT_EQ(token_of("ann"), "act.issued1");
    EXPECT_EQ(show("ann")->account.text(), "open-2");
    EXPECT_EQ(retry().revoked, 1U) << "the account before";
    EXPECT_EQ(endpoint.revoked, std::set<std::string>{"act.ann"});
}

TEST_F(ReplacedPair, T23AuditDInventedRefreshTokensKeepNobodyOut) {
    for (int i = 100; i < 150; ++i) {
        owners["act." + std::to_string(i)] = "open-1";
        ASSERT_TRUE(import("liar" + std::to_string(i), std::to_string(i), "open-1")) << i;
    }
    owners["act.1"] = "open-1";
    EXPECT_EQ(field_of(import("liar", "1", "open-1")), "refresh_token") << "one more of them";
    endpoint.good_refresh_tokens.insert("rft.1");
    ASSERT_TRUE(import("ann", "1", "open-1"));
    EXPECT_EQ(show("ann")->proof, store::account_proof::pair);
    EXPECT_EQ(token_of("ann"), "act.issued1");
}

TEST_F(ReplacedPair, T23AuditDAnImportGoesOnWithThePairThatAnotherOfTheSameTokensHasKept) {
    owners["act.1"] = "open-1";
    endpoint.good_refresh_tokens.insert("rft.1");
    while_asked = [this] { return import_again("ann", "open-of-somebody-else"); };
    ASSERT_TRUE(import("ann", "1", "open-1"));
    EXPECT_EQ(requests(), 1U);
    EXPECT_EQ(token_of("ann"), "act.issued1") << "rft.1 has ended";
    EXPECT_EQ(waiting_pairs(), 0U);
}

TEST_F(ReplacedPair, T23AuditDAnAnswerForAnotherAccountIsKeptForItsOwner) {
    owners["act.1"] = "open-1";
    endpoint.good_refresh_tokens.insert("rft.1"); // of open-2
    endpoint.account = "open-2";
    ASSERT_TRUE(import("ann", "1", "open-1"));
    renew("ann");
    EXPECT_EQ(show("ann")->cause, "answer_for_another_account");
    EXPECT_EQ(waiting_pairs(), 1U);
    EXPECT_EQ(field_of(import("ann", "1", "open-1", 0)), "open_id");
    ASSERT_TRUE(import("bob", "1", "open-2", 0));
    EXPECT_EQ(token_of("bob"), "act.issued1");
    EXPECT_EQ(requests(), 1U);
    EXPECT_EQ(waiting_pairs(), 0U);
}

TEST_F(ReplacedPair, T19AuditEAnAnswerForAnotherAccountIsAsOldAsTikTokSays) {
    const auto given = std::chrono::floor<seconds>(wall_now()) - seconds{240};
    endpoint.date = http::http_date(given);
    const auto removed = [this](wall_time happened_at) {
        return run_on(loop, connection_service->on_authorization_removed(open_id::trusted("open-2"), 1,
                                                                         happened_at, wall_now(), soon()))
            .has_value();
    };
    for (const bool of_a_revocation : {false, true}) {
        SCOPED_TRACE(of_a_revocation);
        connect("ann", "open-1", of_a_revocation ? seconds{-10} : seconds{7200});
        endpoint.account = "open-2";
        of_a_revocation ? static_cast<void>(disconnect("ann")) : renew("ann");
        ASSERT_EQ(waiting_pairs(), 1U);
        ASSERT_TRUE(removed(given - seconds{3}));
        EXPECT_EQ(waiting_pairs(), 1U) << "of a grant before";
        ASSERT_TRUE(removed(given + seconds{1}));
        EXPECT_EQ(waiting_pairs(), 0U);
    }
}

TEST_F(ReplacedPair, AuditEAnAnswerForAnotherAccountThatNobodyWantsIsRevokedAfterADay) {
    connect("ann", "open-1");
    endpoint.account = "open-2";
    renew("ann");
    ASSERT_EQ(waiting_pairs(), 1U);
    change_rows("UPDATE import_proofs SET expires_at = 1");
    EXPECT_EQ(*run_on(loop, connection_service->sweep_unfinished(wall_now(), soon())), 1U);
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_EQ(endpoint.revoked, std::set<std::string>{"act.issued1"});
}

TEST_F(ReplacedPair, AuditEAnImportConnectsNobodyWhoIsDisconnectedMeanwhile) {
    owners["act.1"] = "open-1";
    endpoint.good_refresh_tokens.insert("rft.1");
    connect("ann", "open-1");
    connect("bob", "open-1"); // so that the DELETE revokes nothing
    change_rows("UPDATE connections SET proof = 'access_token' WHERE user_id = 'ann'");
    while_asked = [this] { return leave("ann"); };
    EXPECT_EQ(import("ann", "1", "open-1").error().code(), errc::user_not_connected);
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
    EXPECT_EQ(requests(), 0U);

    connect("ann", "open-1");
    endpoint.before_answer = [this] { return leave("ann"); };
    EXPECT_EQ(import("ann", "1", "open-1", 0).error().code(), errc::user_not_connected);
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
    EXPECT_EQ(waiting_pairs() + rows_of("revocations"), 0U) << "bob holds the account";

    connect("cid", "open-2");
    endpoint.good_refresh_tokens.insert("rft.2");
    endpoint.account = "open-2";
    endpoint.before_answer = [this] { return leave("cid"); };
    EXPECT_EQ(import("cid", "2", "open-2", 0).error().code(), errc::user_not_connected);
    EXPECT_EQ(waiting_pairs(), 0U);
    EXPECT_EQ(retry().revoked, 1U) << "what TikTok gave meanwhile";
    EXPECT_TRUE(endpoint.revoked.contains("act.issued2"));
}

} // namespace gateway::testing
