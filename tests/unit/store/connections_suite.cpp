#include "unit/store/store_fixture.hpp"

#include <array>

namespace gateway::testing {

using store::connection_state;

TEST_P(StoreSuite, GivesBackAConnectionAsItWasPut) {
    const auto put_in = connection("ann", 1);
    ASSERT_TRUE(put(put_in, 0));
    const auto out = there("ann");
    ASSERT_TRUE(out);
    EXPECT_EQ(out->account, put_in.account);
    EXPECT_EQ(out->scopes, put_in.scopes);
    EXPECT_EQ(out->state, connection_state::connected);
    EXPECT_EQ(out->sealed_tokens, put_in.sealed_tokens);
    EXPECT_EQ(out->access_expires_at, put_in.access_expires_at);
    EXPECT_EQ(out->refresh_expires_at, put_in.refresh_expires_at);
    EXPECT_EQ(out->connected_at, put_in.connected_at);
    EXPECT_FALSE(there("bob"));
}

TEST_P(StoreSuite, RefusesAGrantForAVersionThatIsNotThereAnyMore) {
    EXPECT_FALSE(put(connection("ann", 2), 1));
    ASSERT_TRUE(put(connection("ann", 1), 0));
    EXPECT_FALSE(put(connection("ann", 1), 0));
    EXPECT_FALSE(put(connection("ann", 1), 1));
    EXPECT_TRUE(put(connection("ann", 2), 1));
    EXPECT_EQ(there("ann")->version, 2U);
}

TEST_P(StoreSuite, KeepsTheReplacedPairUntilAWeekHasPassed) {
    ASSERT_TRUE(put(connection("ann", 1), 0));
    ASSERT_TRUE(put(connection("ann", 2), 1));
    const auto kept = run(at->connections.kept_tokens(user("ann"), soon()));
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0].version, 1U);
    EXPECT_EQ(kept[0].sealed_tokens, connection("ann", 1).sealed_tokens);
    run(at->upkeep.sweep(at_second(6 * 86'400), soon()));
    EXPECT_EQ(run(at->connections.kept_tokens(user("ann"), soon())).size(), 1U);
    run(at->upkeep.sweep(at_second(8 * 86'400), soon()));
    EXPECT_TRUE(run(at->connections.kept_tokens(user("ann"), soon())).empty());
}

TEST_P(StoreSuite, NeverGivesAVersionTwiceToAUserWhoCameBack) {
    ASSERT_TRUE(put(connection("ann", 1), 0));
    ASSERT_TRUE(put(connection("ann", 2), 1));
    EXPECT_TRUE(forget("ann"));
    EXPECT_FALSE(forget("ann"));
    EXPECT_FALSE(there("ann"));
    EXPECT_EQ(run(at->connections.version_floor(soon())), 2U);
    EXPECT_FALSE(put(connection("ann", 2), 0));
    EXPECT_TRUE(put(connection("ann", 3), 0));
}

TEST_P(StoreSuite, T19WipesEveryPairOfARevokedConnectionAndStaysRevoked) {
    ASSERT_TRUE(put(connection("ann", 1), 0));
    ASSERT_TRUE(put(connection("ann", 2), 1));
    const std::vector<user_id> ann{user("ann")};
    EXPECT_EQ(revoke("open-ann", at_second(9)), ann);
    EXPECT_EQ(there("ann")->state, connection_state::revoked);
    EXPECT_EQ(there("ann")->cause, "user_disconnected");
    EXPECT_TRUE(there("ann")->sealed_tokens.empty());
    EXPECT_TRUE(run(at->connections.kept_tokens(user("ann"), soon())).empty());
    EXPECT_FALSE(run(
        at->connections.set_state(user("ann"), 2, connection_state::connected, "", at_second(10), soon())));
    EXPECT_TRUE(revoke("open-ann", at_second(9)).empty()) << "once";
    EXPECT_TRUE(revoke("open-bob", at_second(9)).empty());
    EXPECT_TRUE(put(connection("ann", 3), 2)) << "a new grant brings it back";
}

TEST_P(StoreSuite, ChangesTheStateOfTheVersionItWasToldAndOfNoOther) {
    ASSERT_TRUE(put(connection("ann", 1), 0));
    EXPECT_FALSE(run(at->connections.set_state(user("ann"), 2, connection_state::reconnect_required, "x",
                                               at_second(1), soon())));
    EXPECT_TRUE(run(at->connections.set_state(user("ann"), 1, connection_state::refresh_in_doubt, "lost",
                                              at_second(1), soon())));
    EXPECT_EQ(there("ann")->state, connection_state::refresh_in_doubt);
    EXPECT_EQ(there("ann")->cause, "lost");
    const std::array<std::uint64_t, store::connection_states> expected{0, 1, 0, 0};
    EXPECT_EQ(run(at->connections.count_by_state(soon())), expected);
}

TEST_P(StoreSuite, ListsUsersInOrderOnlyThoseOfThePatternsPageByPage) {
    for (const char* name : {"b.2", "a.1", "b.1", "c.1", "b.3"})
        ASSERT_TRUE(put(connection(name, 1), 0));
    const std::vector<std::string> patterns{"b.*", "c.*"};
    const auto first = run(at->connections.list(patterns, "", 2, soon()));
    ASSERT_EQ(first.rows.size(), 2U);
    EXPECT_EQ(first.rows[0].user.text(), "b.1");
    EXPECT_EQ(first.rows[1].user.text(), "b.2");
    EXPECT_EQ(first.next, "b.2");
    const auto second = run(at->connections.list(patterns, first.next, 2, soon()));
    ASSERT_EQ(second.rows.size(), 2U);
    EXPECT_EQ(second.rows[1].user.text(), "c.1");
    EXPECT_EQ(second.next, "");
}

/// The names of all pages, each with a blank behind it. `page_after` gives the page after a cursor.
template <class PageAfter>
std::string names_by_pages(PageAfter page_after, std::uint32_t limit) {
    std::string names, cursor;
    do {
        const auto page = page_after(cursor);
        EXPECT_LE(page.rows.size(), limit);
        for (const auto& one : page.rows)
            names += one.user.text() + " ";
        cursor = page.next;
    } while (!cursor.empty());
    return names;
}

TEST_P(StoreSuite, ListsByPatternsOfEveryKindEachUserOnceAndCaseMatters) {
    for (const char* name : {"Ann", "ann", "ann.1", "ann-1", "bob.eu", "eve.eu", "eve.us", "a_n", "a%n"})
        ASSERT_TRUE(put(connection(name, 1), 0));
    const auto listed = [this](const std::vector<std::string>& patterns, std::uint32_t limit) {
        return names_by_pages(
            [&](const std::string& cursor) {
                return run(at->connections.list(patterns, cursor, limit, soon()));
            },
            limit);
    };
    for (const std::uint32_t limit : {1U, 2U, 100U}) {
        EXPECT_EQ(listed({"ann"}, limit), "ann ");
        EXPECT_EQ(listed({"ann*"}, limit), "ann ann-1 ann.1 ");
        EXPECT_EQ(listed({"*.eu"}, limit), "bob.eu eve.eu ");
        EXPECT_EQ(listed({"e*.us", "*b*", "ann.*"}, limit), "ann.1 bob.eu eve.us ");
        EXPECT_EQ(listed({"a_n", "a%*"}, limit), "a%n a_n ") << "no wildcards of SQL's";
        EXPECT_EQ(listed({"ann", "a*", "ann.1", "*"}, limit),
                  "Ann a%n a_n ann ann-1 ann.1 bob.eu eve.eu eve.us ");
        EXPECT_EQ(listed({}, limit), "");
    }
}

TEST_P(StoreSuite, HourIListsTheNamesOfIdentityProvidersInTheOrderOfTheirBytes) {
    for (const char* name : {"auth0|5f7c", "auth0|6", "auth0", "auth0~", "rye+tiktok@x", "rye@x",
                             "rye.tiktok@x", "+1", "=", "|", "a==", "a=b"})
        ASSERT_TRUE(put(connection(name, 1), 0));
    const auto listed = [this](const std::vector<std::string>& patterns, std::uint32_t limit) {
        return names_by_pages(
            [&](const std::string& cursor) {
                return run(at->connections.list(patterns, cursor, limit, soon()));
            },
            limit);
    };
    for (const std::uint32_t limit : {1U, 2U, 100U}) {
        EXPECT_EQ(listed({"*"}, limit),
                  "+1 = a== a=b auth0 auth0|5f7c auth0|6 auth0~ rye+tiktok@x rye.tiktok@x rye@x | ");
        EXPECT_EQ(listed({"auth0|*", "rye+tiktok@*", "|"}, limit), "auth0|5f7c auth0|6 rye+tiktok@x | ");
        EXPECT_EQ(listed({"*=*", "a.*"}, limit), "= a== a=b ");
        EXPECT_EQ(listed({"+*", "*|6", "rye.tiktok@x"}, limit), "+1 auth0|6 rye.tiktok@x ");
    }
}

TEST_P(StoreSuite, ASummaryIsTheConnectionWithoutItsPair) {
    ASSERT_TRUE(put(connection("ann", 1), 0));
    const auto found = run(at->connections.find_summary(user("ann"), soon()));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->account, there("ann")->account);
    EXPECT_EQ(found->version, 1U);
    EXPECT_EQ(found->refresh_expires_at, there("ann")->refresh_expires_at);
    EXPECT_FALSE(run(at->connections.find_summary(user("bob"), soon())));
}

TEST_P(StoreSuite, T22FindsEveryUserOfOneAccount) {
    auto bob = connection("bob", 1);
    bob.account = open_id::trusted("open-ann");
    ASSERT_TRUE(put(bob, 0));
    ASSERT_TRUE(put(connection("ann", 1), 0));
    ASSERT_TRUE(put(connection("eve", 1), 0));
    const auto found = run(at->connections.of_account(open_id::trusted("open-ann"), "app", 10, soon()));
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].user.text(), "ann");
    EXPECT_EQ(found[1].user.text(), "bob");
}

} // namespace gateway::testing
