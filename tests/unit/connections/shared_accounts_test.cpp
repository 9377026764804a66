// Several users of one TikTok account: who may act for it, and who ends the grant at TikTok.
#include "runtime/task_group.hpp"
#include "unit/connections/accounts_fixture.hpp"
#include "unit/vault/without_app.hpp"

#include <utility>

namespace gateway::testing {

using store::connection_state;
using names = std::vector<std::string>;

class SharedAccount : public accounts_fixture {
protected:
    /// As stored before imports were proven.
    void unproven(const std::string& name) {
        change_rows("UPDATE connections SET proof = 'none' WHERE user_id = '" + name + "'");
    }
    /// Ann is deleted. TikTok is away, so it is not known whether bob's tokens are good, and her revoke
    /// waits.
    void leave_while_bob_may_hold_the_account() {
        connect("ann", "open-1");
        connect("bob", "open-1");
        unproven("bob");
        endpoint.next = {mode::unreachable};
        EXPECT_EQ(disconnect("ann").reason, "tiktok_unreachable");
    }
    /// Both at the same time; the reasons.
    names disconnect_at_once(const names& users) {
        names reasons(users.size());
        task_group group(loop.executor());
        for (std::size_t i = 0; i < users.size(); ++i)
            group.spawn(end(users[i], reasons[i]));
        run_on(loop, group.wait_empty(soon()));
        return reasons;
    }
    task<void> end(std::string name, std::string& reason) {
        const auto gone = co_await connection_service->disconnect(user_id::trusted(name), wall_now(), soon());
        reason =
            gone ? (gone->revoked_at_tiktok ? "revoked" : std::string(gone->reason)) : gone.error().message();
    }
    task<void> disconnect_meanwhile(std::string name, std::string& reason) {
        endpoint.before_answer = {};
        const auto until = deadline::in(steady_now(), milliseconds{300});
        const auto gone = co_await connection_service->disconnect(user_id::trusted(name), wall_now(), until);
        reason = gone ? std::string(gone->reason) : gone.error().message();
    }
    task<void> connect_meanwhile(std::string name, store::account_proof proof) {
        endpoint.before_answer = {};
        auto fresh = pair(name);
        fresh.proof = proof;
        auto user = user_id::trusted(name);
        store::grant_permit no_permit;
        const auto saved =
            co_await vault->save_grant(std::move(user), std::move(fresh), vault::account_change::allowed,
                                       std::move(no_permit), wall_now(), soon());
        EXPECT_TRUE(saved && saved->tokens);
    }
    task<void> retry_once() { static_cast<void>(co_await connection_service->retry_revocations(soon())); }
    static task<void> cancel_all(task_group& group) {
        group.cancel();
        co_return;
    }
    std::size_t revokes() const {
        return static_cast<std::size_t>(
            std::count(endpoint.requests.begin(), endpoint.requests.end(), "revoke"));
    }
};

TEST_F(SharedAccount, T23AuditDOnlyProvenConnectedUsersOfThisAppActForIt) {
    for (const char* name : {"a.proven", "b.unproven", "c.over", "d.doubt", "e.proven"})
        connect(name, "open-1");
    unproven("b.unproven");
    change_rows("UPDATE connections SET state = 'reconnect_required' WHERE user_id = 'c.over'");
    change_rows("UPDATE connections SET state = 'refresh_in_doubt' WHERE user_id = 'd.doubt'");
    EXPECT_EQ(users_of("open-1"), (names{"a.proven", "e.proven", "d.doubt"}));
    EXPECT_EQ(users_of("open-1", {"d.*", "e.*"}), (names{"e.proven", "d.doubt"}));
    EXPECT_EQ(users_of("open-1", {"b.*"}), names{});
    restart_as("another-app");
    EXPECT_EQ(users_of("open-1"), names{});
}

TEST_F(SharedAccount, AuditEExactlyOneOfTwoRevokesThirtyTimes) {
    for (int round = 0; round < 30; ++round) {
        connect("ann", "open-1");
        connect("bob", "open-1");
        const auto before = revokes();
        auto reasons = disconnect_at_once({"ann", "bob"});
        std::sort(reasons.begin(), reasons.end());
        EXPECT_EQ(reasons, (names{"revoked", "used_by_another_user"})) << round;
        EXPECT_EQ(revokes(), before + 1) << round;
    }
    EXPECT_EQ(rows_of("revocations") + rows_of("connections"), 0U);
}

TEST_F(SharedAccount, AuditDWhoseTokensTikTokDoesNotTakeKeepsNobodyFromRevoking) {
    connect("ann", "open-1");
    connect("liar", "open-1");
    unproven("liar");
    endpoint.good_refresh_tokens.erase("rft.liar");
    EXPECT_TRUE(disconnect("ann").revoked_at_tiktok);
    EXPECT_EQ(show("liar")->state, connection_state::reconnect_required);
}

TEST_F(SharedAccount, AuditEConnectionsOfAnEarlierVersionHoldTheirAccountIfTikTokTakesThem) {
    connect("ann", "open-1");
    connect("bob", "open-1");
    for (const char* name : {"ann", "bob"})
        seal_without_app(loop, *records, name);
    endpoint.account = "open-1";
    EXPECT_EQ(disconnect("ann").reason, "used_by_another_user");
    EXPECT_EQ(rows_of("connections", "user_id = 'bob' AND proof = 'pair' AND app = 'app-key'"), 1U);
    EXPECT_EQ(rows_of("revocations"), 0U);
    EXPECT_EQ(revokes(), 0U);
}

TEST_F(SharedAccount, AuditEARevokeWaitsWhileItIsNotKnownWhetherAnotherHoldsTheAccount) {
    leave_while_bob_may_hold_the_account();
    EXPECT_EQ(rows_of("revocations"), 1U);
    EXPECT_EQ(revokes(), 0U);
}

TEST_F(SharedAccount, AuditDAnImportHoldsItsAccountIfTikTokTakesItsRefreshToken) {
    connect("ann", "open-1");
    owners["act.honest"] = owners["act.liar"] = "open-1";
    endpoint.good_refresh_tokens.insert("rft.honest");
    ASSERT_TRUE(import("bob", "honest", "open-1"));
    endpoint.account = "open-1";
    EXPECT_EQ(disconnect("ann").reason, "used_by_another_user");
    EXPECT_EQ(token_of("bob"), "act.issued1") << "it was tried";
    ASSERT_TRUE(import("liar", "liar", "open-1"))
        << "with an access token of the account, and a made-up pair";
    EXPECT_TRUE(disconnect("bob").revoked_at_tiktok);
    EXPECT_EQ(show("liar")->state, connection_state::reconnect_required);
}

TEST_F(SharedAccount, AuditDAtMostFiftyImportsOfAnAccountHaveToBeTried) {
    for (int i = 0; i < 50; ++i) {
        const auto number = std::to_string(i);
        owners["act." + number] = "open-1";
        ASSERT_TRUE(import("user" + number, number, "open-1"));
    }
    owners["act.more"] = "open-1";
    EXPECT_EQ(import("more", "more", "open-1").error().code(), errc::invalid_input);
    connect("ann", "open-1"); // whose login is not kept out by them
    EXPECT_EQ(show("ann")->state, connection_state::connected);
}

TEST_F(SharedAccount, AuditEARevokeWaitsForOthersNoLongerThanItsTriesLast) {
    leave_while_bob_may_hold_the_account();
    change_rows("UPDATE revocations SET next_at = 0, tries = 7");
    endpoint.next = {mode::text};
    endpoint.status = 400;
    endpoint.body = R"({"error":"invalid_request"})";
    tokens->retry_soon();
    EXPECT_EQ(retry().revoked, 1U) << "TikTok neither takes nor ends it";
}

TEST_F(SharedAccount, AuditEWhomTikTokWasNotAskedAboutHoldsTheAccountAlsoOnTheLastTry) {
    leave_while_bob_may_hold_the_account();
    change_rows("UPDATE revocations SET next_at = 0, tries = 7");
    endpoint.next = {mode::unreachable};
    const auto round = retry();
    EXPECT_EQ(round.revoked, 0U);
    EXPECT_EQ(round.given_up, 1U);
    EXPECT_EQ(revokes(), 0U);
}

TEST_F(SharedAccount, AuditDAPairThatTikTokHasEndedHoldsNoAccountForever) {
    connect("ann", "open-1");
    connect("bob", "open-1", -seconds{1}); // he has removed the app, and no event said so
    endpoint.good_refresh_tokens.erase("rft.bob");
    EXPECT_TRUE(disconnect("ann").revoked_at_tiktok);
    EXPECT_EQ(show("bob")->state, connection_state::reconnect_required);
    connect("cid", "open-1");
    connect("dan", "open-1", -seconds{1}); // he is only idle
    EXPECT_EQ(disconnect("cid").reason, "used_by_another_user");
    EXPECT_EQ(show("dan")->state, connection_state::connected);
    EXPECT_EQ(revokes(), 1U);
}

TEST_F(SharedAccount, AuditEARevocationDoesNotSpendTheTokenThatAnotherUserWasGiven) {
    connect("ann", "open-1", -seconds{1});
    endpoint.next = {mode::unreachable};
    EXPECT_EQ(disconnect("ann").reason, "tiktok_unreachable");
    owners["act.ann"] = "open-1";
    ASSERT_TRUE(import("bob", "ann", "open-1")) << "the same tokens";
    tokens->retry_soon();
    change_rows("UPDATE revocations SET next_at = 0");
    EXPECT_EQ(retry().not_wanted, 1U);
    EXPECT_EQ(token_of("bob"), "act.issued1");
    EXPECT_EQ(revokes(), 0U);
    EXPECT_EQ(rows_of("revocations"), 0U);
}

TEST_F(SharedAccount, AuditEWaitingGrantsAndImportsCountAsHolders) {
    const std::string waits =
        "INSERT INTO pending_grants (confirmation_hash, caller, user_id, app, open_id, scopes, "
        "replace_account, sealed_tokens, access_expires_at, refresh_expires_at, created_at, granted_at, "
        "reserved_until, state_hash, expires_at) "
        "VALUES (x'01', 'shop', 'bob', 'app-key', 'open-1', '', 0, x'02', 0, 0, 0, 0, 0, x'03', ";
    connect("ann", "open-1");
    change_rows(waits + std::to_string(unix_ms(wall_now() + seconds{60})) + ")");
    EXPECT_EQ(disconnect("ann").reason, "used_by_another_user");
    change_rows("DELETE FROM pending_grants");
    connect("ann", "open-1");
    change_rows(waits + std::to_string(unix_ms(wall_now() - seconds{1})) + ")");
    EXPECT_TRUE(disconnect("ann").revoked_at_tiktok) << "it has expired";

    connect("ann", "open-1");
    endpoint.good_refresh_tokens.insert("rft.import");
    EXPECT_FALSE(import("bob", "import", "open-2", 0)) << "the wrong open_id: it waits to be corrected";
    EXPECT_EQ(disconnect("ann").reason, "used_by_another_user");
}

TEST_F(SharedAccount, AuditETheReasonsOfARevokeThatWasNotDone) {
    connect("ann", "open-1");
    connect("bob", "open-1");
    EXPECT_EQ(disconnect("ann").reason, "used_by_another_user");
    EXPECT_TRUE(disconnect("bob").reason.empty());
    connect("cid", "open-1", -seconds{1});
    endpoint.good_refresh_tokens.clear();
    EXPECT_EQ(disconnect("cid").reason, "already_ended");
    connect("dan", "open-1");
    restart_as("another-app");
    EXPECT_EQ(disconnect("dan").reason, "other_app");
    const auto unknown =
        run_on(loop, connection_service->disconnect(user_id::trusted("nobody"), wall_now(), soon()));
    EXPECT_EQ(unknown.error().code(), errc::user_not_connected);
    EXPECT_EQ(rows_of("revocations", "app <> 'app-key'"), 0U);
}

TEST_F(SharedAccount, AuditETheSealedPairIsKeptForABoundedNumberOfTries) {
    connect("ann", "open-1");
    endpoint.next = {mode::unreachable, mode::unreachable, mode::unreachable, mode::unreachable};
    EXPECT_EQ(disconnect("ann").reason, "tiktok_unreachable");
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
    EXPECT_EQ(rows_of("revocations", "length(sealed_tokens) > 0 AND tries = 1"), 1U);
    EXPECT_EQ(retry().revoked, 0U) << "not before its time";
    const auto due = [this] { change_rows("UPDATE revocations SET next_at = 0"); };
    due();
    restart_as("app-key");
    const auto done = retry();
    EXPECT_EQ(done.revoked, 1U);
    EXPECT_TRUE(endpoint.revoked.contains("act.ann"));
    EXPECT_EQ(rows_of("revocations"), 0U);

    connect("bob", "open-1", -seconds{1}); // a refresh comes first
    endpoint.next = {mode::unreachable};
    EXPECT_EQ(disconnect("bob").reason, "tiktok_unreachable");
    due();
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_TRUE(endpoint.revoked.contains("act.issued1"));

    connect("cid", "open-1");
    endpoint.status = 400;
    endpoint.body = R"({"error":"invalid_client"})"; // about the app, not about the grant
    for (int i = 0; i < 100; ++i)
        endpoint.next.push_back(mode::text);
    EXPECT_EQ(disconnect("cid").reason, "tiktok_unreachable");
    std::size_t rounds = 0, given_up = 0;
    for (; rows_of("revocations") > 0 && rounds < 20; ++rounds) {
        due();
        given_up += retry().given_up;
    }
    EXPECT_EQ(rounds, 7U) << "eight tries in all";
    EXPECT_EQ(given_up, 1U);
}

TEST_F(SharedAccount, AuditEARefreshInFlightLeavesItsPairToTheRevocation) {
    connect("ann", "open-1", -seconds{1});
    std::string reason;
    endpoint.before_answer = [this, &reason] { return disconnect_meanwhile("ann", reason); };
    EXPECT_EQ(access("ann").error().code(), errc::user_not_connected);
    EXPECT_EQ(reason, "tiktok_unreachable");
    const auto seen = endpoint.requests.size();
    EXPECT_EQ(retry().later, 0U);
    EXPECT_EQ(endpoint.requests.size(), seen) << "not before the refresh has ended for sure";
    EXPECT_EQ(rows_of("revocations", "next_at > " + std::to_string(unix_ms(wall_now() + seconds{50}))), 1U);
    change_rows("UPDATE revocations SET next_at = 0");
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_TRUE(endpoint.revoked.contains("act.issued1")) << "TikTok has ended the old pair";
    EXPECT_EQ(rows_of("revocations"), 0U);
}

TEST_F(SharedAccount, AuditEP02TheRefreshOfARevocationIsNotCut) {
    connect("ann", "open-1", -seconds{1});
    endpoint.next = {mode::unreachable};
    EXPECT_EQ(disconnect("ann").reason, "tiktok_unreachable");
    change_rows("UPDATE revocations SET next_at = 0");
    task_group background(loop.executor());
    endpoint.before_answer = [&background] { return cancel_all(background); }; // TikTok has rotated
    background.spawn(retry_once());
    ASSERT_TRUE(run_on(loop, background.wait_empty(soon())));
    connection_service->begin_drain();
    run_on(loop, connection_service->drain(soon()));
    endpoint.before_answer = {};
    restart_as("app-key");
    change_rows("UPDATE revocations SET next_at = 0");
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_TRUE(endpoint.revoked.contains("act.issued1"));
}

TEST_F(SharedAccount, AuditEOnlyTikToksWordEndsARevocation) {
    struct answer {
        int status;
        const char* body;
        const char* reason;
    };
    for (const auto& one :
         {answer{200, "<html><body>Log in to this network</body></html>", "tiktok_unreachable"},
          answer{200, "[]", "tiktok_unreachable"}, answer{302, "", "tiktok_unreachable"},
          answer{403, "<html><body>Access denied</body></html>", "tiktok_unreachable"},
          answer{404, "", "tiktok_unreachable"},
          answer{400, R"({"error":"server_error"})", "tiktok_unreachable"}, answer{200, "", ""},
          answer{200, "{}", ""}}) {
        SCOPED_TRACE(std::to_string(one.status) + " " + one.body);
        connect("ann", "open-1");
        endpoint.status = one.status;
        endpoint.body = one.body;
        endpoint.next = {mode::text};
        EXPECT_EQ(disconnect("ann").reason, one.reason);
        const bool waits = one.reason == std::string("tiktok_unreachable");
        EXPECT_EQ(rows_of("revocations"), waits ? 1U : 0U);
    }
}

TEST_F(SharedAccount, V15AuditFAPairThatWaitsBesideKeepsOthersFromRevoking) {
    connect("ann", "open-1");
    connect("bob", "open-1");
    restart_as("app-b");
    connect("ann", "open-b"); // the one of app-key waits beside
    restart_as("app-key");
    EXPECT_EQ(disconnect("bob").reason, "used_by_another_user");
    EXPECT_TRUE(endpoint.revoked.empty());
    EXPECT_EQ(token_of("ann"), "act.ann");
}

TEST_F(SharedAccount, AuditEARevocationUnderAKeyOfAnotherReplicaIsLeftToIt) {
    connect("ann", "open-1");
    const auto seen = *load("ann");
    auto newer = vault_on(*records, ring_of("ab"));
    ASSERT_TRUE(run_on(loop, newer.check_keys(soon())));
    ASSERT_TRUE(run_on(loop, newer.end(seen, true, milliseconds{0}, wall_now(), soon())));
    change_rows("UPDATE revocations SET next_at = 0");
    for (int round = 0; round < 9; ++round)
        EXPECT_EQ(retry().revoked, 0U);
    EXPECT_EQ(rows_of("revocations", "tries = 1 AND next_at = 0"), 1U) << "no try is used up";
    EXPECT_EQ(vault->counts().damaged, 0U);
    ASSERT_TRUE(run_on(loop, vault->change_keys(ring_of("ab"), soon())));
    EXPECT_EQ(retry().revoked, 1U);
}

TEST_F(SharedAccount, AuditEAGrantThatIsMadeBetweenTwoRequestsOfARevokeStays) {
    connect("ann", "open-1");
    endpoint.next = {mode::text};
    endpoint.status = 503;
    endpoint.before_answer = [this] { return connect_meanwhile("bob", store::account_proof::pair); };
    EXPECT_EQ(disconnect("ann").reason, "used_by_another_user");
    EXPECT_TRUE(endpoint.revoked.empty());
    EXPECT_EQ(revokes(), 1U);
    EXPECT_EQ(token_of("bob"), "act.bob");
}

TEST_F(SharedAccount, AuditEAnImportThatIsMadeBetweenTwoRequestsOfARevokeIsTriedBeforeTheNext) {
    connect("ann", "open-1");
    endpoint.next = {mode::text};
    endpoint.status = 503;
    endpoint.good_refresh_tokens.insert("rft.bob");
    endpoint.before_answer = [this] { return connect_meanwhile("bob", store::account_proof::access_token); };
    EXPECT_EQ(disconnect("ann").reason, "used_by_another_user");
    EXPECT_TRUE(endpoint.revoked.empty());
    EXPECT_EQ(token_of("bob"), "act.issued1");
}

TEST_F(SharedAccount, AuditEANewGrantOfTheAccountStopsTheRevocation) {
    connect("ann", "open-1");
    endpoint.next = {mode::unreachable, mode::unreachable, mode::unreachable, mode::unreachable};
    EXPECT_EQ(disconnect("ann").reason, "tiktok_unreachable");
    connect("bob", "open-1");
    EXPECT_EQ(rows_of("revocations"), 0U);
    change_rows("UPDATE revocations SET next_at = 0");
    EXPECT_EQ(retry().revoked, 0U);
    EXPECT_TRUE(endpoint.revoked.empty());
}

TEST_F(SharedAccount, AuditDARemovalEventReachesEveryProvenUserAndNoOther) {
    constexpr int many = 450;
    for (int i = 0; i < many; ++i)
        connect("user" + std::to_string(i), "open-" + std::to_string(i));
    change_rows("UPDATE connections SET open_id = 'open-1'"); // more than one unit's
    connect("liar", "open-2");
    change_rows("UPDATE connections SET open_id = 'open-1', proof = 'none' WHERE user_id = 'liar'");
    connect("young", "open-3");
    change_rows("UPDATE connections SET open_id = 'open-1', connected_at = "
                + std::to_string(unix_ms(wall_now() + seconds{60})) + " WHERE user_id = 'young'");
    const auto gone = run_on(loop, connection_service->on_authorization_removed(
                                       open_id::trusted("open-1"), 1, wall_now(), wall_now(), soon()));
    EXPECT_EQ(*gone, static_cast<std::size_t>(many));
    EXPECT_EQ(rows_of("connections", "state = 'revoked' AND length(sealed_tokens) = 0"),
              static_cast<std::uint64_t>(many));
    EXPECT_EQ(rows_of("connections", "state = 'connected'"), 2U);
}

} // namespace gateway::testing
