// Logins and their confirmations beside what ends them: a DELETE of the user, another replica's sweep, a
// death of the process, a store that goes away (docs/promises.md T20).
#include "unit/connections/login_fixture.hpp"
#include "unit/store/watching_engine.hpp"

namespace gateway::testing {

namespace {

using fate = watching_engine::fate;

connections::login_options with_page(bool confirm) {
    connections::login_options wish;
    wish.return_url = "https://shop.example/app/done";
    wish.confirm = confirm;
    return wish;
}

} // namespace

/// `there` is the replica under test, over an engine that is watched; `connection_service` is another one.
class LoginRaces : public login_fixture {
protected:
    void SetUp() override {
        login_fixture::SetUp();
        auto watching = std::make_unique<watching_engine>(records->on());
        engine = watching.get();
        own = std::make_unique<store::store>(std::move(watching));
        own_vault = std::make_unique<vault::token_vault>(pairs_of(*own), ring_of("a"), client_key);
        ASSERT_TRUE(run_on(loop, own_vault->check_keys(soon())));
        there = service_on(*own, *own_vault);
    }
    void TearDown() override {
        there.reset();
        own_vault.reset();
        own.reset();
        connection_service.reset();
        login_fixture::TearDown();
    }

    /// Where the browser of a login was sent by the replica under test.
    std::string land(const callback_query& query) {
        auto end = run_on(loop, there->callback(query, wall_now(), soon()));
        return go_to(end.shown);
    }
    std::string log_in(bool confirm) { return land(agree(begin("ann", with_page(confirm))->authorize_url)); }
    static std::string confirmation_in(const std::string& to) {
        const auto at = to.find("&confirmation=");
        return at == std::string::npos ? "none in " + to : to.substr(at + 14);
    }
    result<store::connection_summary> confirm_by(connections::connection_service& replica,
                                                 const std::string& confirmation) {
        return run_on(loop, replica.confirm(by, user_id::trusted("ann"), confirmation, wall_now(), soon()));
    }
    static void expect_unusable(const result<store::connection_summary>& got) {
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code(), errc::invalid_input);
        EXPECT_TRUE(got.error().message().starts_with("This confirmation cannot be used, "));
    }
    /// By another replica, once, before the next transaction of the one under test.
    void meanwhile(std::function<task<void>()> what) {
        acts_meanwhile = std::move(what);
        engine->before_atomic = [this] { return act_once(); };
    }
    task<void> disconnect_ann() {
        // A user without a connection is told as such, and forgotten all the same.
        static_cast<void>(
            co_await connection_service->disconnect(user_id::trusted("ann"), wall_now(), soon()));
    }
    /// As if their time had passed.
    task<void> end_reservations() {
        auto end = [](store::transaction& at) -> task<void> {
            return execute(at, store::statement("UPDATE pending_grants SET reserved_until = 0"));
        };
        EXPECT_TRUE(co_await store::run(records->on(), store::unit::writes(), soon(), end));
    }
    std::size_t sweep(milliseconds later = milliseconds{0}) {
        return *run_on(loop, connection_service->sweep_unfinished(wall_now() + later, soon()));
    }
    std::set<std::string> revoked() {
        EXPECT_TRUE(run_on(loop, connection_service->retry_revocations(soon())));
        return endpoint.revoked;
    }
    bool is_connected() { return show("ann").has_value(); }

    std::function<task<void>()> acts_meanwhile;
    watching_engine* engine = nullptr;
    std::unique_ptr<store::store> own;
    std::unique_ptr<vault::token_vault> own_vault;
    std::unique_ptr<connections::connection_service> there;
    const std::set<std::string> the_grant{"act.issued1"};

private:
    task<void> act_once() {
        engine->before_atomic = {};
        co_await acts_meanwhile();
    }
};

TEST_F(LoginRaces, AuditAADeleteBetweenClaimAndStoreIsNotUndoneByTheConfirmation) {
    const auto confirmation = confirmation_in(log_in(true));
    meanwhile([this] { return disconnect_ann(); });
    expect_unusable(confirm_by(*there, confirmation));
    EXPECT_FALSE(is_connected());
    EXPECT_EQ(sweep(seconds{60}), 1U);
    EXPECT_EQ(revoked(), the_grant);
}

