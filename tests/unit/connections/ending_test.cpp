// Grants that are ended late: after a refresh that outlived the connection, and under the TikTok app that got
// them.
#include "unit/connections/accounts_fixture.hpp"
#include "unit/vault/without_app.hpp"

namespace gateway::testing {

using store::connection_state;

class Ending : public accounts_fixture {
protected:
    void connect_to(const std::string& name, const std::string& number, const std::string& account) {
        auto fresh = pair(number);
        fresh.account = open_id::trusted(account);
        endpoint.good_refresh_tokens.insert("rft." + number);
        grant(name, std::move(fresh), wall_now() - seconds{1});
    }
    void make_due() { change_rows(due_sql); }
    task<void> make_due_now() {
        const auto change = [](store::transaction& at) -> task<void> {
            return execute(at, store::statement("UPDATE revocations SET next_at = 0"));
        };
        static_cast<void>(co_await store::run(records->on(), store::unit::writes(), soon(), change));
    }
    /// While TikTok has rotated ann's pair, and its answer is on its way: she is disconnected, and the
    /// revocation is tried `rounds` times with the old pair.
    task<void> disconnect_and_try(int rounds) {
        endpoint.before_answer = {};
        const auto until = deadline::in(steady_now(), milliseconds{300});
        auto ann = user_id::trusted("ann");
        static_cast<void>(co_await connection_service->disconnect(std::move(ann), wall_now(), until));
        for (int round = 0; round < rounds; ++round) {
            co_await make_due_now();
            const auto tried = co_await connection_service->retry_revocations(soon());
            if (tried) ended += tried->ended;
        }
    }
    /// Another replica has ended them.
    task<void> drop_revocations() {
        endpoint.before_answer = {};
        const auto drop = [](store::transaction& at) -> task<void> {
            return execute(at, store::statement("DELETE FROM revocations"));
        };
        static_cast<void>(co_await store::run(records->on(), store::unit::writes(), soon(), drop));
    }
    std::size_t ended = 0;
    const std::string due_sql = "UPDATE revocations SET next_at = 0";
};

TEST_F(Ending, AuditEARefusedRefreshLeavesARevocationOneMoreTry) {
    connect("ann", "open-1", -seconds{1});
    endpoint.next = {mode::unreachable};
    EXPECT_EQ(disconnect("ann").reason, "tiktok_unreachable");
    endpoint.good_refresh_tokens.clear();
    make_due();
    EXPECT_EQ(retry().later, 1U);
    EXPECT_EQ(rows_of("revocations", "refused = 1"), 1U);
    EXPECT_EQ(retry().later, 0U) << "not at once";
    make_due();
    EXPECT_EQ(retry().ended, 1U);
    EXPECT_EQ(rows_of("revocations"), 0U);
}

TEST_F(Ending, AuditEAnAccessTokenThatTikTokRefusesIsNotTheEndOfItsGrant) {
    connect("ann", "open-1");
    endpoint.next = {mode::text};
    endpoint.status = 400;
    endpoint.body = R"({"error":"invalid_grant"})";
    EXPECT_TRUE(disconnect("ann").revoked_at_tiktok);
    EXPECT_EQ(endpoint.revoked, std::set<std::string>{"act.issued1"}) << "with another token";
    connect("ann", "open-1");
    endpoint.next = {mode::text};
    endpoint.good_refresh_tokens.clear();
    EXPECT_EQ(disconnect("ann").reason, "already_ended");
    connect("ann", "open-1");
    endpoint.next = {mode::text, mode::answer, mode::text};
    EXPECT_EQ(disconnect("ann").reason, "tiktok_unreachable") << "it refuses what it has just given";
    EXPECT_EQ(rows_of("revocations"), 1U);
}

TEST_F(Ending, AuditDTheTokensOfAnImportAreRefreshedBeforeTheyAreRevoked) {
    owners["act.a"] = owners["act.b"] = "open-1";
    endpoint.good_refresh_tokens.insert("rft.a");
    ASSERT_TRUE(import("ann", "a", "open-1"));
    EXPECT_TRUE(disconnect("ann").revoked_at_tiktok);
    EXPECT_EQ(endpoint.revoked, std::set<std::string>{"act.issued1"}) << "not one of unknown lifetime";
    ASSERT_TRUE(import("bob", "b", "open-1"));
    EXPECT_TRUE(disconnect("bob").revoked_at_tiktok);
    EXPECT_TRUE(endpoint.revoked.contains("act.b")) << "TikTok knows no such refresh token";
    EXPECT_EQ(rows_of("revocations"), 0U);
}

TEST_F(Ending, AuditETheRefreshOfAnImportThatIsDeletedIsNotSentTwiceAtATime) {
    owners["act.a"] = "open-1";
    endpoint.good_refresh_tokens.insert("rft.a");
    ASSERT_TRUE(import("ann", "a", "open-1"));
    endpoint.delay = milliseconds{1'000};
    const auto until = deadline::in(steady_now(), milliseconds{300});
    const auto gone =
        run_on(loop, connection_service->disconnect(user_id::trusted("ann"), wall_now(), until));
    EXPECT_EQ(gone->reason, "tiktok_unreachable");
    EXPECT_EQ(endpoint.requests, std::vector<std::string>{"refresh_token"});
    run_on(loop, tokens->drain(soon()));
    endpoint.delay = milliseconds{0};
    make_due();
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_EQ(endpoint.revoked, std::set<std::string>{"act.issued1"});
}

TEST_F(Ending, AuditEAnAccessTokenIsTriedBeforeAGrantCountsAsEnded) {
    connect("ann", "open-1", seconds{240}); // not long before its end
    change_rows("UPDATE connections SET state = 'reconnect_required', cause = 'refresh_token_invalid'");
    endpoint.good_refresh_tokens.clear();
    restart_as("app-key");
    EXPECT_TRUE(disconnect("ann").revoked_at_tiktok);
    EXPECT_EQ(endpoint.revoked, std::set<std::string>{"act.ann"});
}

TEST_F(Ending, AuditEAPairThatWasLostBeforeTheDeleteIsNeverCalledEnded) {
    connect("ann", "open-1", -seconds{1});
    change_rows("UPDATE connections SET state = 'refresh_in_doubt', cause = 'rotation_response_lost'");
    restart_as("app-key");
    endpoint.good_refresh_tokens.clear(); // TikTok has rotated
    endpoint.next = {mode::unreachable};
    EXPECT_EQ(disconnect("ann").reason, "tiktok_unreachable");
    make_due();
    EXPECT_EQ(retry().later, 1U);
    make_due();
    EXPECT_EQ(retry().given_up, 1U);
}

TEST_F(Ending, AuditDARevocationNeverEndsTheGrantOfAnotherAccount) {
    owners["act.a"] = "open-1";
    endpoint.good_refresh_tokens.insert("rft.a");
    ASSERT_TRUE(import("ann", "a", "open-1"));
    endpoint.next = {mode::unreachable, mode::unreachable};
    EXPECT_EQ(disconnect("ann").reason, "tiktok_unreachable");
    endpoint.account = "open-2"; // whose refresh token it was
    make_due();
    EXPECT_EQ(retry().later, 1U);
    EXPECT_TRUE(endpoint.revoked.empty());
    ASSERT_TRUE(import("bob", "a", "open-2")) << "the pair waits for its owner";
    EXPECT_EQ(token_of("bob"), "act.issued1");
    make_due();
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_EQ(endpoint.revoked, std::set<std::string>{"act.a"}) << "which TikTok took at the import";
}

TEST_F(Ending, AuditEARevocationWhoseRefreshIsLostIsAskedForAtOnceAndNeverCalledEnded) {
    connect("ann", "open-1", -seconds{1});
    endpoint.next = {mode::unreachable};
    EXPECT_EQ(disconnect("ann").reason, "tiktok_unreachable");
    make_due();
    endpoint.next = {mode::lose_before};
    EXPECT_EQ(retry().revoked, 1U);
    connect("bob", "open-1", -seconds{1});
    endpoint.next = {mode::unreachable};
    EXPECT_EQ(disconnect("bob").reason, "tiktok_unreachable");
    make_due();
    endpoint.next = {mode::lose_after}; // TikTok has rotated
    EXPECT_EQ(retry().later, 1U);
    EXPECT_EQ(rows_of("revocations", "refused = 1 AND answer_lost = 1"), 1U);
    make_due();
    const auto last = retry();
    EXPECT_EQ(last.ended, 0U);
    EXPECT_EQ(last.given_up, 1U);
    EXPECT_EQ(rows_of("revocations"), 0U);
}

TEST_F(Ending, AuditEARefreshThatEndsAfterTheFirstTryIsRevoked) {
    connect("ann", "open-1", -seconds{1});
    endpoint.before_answer = [this] { return disconnect_and_try(1); };
    EXPECT_EQ(access("ann").error().code(), errc::user_not_connected);
    EXPECT_EQ(ended, 0U);
    EXPECT_EQ(rows_of("revocations", "refused = 0"), 1U) << "with the new pair";
    make_due();
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_TRUE(endpoint.revoked.contains("act.issued1"));
}

TEST_F(Ending, AuditEARefreshThatEndsAfterTheLastTryIsRevokedToo) {
    connect("ann", "open-1", -seconds{1});
    endpoint.before_answer = [this] { return disconnect_and_try(2); };
    EXPECT_EQ(access("ann").error().code(), errc::user_not_connected);
    EXPECT_EQ(ended, 1U) << "the old pair was given up";
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_TRUE(endpoint.revoked.contains("act.issued1"));
    EXPECT_EQ(rows_of("revocations"), 0U);
}

TEST_F(Ending, AuditEARevocationThatOutlivesItsReservationDoesNotLoseItsPair) {
    connect("ann", "open-1", -seconds{1});
    endpoint.next = {mode::unreachable};
    EXPECT_EQ(disconnect("ann").reason, "tiktok_unreachable");
    make_due();
    endpoint.before_answer = [this] { return drop_revocations(); };
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_TRUE(endpoint.revoked.contains("act.issued1"));
    EXPECT_EQ(rows_of("revocations"), 0U);
}

TEST_F(Ending, V15AuditFADeleteLeavesTheGrantsOfOtherAppsToBeRevokedUnderThem) {
    connect_to("ann", "a", "open-a");
    restart_as("app-b");
    connect_to("ann", "b", "open-b");
    restart_as("app-c");
    const auto before = requests();
    EXPECT_EQ(disconnect("ann").reason, "other_app");
    EXPECT_EQ(rows_of("connections") + rows_of("other_app_connections"), 0U);
    EXPECT_EQ(rows_of("revocations", "length(sealed_tokens) > 0"), 2U);
    EXPECT_EQ(retry().revoked, 0U);
    EXPECT_EQ(requests(), before) << "nothing is sent under this app";
    ASSERT_TRUE(run_on(loop, records->upkeep.sweep(wall_now() + std::chrono::hours{24 * 100}, soon())));
    restart_as("app-b");
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_EQ(endpoint.revoked, std::set<std::string>{"act.b"});
    restart_as("app-key");
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_TRUE(endpoint.revoked.contains("act.a"));
    EXPECT_EQ(rows_of("revocations"), 0U);
}

TEST_F(Ending, V15AuditFADeleteUnderThePresentAppLeavesThePairBesideToItsApp) {
    connect_to("ann", "a", "open-a");
    connect_to("bob", "b", "open-a");
    restart_as("app-b");
    connect_to("ann", "c", "open-b");
    connect_to("bob", "d", "open-d");
    EXPECT_TRUE(disconnect("ann").revoked_at_tiktok);
    EXPECT_EQ(endpoint.revoked, std::set<std::string>{"act.c"});
    restart_as("app-key");
    EXPECT_EQ(retry().revoked, 0U) << "bob holds the account";
    EXPECT_EQ(token_of("bob"), "act.b");
    EXPECT_TRUE(disconnect("bob").revoked_at_tiktok);
    EXPECT_EQ(rows_of("revocations", "app = 'app-b'"), 1U);
}

TEST_F(Ending, V15AuditFAPairOfNoAppIsRevokedOnlyByTheAppThatGotIt) {
    connect("ann", "open-1");
    seal_without_app(loop, *records, "ann");
    restart_as("app-b");
    endpoint.good_refresh_tokens.clear(); // they are app-key's
    EXPECT_EQ(disconnect("ann").reason, "tiktok_unreachable") << "whose it is is not known";
    std::size_t tries = 1; // of the call
    for (int round = 0; round < 12; ++round) {
        make_due();
        const auto tried = retry();
        tries += tried.later;
        EXPECT_EQ(tried.ended + tried.given_up + tried.revoked, 0U);
    }
    EXPECT_EQ(tries, vault::revocation_tries_max) << "no more under an app that may be the wrong one";
    EXPECT_TRUE(endpoint.revoked.empty());
    EXPECT_EQ(rows_of("revocations", "app = ''"), 1U) << "it waits for its app to be known";
    connect("bob", "open-2");
    seal_without_app(loop, *records, "bob");
    restart_as("app-key");
    endpoint.good_refresh_tokens = {"rft.ann", "rft.bob"};
    endpoint.account = "open-2";
    const auto bob = *load("bob");
    ASSERT_TRUE(run_on(loop, tokens->renew(bob->user, bob->version, soon())));
    endpoint.account = "open-1";
    make_due();
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_EQ(endpoint.revoked, std::set<std::string>{"act.issued2"});
    EXPECT_EQ(rows_of("revocations"), 0U);
    EXPECT_EQ(*run_on(loop, records->facts.find("app_of_old_pairs", soon())), "app-key");
}

TEST_F(Ending, V15AuditFAPairOfNoAppIsRevokedAtOnceWhereItsAppIsKnown) {
    connect("ann", "open-1");
    connect("bob", "open-2");
    for (const char* name : {"ann", "bob"})
        seal_without_app(loop, *records, name);
    restart_as("app-b");
    ASSERT_TRUE(run_on(loop, records->facts.put_first("app_of_old_pairs", "app-key", soon())));
    restart_as("app-b");
    const auto before = requests();
    EXPECT_EQ(disconnect("ann").reason, "other_app");
    EXPECT_EQ(retry().later, 0U);
    EXPECT_EQ(requests(), before);
    restart_as("app-key");
    EXPECT_EQ(retry().revoked, 1U) << "with a new pair: nothing proves the old one";
    endpoint.account = "open-2";
    EXPECT_TRUE(disconnect("bob").revoked_at_tiktok);
    EXPECT_EQ(endpoint.revoked, (std::set<std::string>{"act.issued1", "act.issued2"}));
}

TEST_F(Ending, V15AuditFARemovalReachesThePairThatWaitsBeside) {
    connect_to("ann", "a", "open-a");
    restart_as("app-b");
    connect_to("ann", "b", "open-b");
    restart_as("app-key");
    EXPECT_EQ(*run_on(loop, connection_service->on_authorization_removed(open_id::trusted("open-a"), 1,
                                                                         wall_now(), wall_now(), soon())),
              1U);
    EXPECT_EQ(rows_of("other_app_connections", "length(sealed_tokens) > 0"), 0U);
    EXPECT_EQ(access("ann").error().code(), errc::reconnect_required);
    EXPECT_EQ(show("ann")->state, connection_state::revoked) << "as if it had not waited";
    EXPECT_EQ(show("ann")->cause, "user_disconnected");
    EXPECT_EQ(vault->counts().damaged, 0U);
    restart_as("app-b");
    EXPECT_EQ(token_of("ann"), "act.b");
}

} // namespace gateway::testing
