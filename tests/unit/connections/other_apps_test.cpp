// A store that was filled under one TikTok app, used under another one, and under the first again (V15).
#include "runtime/task_group.hpp"
#include "unit/connections/accounts_fixture.hpp"
#include "unit/connections/login_fixture.hpp"
#include "unit/store/watching_engine.hpp"
#include "unit/vault/without_app.hpp"

namespace gateway::testing {

using store::connection_state;

class OtherApp : public accounts_fixture {
protected:
    void bring_back() {
        std::string cursor;
        do
            cursor = *run_on(loop, vault->bring_back(cursor, soon()));
        while (!cursor.empty());
    }
    static task<void> note_taken(vault::token_vault& at, vault::shared_tokens tokens) {
        static_cast<void>(co_await at.note_taken(std::move(tokens), soon()));
    }
    static task<void> look_at_ann(vault::token_vault& at) {
        static_cast<void>(co_await at.load_again(user_id::trusted("ann"), soon()));
    }
    std::uint64_t others() {
        return *run_on(loop, records->connections.count_of_other_apps(client_key, soon()));
    }
    void seal_without_app(const std::string& name) { testing::seal_without_app(loop, *records, name); }
    void bind_old_pairs() {
        std::string cursor;
        do
            cursor = *run_on(loop, vault->bind_old_pairs(cursor, soon()));
        while (!cursor.empty());
    }
    /// As if TikTok had taken a pair of no app from this process.
    void note_taken_here() {
        const auto taken = std::make_shared<vault::token_set>();
        taken->without_app = true;
        taken->accepted.note(1);
        ASSERT_TRUE(run_on(loop, vault->note_taken(taken, soon())));
    }
    /// More users than one step of the background work takes.
    static std::vector<std::string> many(const std::string& begin = "user-") {
        std::vector<std::string> names;
        for (int number = 10; number < 70; ++number)
            names.push_back(begin + std::to_string(number));
        return names;
    }
};

class OtherAppLogin : public login_fixture {};

TEST_F(OtherApp, V15AuditFNothingIsSentJudgedOrLostUnderAnotherApp) {
    connect("ann", "open-1");
    connect("bob", "open-2", -seconds{1}); // would be refreshed
    restart_as("app-b");
    EXPECT_EQ(others(), 2U);
    for (const char* name : {"ann", "bob"}) {
        const auto refused = access(name);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code(), errc::reconnect_required);
        EXPECT_NE(refused.error().message().find("other_app"), std::string::npos);
        EXPECT_EQ(show(name)->state, connection_state::reconnect_required);
        EXPECT_EQ(show(name)->cause, "other_app");
    }
    EXPECT_EQ(run_on(loop, tokens->renew(user_id::trusted("bob"), 1, soon())).value(),
              tokens::renewal::not_known);
    EXPECT_EQ(*run_on(loop, connection_service->on_authorization_removed(open_id::trusted("open-1"), 1,
                                                                         wall_now(), wall_now(), soon())),
              0U);
    EXPECT_EQ(requests(), 0U);
    EXPECT_EQ(rows_of("connections", "state = 'connected' AND app = 'app-key'"), 2U) << "as they were";
    restart_as("app-key");
    EXPECT_EQ(others(), 0U);
    EXPECT_EQ(token_of("ann"), "act.ann");
    endpoint.account = "open-2";
    EXPECT_EQ(token_of("bob"), "act.issued1");
}

TEST_F(OtherApp, V15AuditFALoginUnderThePresentAppKeepsTheOtherPairBeside) {
    connect("ann", "open-a");
    restart_as("app-b");
    auto fresh = pair("b");
    fresh.account = open_id::trusted("open-b");
    const auto saved =
        run_on(loop, vault->save_grant(user_id::trusted("ann"), std::move(fresh),
                                       vault::account_change::refused, {}, wall_now(), soon()));
    ASSERT_TRUE(saved && saved->tokens) << "open_ids differ from app to app: it is no other account";
    EXPECT_EQ(token_of("ann"), "act.b");
    EXPECT_EQ(rows_of("other_app_connections", "app = 'app-key' AND open_id = 'open-a'"), 1U);
    restart_as("app-key");
    EXPECT_EQ(token_of("ann"), "act.ann") << "on demand";
    EXPECT_EQ(show("ann")->account.text(), "open-a");
    EXPECT_EQ(rows_of("other_app_connections", "app = 'app-b'"), 1U);
    restart_as("app-b");
    bring_back();
    EXPECT_EQ(rows_of("connections", "app = 'app-b'"), 1U) << "at the start";
    EXPECT_EQ(token_of("ann"), "act.b");
    EXPECT_GT(show("ann")->version, 3U) << "no version is used twice";
    EXPECT_TRUE(disconnect("ann").revoked_at_tiktok);
    EXPECT_EQ(rows_of("other_app_connections") + rows_of("connections"), 0U);
}