TEST_F(LoginRaces, AuditEADeleteWhileTikTokAnswersIsNotUndoneByTheCallback) {
    for (const bool confirm : {false, true}) {
        SCOPED_TRACE(confirm);
        endpoint.before_answer = [this] { return disconnect_ann(); };
        EXPECT_EQ(log_in(confirm),
                  "https://shop.example/app/done?user_id=ann&result=refused&reason=link_spent");
        endpoint.before_answer = {};
        EXPECT_FALSE(is_connected());
        EXPECT_EQ(revoked().size(), confirm ? 2U : 1U) << "what TikTok has given is given up";
        EXPECT_EQ(sweep(seconds{86'400}), 0U) << "nothing waits";
    }
    EXPECT_EQ(ended("link_spent"), "2");
}

TEST_F(LoginRaces, AuditEAUserWhoIsConnectedStaysDisconnectedToo) {
    ASSERT_NE(log_in(false).find("result=connected"), std::string::npos);
    const auto confirmation = confirmation_in(log_in(true));
    meanwhile([this] { return disconnect_ann(); });
    expect_unusable(confirm_by(*there, confirmation));
    EXPECT_FALSE(is_connected());
    ASSERT_NE(log_in(false).find("result=connected"), std::string::npos);
    endpoint.before_answer = [this] { return disconnect_ann(); };
    EXPECT_NE(log_in(false).find("reason=link_spent"), std::string::npos);
    EXPECT_FALSE(is_connected());
}

TEST_F(LoginRaces, AuditAARemovalAtTikTokIsNotUndoneByAConfirmation) {
    const auto confirmation = confirmation_in(log_in(true));
    std::optional<result<store::connection_summary>> got;
    engine->after_atomic = [this, &confirmation, &got]() -> task<void> {
        if (got) co_return;
        got = failure{errc::internal, "it runs"};
        got = co_await connection_service->confirm(by, user_id::trusted("ann"), confirmation, wall_now(),
                                                   soon());
    };
    const auto left = std::chrono::ceil<seconds>(wall_now());
    ASSERT_TRUE(run_on(
        loop, there->on_authorization_removed(open_id::trusted("open-1"), 1, left, wall_now(), soon())));
    engine->after_atomic = {};
    ASSERT_TRUE(got);
    expect_unusable(*got);
    EXPECT_FALSE(is_connected());
}

TEST_F(LoginRaces, AuditAAConfirmationIsUsedUpAlsoIfWhoeverStoredItDiesAtOnce) {
    const auto confirmation = confirmation_in(log_in(true));
    engine->dies_after = true;
    static_cast<void>(confirm_by(*there, confirmation));
    ASSERT_TRUE(engine->died);
    EXPECT_EQ(show("ann")->version, 1U);
    run_on(loop, end_reservations());
    expect_unusable(confirm_by(*connection_service, confirmation));
    EXPECT_EQ(show("ann")->version, 1U);
    EXPECT_EQ(sweep(seconds{86'400}), 0U) << "no row is left";
}

TEST_F(LoginRaces, AuditAAReplicaWhoseClockIsAheadGivesUpNothingThatIsBeingConfirmed) {
    const auto confirmation = confirmation_in(log_in(true));
    std::size_t swept = 99; // until the sweep says so
    meanwhile([this, &swept]() -> task<void> {
        const auto done = co_await connection_service->sweep_unfinished(wall_now() + seconds{660}, soon());
        if (done) swept = *done;
    });
    EXPECT_TRUE(confirm_by(*there, confirmation));
    EXPECT_EQ(swept, 0U);
    EXPECT_TRUE(is_connected());
    EXPECT_TRUE(revoked().empty());
}

TEST_F(LoginRaces, AuditAWhatWasGivenUpMeanwhileIsNotConnected) {
    const auto confirmation = confirmation_in(log_in(true));
    meanwhile([this]() -> task<void> {
        co_await end_reservations();
        EXPECT_EQ(*co_await connection_service->sweep_unfinished(wall_now() + seconds{660}, soon()), 1U);
    });
    expect_unusable(confirm_by(*there, confirmation));
    EXPECT_FALSE(is_connected());
    EXPECT_EQ(revoked(), the_grant);
}

TEST_F(LoginRaces, AuditAAConfirmationTakesTwoDurableWritesAndTheNoteForThePage) {
    const auto confirmation = confirmation_in(log_in(true));
    engine->durable_units = 0;
    ASSERT_TRUE(confirm_by(*there, confirmation));
    EXPECT_EQ(engine->durable_units, 3);
}

TEST_F(LoginRaces, AuditAAGrantThatTheStoreDoesNotTakeIsGivenUp) {
    for (const bool confirm : {false, true}) {
        SCOPED_TRACE(confirm);
        endpoint.revoked.clear();
        engine->fates = {fate::refused};
        EXPECT_NE(log_in(confirm).find("reason=unavailable"), std::string::npos);
        EXPECT_TRUE(engine->fates.empty());
        EXPECT_FALSE(is_connected());
        EXPECT_EQ(revoked().size(), 1U);
    }
}

TEST_F(LoginRaces, AuditAAGrantThatTheStoreHasTakenAllTheSameIsNotGivenUp) {
    engine->fates = {fate::answer_lost};
    EXPECT_NE(log_in(true).find("reason=unavailable"), std::string::npos);
    EXPECT_TRUE(revoked().empty()) << "it waits, and nobody has its confirmation";
    EXPECT_EQ(sweep(seconds{600}), 1U);
    EXPECT_EQ(revoked(), the_grant);

    engine->fates = {fate::answer_lost};
    EXPECT_NE(log_in(false).find("reason=unavailable"), std::string::npos);
    EXPECT_TRUE(engine->fates.empty());
    EXPECT_TRUE(is_connected());
    EXPECT_EQ(revoked(), the_grant) << "the second one is the connection's";
    EXPECT_EQ((**access("ann")).access_token.reveal(), "act.issued2");
}

TEST_F(LoginRaces, AuditAWhereTheStoreStaysAwayAConfirmationCanBeTriedAgain) {
    const auto confirmation = confirmation_in(log_in(true));
    engine->fates = {fate::refused};
    EXPECT_EQ(confirm_by(*there, confirmation).error().code(), errc::vault_unavailable);
    EXPECT_TRUE(confirm_by(*connection_service, confirmation));
    EXPECT_TRUE(revoked().empty());
}

TEST_F(LoginRaces, AuditBACallerWhoIsTakenOutWhileTheStoreWaitsConnectsNobody) {
    for (const bool confirm : {false, true}) {
        SCOPED_TRACE(confirm);
        caller_exists = true;
        const auto query = agree(begin("ann", with_page(confirm))->authorize_url);
        meanwhile([this]() -> task<void> {
            caller_exists = false;
            co_return;
        });
        const auto end = run_on(loop, there->callback(query, wall_now(), soon()));
        EXPECT_TRUE(std::holds_alternative<callback_page>(end.shown)) << "a page, and no way on";
        EXPECT_EQ(end.reason, "not_allowed");
        EXPECT_FALSE(is_connected());
        EXPECT_EQ(revoked().size(), confirm ? 2U : 1U);
        EXPECT_EQ(sweep(seconds{86'400}), 0U) << "nothing waits";
    }
}

TEST_F(LoginRaces, AuditBConfirmLoginsThatIsTurnedOnWhileTheStoreWaitsIsObeyed) {
    meanwhile([this]() -> task<void> {
        by.confirm_logins = true;
        co_return;
    });
    const auto to = log_in(false);
    EXPECT_NE(to.find("result=pending"), std::string::npos) << to;
    EXPECT_FALSE(is_connected());
    EXPECT_TRUE(revoked().empty());
    EXPECT_TRUE(confirm_by(*there, confirmation_in(to)));
    by.confirm_logins = false;
    const auto query = agree(begin("ann")->authorize_url); // without a page to bring a confirmation to
    meanwhile([this]() -> task<void> {
        by.confirm_logins = true;
        co_return;
    });
    EXPECT_EQ(run_on(loop, there->callback(query, wall_now(), soon())).reason, "not_allowed");
    EXPECT_EQ(show("ann")->version, 1U);
}

TEST_F(LoginRaces, AuditBAConfirmationOfACallerWhoIsTakenOutWhileTheStoreWaitsConnectsNobody) {
    const std::vector<std::function<void()>> changes{[this] { caller_exists = false; },
                                                     [this] { by.users = {"bob"}; },
                                                     [this] { by.actions = {"GATEWAY_CONNECT"}; }};
    const auto as_it_was = by;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        SCOPED_TRACE(i);
        caller_exists = true;
        by = as_it_was;
        const auto confirmation = confirmation_in(log_in(true));
        meanwhile([&changes, i]() -> task<void> {
            changes[i]();
            co_return;
        });
        const auto refused = confirm_by(*there, confirmation);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code(), errc::forbidden);
        EXPECT_FALSE(is_connected());
        EXPECT_EQ(revoked().size(), i + 1) << "the grant is ended";
        EXPECT_EQ(sweep(seconds{86'400}), 0U);
    }
}

} // namespace gateway::testing
