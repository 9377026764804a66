// The vault on every engine: users that move between replicas, and pairs from before TikTok apps were noted.
#include "unit/store/store_fixture.hpp"
#include "unit/vault/without_app.hpp"

namespace gateway::testing {

namespace {

/// Vaults of one store: those of other processes, perhaps under other TikTok apps.
struct vaults_on {
    worker& loop;
    store::store& at;

    template <class T>
    T run(task<result<T>> call) {
        auto out = run_on(loop, std::move(call));
        if (!out) throw std::runtime_error(out.error().message());
        return std::move(*out);
    }
    vault::token_vault under(const std::string& app) { return vault_on(at, ring_of("a"), app); }
    /// Null: refused as one of another account.
    vault::shared_tokens grant(vault::token_vault& by, const std::string& name, const std::string& number,
                               const std::string& account = "open-1") {
        auto fresh = pair(number);
        fresh.account = open_id::trusted(account);
        return run(by.save_grant(user(name), std::move(fresh), vault::account_change::refused, {}, wall_now(),
                                 soon()))
            .tokens;
    }
    void forget(vault::token_vault& by, const std::string& name) {
        const auto seen = run(by.load_again(user(name), soon()));
        constexpr bool is_revocable = false;
        const auto gone = run(by.end(seen, is_revocable, milliseconds{0}, wall_now(), soon()));
        EXPECT_EQ(gone.what, store::connection_end::kind::alone);
    }
    /// Or why there is none.
    std::string token_at(vault::token_vault& of, const std::string& name) {
        const auto there = run_on(loop, of.load_again(user(name), soon()));
        if (!there) return there.error().message();
        return (**there).cause.empty() ? std::string((**there).access_token.reveal()) : (**there).cause;
    }
    /// The version of the pair that waits; zero: none does.
    std::uint64_t beside(const std::string& name, const std::string& app) {
        const auto found = run(at.connections.find_beside(user(name), app, soon()));
        return found ? found->version : 0;
    }
    void note_taken(vault::token_vault& by, const std::string& name) {
        const auto tokens = run(by.load_again(user(name), soon()));
        ASSERT_TRUE(run_on(loop, by.note_taken(tokens, soon())));
    }
};

} // namespace

TEST_P(StoreSuite, V05AuditCAUserThatWasForgottenIsBelievedWhoeverLogsItInAgain) {
    vaults_on on{loop, *at};
    auto one = on.under("app"), two = on.under("app");
    for (int i = 0; i < 3; ++i)
        on.grant(one, "ann", "early");
    on.forget(one, "ann");
    on.grant(two, "ann", "1");
    EXPECT_EQ(on.token_at(one, "ann"), "act.1") << "its version is above all that were";
    on.forget(two, "ann");
    EXPECT_EQ(run_on(loop, one.load_again(user("ann"), soon())).error().code(), errc::user_not_connected);
    on.grant(two, "ann", "2");
    EXPECT_EQ(on.token_at(one, "ann"), "act.2");
    on.forget(one, "ann");
    on.grant(one, "ann", "3");
    EXPECT_EQ(on.token_at(two, "ann"), "act.3");
    EXPECT_EQ(one.counts().older + two.counts().older, 0U);
}

TEST_P(StoreSuite, V15AuditFALoginKeepsAPairOfNoAppBesideUntilItsAppIsKnown) {
    vaults_on on{loop, *at};
    {
        auto before = on.under("app-a");
        on.grant(before, "ann", "old");
        on.grant(before, "bob", "bob", "open-2");
    }
    seal_without_app(loop, *at, "ann");
    seal_without_app(loop, *at, "bob");
    auto b = on.under("app-b");
    ASSERT_TRUE(on.grant(b, "ann", "b", "open-b")) << "perhaps no other account, because of another app";
    EXPECT_EQ(on.token_at(b, "ann"), "act.b");
    EXPECT_EQ(on.beside("ann", ""), 1U);
    EXPECT_TRUE(run(at->connections.kept_tokens(user("ann"), soon())).empty());

    auto a = on.under("app-a");
    EXPECT_EQ(on.token_at(a, "ann"), "other_app") << "not known yet";
    EXPECT_EQ(run(a.bind_old_pairs("", soon())), "");
    EXPECT_EQ(on.beside("ann", ""), 1U);
    on.note_taken(a, "bob");
    EXPECT_EQ(run(a.bind_old_pairs("", soon())), "");
    EXPECT_EQ(there("ann")->app, "app-a");
    EXPECT_EQ(on.token_at(a, "ann"), "act.old");
    EXPECT_EQ(on.beside("ann", "app-b"), 2U);
    EXPECT_EQ(on.token_at(b, "ann"), "act.b");
}

TEST_P(StoreSuite, V15AuditFAPairOfNoAppThatItsOwnAppHasReplacedDoesNotComeBack) {
    vaults_on on{loop, *at};
    auto before = on.under("app-a");
    for (const std::string name : {"ann", "bob"}) {
        on.grant(before, name, "old", "open-" + name);
        seal_without_app(loop, *at, name);
    }
    auto a = on.under("app-a");
    ASSERT_TRUE(on.grant(a, "ann", "new", "open-new"));
    EXPECT_EQ(on.beside("ann", ""), 1U);
    auto later = on.under("app-a"); // has seen nothing of ann
    on.note_taken(later, "bob");
    EXPECT_EQ(run(later.bind_old_pairs("", soon())), "");
    EXPECT_EQ(on.beside("ann", "") + on.beside("ann", "app-a"), 0U);
    EXPECT_EQ(on.token_at(later, "ann"), "act.new");
    EXPECT_FALSE(on.grant(later, "bob", "x", "open-x")) << "another account, once the app is known";
}

TEST_P(StoreSuite, V15AuditFAPairOfNoAppDoesNotFollowOneThatTikTokHasEnded) {
    vaults_on on{loop, *at};
    auto before = on.under("app-a"), b = on.under("app-b");
    for (const std::string name : {"ann", "bob"}) {
        on.grant(before, name, "old", "open-" + name);
        seal_without_app(loop, *at, name);
    }
    auto a = on.under("app-a");
    ASSERT_TRUE(on.grant(a, "ann", "new", "open-new"));
    run(a.revoke(open_id::trusted("open-new"), wall_now(), "user_disconnected", wall_now(), soon()));
    ASSERT_TRUE(on.grant(b, "ann", "b", "open-b"));
    EXPECT_EQ(on.beside("ann", ""), 1U);
    on.note_taken(a, "bob");
    EXPECT_EQ(run(a.bind_old_pairs("", soon())), "");
    EXPECT_EQ(on.beside("ann", ""), 0U);
    EXPECT_EQ(on.token_at(a, "ann"), "other_app");
    EXPECT_EQ(a.counts().older, 0U) << "nobody has put anything back";
}

TEST_P(StoreSuite, V15AuditFARefreshOfAPairOfNoAppThatWentBesideIsNotLost) {
    vaults_on on{loop, *at};
    auto a = on.under("app-a"), b = on.under("app-b");
    on.grant(a, "ann", "old");
    seal_without_app(loop, *at, "ann");
    const auto from = run(a.load_again(user("ann"), soon()));
    const auto held = take("ann", at_second(0));
    ASSERT_EQ(run(at->refreshes.begin(*held, from->version, soon())), store::refresh_begin::begun);
    ASSERT_TRUE(on.grant(b, "ann", "b", "open-b"));
    const auto ended = run(a.save_refreshed(*held, from, pair("rotated"), wall_now(), soon()));
    EXPECT_FALSE(ended.tokens) << "not the user's connection at the moment";
    EXPECT_EQ(on.beside("ann", ""), 0U);
    EXPECT_EQ(on.token_at(a, "ann"), "act.rotated") << "TikTok took it under this app";
    EXPECT_EQ(on.token_at(b, "ann"), "act.b");
    EXPECT_TRUE(due_revocations("app-a").empty()) << "it is in use";
}

} // namespace gateway::testing