TEST_F(OtherApp, V15AllPairsAreBroughtBackAlsoWhereTheyFillMoreThanOneStep) {
    for (const char* of_app : {"app-key", "app-b"}) {
        restart_as(of_app);
        for (const auto& name : many())
            connect(name, "open-" + name);
    }
    restart_as("app-key");
    bring_back();
    EXPECT_EQ(rows_of("connections", "app = 'app-key'"), many().size());
    EXPECT_EQ(rows_of("other_app_connections", "app = 'app-b'"), many().size());
}

TEST_F(OtherApp, V15AllPairsOfNoAppAreBoundAlsoWhereTheyFillMoreThanOneStep) {
    for (const auto& name : many()) {
        connect(name, "open-" + name);
        seal_without_app(name);
    }
    restart_as("app-key");
    note_taken_here();
    bind_old_pairs();
    EXPECT_EQ(rows_of("connections", "app = 'app-key'"), many().size());
}

TEST_F(OtherApp, HourIAUserIdIsNeverTakenForAnotherKindOfCursor) {
    const auto names = many("+1|555=");
    for (const auto& name : names) {
        connect(name, "open-" + name);
        seal_without_app(name);
    }
    restart_as("app-key");
    note_taken_here();
    bind_old_pairs();
    EXPECT_EQ(rows_of("connections", "app = 'app-key'"), names.size());
}

TEST_F(OtherApp, V15AllPairsOfNoAppThatWaitBesideAreBoundAlsoWhereTheyFillMoreThanOneStep) {
    for (const auto& name : many()) {
        connect(name, "open-" + name);
        seal_without_app(name);
    }
    restart_as("app-b");
    for (const auto& name : many())
        connect(name, "open-b-" + name);
    EXPECT_EQ(rows_of("other_app_connections", "app = ''"), many().size());
    restart_as("app-key");
    note_taken_here();
    bind_old_pairs();
    EXPECT_EQ(rows_of("other_app_connections", "app = ''"), 0U);
    EXPECT_EQ(rows_of("connections", "app = 'app-key'"), many().size());
}

TEST_F(OtherApp, V15AuditFTheAccountOfTheOwnPairBesideIsStillTheUsers) {
    connect("ann", "open-a");
    restart_as("app-b");
    connect("ann", "open-b");
    restart_as("app-key");
    auto fresh = pair("other");
    fresh.account = open_id::trusted("open-x");
    const auto saved =
        run_on(loop, vault->save_grant(user_id::trusted("ann"), std::move(fresh),
                                       vault::account_change::refused, {}, wall_now(), soon()));
    ASSERT_TRUE(saved);
    EXPECT_EQ(saved->what, vault::saved_grant::kind::another_account) << "than the one of this app";
    EXPECT_EQ(token_of("ann"), "act.ann");
}

TEST_F(OtherApp, V15AuditFARefreshOfAnotherProcessUnderTheFirstAppIsNotLost) {
    connect("ann", "open-1");
    const auto from = *load("ann");
    const auto held =
        **run_on(loop, records->refreshes.take_lease(user_id::trusted("ann"), seconds{60}, soon()));
    ASSERT_EQ(*run_on(loop, records->refreshes.begin(held, from->version, soon())),
              store::refresh_begin::begun);
    {
        auto other = vault_on(*records, ring_of("a"), "app-b");
        auto fresh = pair("b");
        ASSERT_TRUE(run_on(loop, other.save_grant(user_id::trusted("ann"), std::move(fresh),
                                                  vault::account_change::allowed, {}, wall_now(), soon())));
    }
    EXPECT_EQ(rows_of("other_app_connections", "state = 'refresh_in_doubt'"), 1U) << "it was being refreshed";
    auto answer = pair("rotated");
    const auto ended = run_on(loop, vault->save_refreshed(held, from, std::move(answer), wall_now(), soon()));
    ASSERT_TRUE(ended);
    EXPECT_FALSE(ended->tokens) << "not the user's connection at the moment";
    const auto there = run_on(loop, vault->load_again(user_id::trusted("ann"), soon()));
    ASSERT_TRUE(there);
    EXPECT_EQ((**there).access_token.reveal(), "act.rotated");
    EXPECT_EQ((**there).state, connection_state::connected);
}

TEST_F(OtherApp, V15AuditFAnUnfinishedRefreshWaitsForItsApp) {
    connect("ann", "open-1");
    const auto held =
        **run_on(loop, records->refreshes.take_lease(user_id::trusted("ann"), seconds{60}, soon()));
    ASSERT_EQ(*run_on(loop, records->refreshes.begin(held, 1, soon())), store::refresh_begin::begun);
    ASSERT_TRUE(run_on(loop, records->refreshes.release_lease(held, soon())));
    restart_as("app-b");
    EXPECT_EQ(*run_on(loop, tokens->resume_open_refreshes(soon())), 0U);
    restart_as("app-key");
    EXPECT_EQ(*run_on(loop, tokens->resume_open_refreshes(soon())), 1U);
}

TEST_F(OtherApp, V15AuditFPairsOfNoAppAreJudgedOnlyOnceTikTokHasTakenOne) {
    young_token_age = milliseconds{0};
    connect("ann", "open-1", -seconds{1});
    connect("bob", "open-2", -seconds{1});
    connect("cid", "open-3");
    for (const char* name : {"ann", "bob", "cid"})
        seal_without_app(name);
    restart_as("app-key");
    endpoint.good_refresh_tokens = {"rft.bob"};
    endpoint.account = "open-2";
    EXPECT_EQ(access("ann").error().code(), errc::tiktok_error);
    EXPECT_EQ(record("ann").state, connection_state::connected) << "perhaps another app's";
    EXPECT_EQ(*run_on(loop, vault->bind_old_pairs("", soon())), "");
    EXPECT_EQ(rows_of("connections", "app = ''"), 3U);
    EXPECT_EQ(token_of("bob"), "act.issued1") << "TikTok has taken one of them";
    EXPECT_EQ(record("bob").app, "app-key");
    EXPECT_EQ(record("bob").proof, store::account_proof::pair);
    EXPECT_EQ(*run_on(loop, vault->bind_old_pairs("", soon())), "");
    EXPECT_EQ(rows_of("connections", "app = 'app-key'"), 3U);
    EXPECT_EQ(token_of("cid"), "act.cid") << "sealed for the app now";
    restart_as("app-key"); // without the back-off
    EXPECT_EQ(access("ann").error().code(), errc::reconnect_required);
    EXPECT_EQ(record("ann").state, connection_state::reconnect_required);
}

TEST_F(OtherApp, V15AuditFALoginUnderAnotherAppKeepsAKnownPairOfNoAppBeside) {
    connect("ann", "open-1");
    connect("bob", "open-2", -seconds{1});
    for (const char* name : {"ann", "bob"})
        seal_without_app(name);
    restart_as("app-key");
    endpoint.account = "open-2";
    EXPECT_EQ(token_of("bob"), "act.issued1") << "so they are of this app";
    restart_as("app-b");
    connect("ann", "open-b");
    EXPECT_EQ(rows_of("other_app_connections", "user_id = 'ann' AND app = 'app-key'"), 1U);
    EXPECT_EQ(rows_of("kept_tokens", "user_id = 'ann'"), 0U);
    restart_as("app-key");
    EXPECT_EQ(token_of("ann"), "act.ann");
    EXPECT_EQ(show("ann")->account.text(), "open-1");
}

TEST_F(OtherAppLogin, V15AuditFALoginThatWaitsIsNoOtherAccountThanAPairOfNoApp) {
    auto before = pair("before");
    before.account = open_id::trusted("open-before");
    grant("ann", std::move(before));
    testing::seal_without_app(loop, *records, "ann");
    connections::login_options wish;
    wish.return_url = "https://shop.example/app/done";
    wish.confirm = true;
    const auto to = go_to(come_back(agree(begin("ann", std::move(wish))->authorize_url)));
    const auto sent = http::query::parse(to.substr(to.find('?') + 1));
    ASSERT_EQ(*sent->find("result"), "pending") << "that may be another app's";
    const auto connected =
        run_on(loop, connection_service->confirm(by, user_id::trusted("ann"), *sent->find("confirmation"),
                                                 wall_now(), soon()));
    ASSERT_TRUE(connected);
    EXPECT_EQ(connected->account.text(), "open-1");
    const auto waiting = run_on(loop, records->connections.find_beside(user_id::trusted("ann"), "", soon()));
    ASSERT_TRUE(waiting && *waiting);
    EXPECT_EQ((**waiting).account.text(), "open-before");
}

TEST_F(OtherAppLogin, V15AuditFAGrantThatNobodyConfirmedIsLeftToItsOwnAppToRevoke) {
    connections::login_options wish;
    wish.return_url = "https://shop.example/app/done";
    wish.confirm = true;
    go_to(come_back(agree(begin("ann", std::move(wish))->authorize_url)));
    auto other = vault_on(*records, ring_of("a"), "app-b");
    const auto due = *run_on(loop, records->pending.due(wall_now() + std::chrono::hours{1}, 10, soon()));
    ASSERT_EQ(due.size(), 1U);
    auto opened = *run_on(loop, other.open_waiting(due[0], soon()));
    ASSERT_TRUE(opened);
    EXPECT_TRUE(*run_on(loop, other.give_up(due[0], std::move(*opened), wall_now(), soon())));
    EXPECT_FALSE(*run_on(loop, other.take_revocation(wall_now(), soon())))
        << "nothing is sent under another app";
    EXPECT_TRUE(run_on(loop, connection_service->retry_revocations(soon())));
    EXPECT_EQ(endpoint.revoked, std::set<std::string>{"act.issued1"});
}

TEST_F(OtherApp, V15AuditFOneOfTwoAppsIsTheFirstWhosePairOfNoAppWasTaken) {
    auto first = vault_on(*records, ring_of("a"), "app-1");
    auto second = vault_on(*records, ring_of("a"), "app-2");
    auto made = std::make_shared<vault::token_set>();
    made->without_app = true;
    made->accepted.note(1);
    const vault::shared_tokens pair = made;
    task_group both(loop.executor());
    for (auto* const each : {&first, &second})
        both.spawn(note_taken(*each, pair));
    ASSERT_TRUE(run_on(loop, both.wait_empty(soon())));
    const bool of_first = *run_on(loop, first.is_judged(pair, soon()));
    const bool of_second = *run_on(loop, second.is_judged(pair, soon()));
    EXPECT_NE(of_first, of_second);
}

TEST_F(OtherApp, V15AuditFTwoAppsOnOneStoreTakeAPairFromEachOtherOncePerRead) {
    connect("ann", "open-1");
    restart_as("app-b");
    connect("ann", "open-b");
    auto watching = std::make_unique<watching_engine>(records->on());
    auto& engine = *watching;
    store::store own(std::move(watching));
    auto first = vault_on(own, ring_of("a"), "app-key");
    engine.after_atomic = [this] { return look_at_ann(*vault); }; // as soon as the first one has it
    const auto there =
        run_on(loop, first.load(user_id::trusted("ann"), deadline::in(steady_now(), seconds{2})));
    ASSERT_TRUE(there) << there.error().message();
    EXPECT_EQ((**there).cause, "other_app");
    EXPECT_EQ(engine.atomic_units, 1);
}

TEST_F(OtherApp, V15AuditFPairsOfNoAppBelongToTheAppThatTookOne) {
    connect("ann", "open-1", -seconds{1});
    connect("bob", "open-2");
    for (const char* name : {"ann", "bob"})
        seal_without_app(name);
    restart_as("app-key");
    EXPECT_EQ(token_of("ann"), "act.issued1");
    restart_as("app-b");
    EXPECT_EQ(access("bob").error().code(), errc::reconnect_required);
    EXPECT_EQ(record("bob").state, connection_state::connected);
}

} // namespace gateway::testing
