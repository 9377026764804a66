// Calls while the database stops, starts again, or does not answer.
#include "postgresql/shared_server.hpp"
#include "runtime/task_group.hpp"

namespace gateway::testing {
namespace {

/// A server that a test may stop.
class PostgresqlOutage : public ::testing::Test {
protected:
    harness::postgresql_server server;
    const std::string url = server.url("gateway");
    worker loop;
};

store::idempotency_record key(const std::string& text) {
    store::idempotency_record out;
    out.caller = caller("shop");
    out.key = text;
    out.fingerprint = std::string(32, '\0');
    out.created_at = at_second(0);
    out.expires_at = at_second(86'400);
    return out;
}

/// The record of the attempt 01A.
store::post_record post(const std::string& idempotency_key) {
    store::post_record out;
    out.attempt = "01A";
    out.user = user("ann");
    out.caller = caller("shop");
    out.idempotency_key = idempotency_key;
    out.post_ids = "[]";
    return out;
}

/// Inserts become durable 1.5 s after their arrival, also if the client disconnects meanwhile: otherwise the
/// server, which checks for its client once a second, would roll them back.
std::string late_insert_into(const std::string& table) {
    return "CREATE FUNCTION late() RETURNS trigger AS 'BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END' "
           "LANGUAGE plpgsql SET client_connection_check_interval = 0; "
           "CREATE TRIGGER late AFTER INSERT ON "
           + table + " EXECUTE FUNCTION late()";
}

/// Repeats a call until it succeeds, at most 20 s; gives the time that took.
milliseconds healed_within(worker& loop, store::store& at) {
    const auto began = steady_now();
    const auto end = in(20'000);
    while (!end.passed(steady_now())) {
        const auto asked = run_on(loop, at.on().beat(in(1'000)));
        if (asked) break;
    }
    return std::chrono::duration_cast<milliseconds>(steady_now() - began);
}

task<void> ask(store::store& at, deadline until, std::size_t& good, std::size_t& unavailable,
               std::size_t& other) {
    const auto found = co_await at.connections.find(user("ann"), until);
    if (found)
        ++good;
    else
        ++(found.error().code() == errc::vault_unavailable ? unavailable : other);
}

} // namespace

TEST_F(PostgresqlOutage, V11FailsSoonWhileTheDatabaseIsAwayAndHealsByItself) {
    const auto at = open_at(url);
    ASSERT_TRUE(*run_on(loop, at->connections.put(connection("ann", 1), 0, {}, soon())));
    server.stop();
    for (int calls = 0; calls < 5; ++calls) {
        const auto began = steady_now();
        const auto refused = run_on(loop, at->connections.find(user("ann"), soon()));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code(), errc::vault_unavailable);
        EXPECT_LT(steady_now() - began, milliseconds{2'000}) << "not after its whole deadline";
    }
    server.start();
    EXPECT_LT(healed_within(loop, *at), seconds{5});
    EXPECT_TRUE(run_on(loop, at->connections.find(user("ann"), soon()))->has_value());
}

TEST_F(PostgresqlOutage, V11WritesDownHowCallsEndedWhileTheDatabaseWasAway) {
    const auto at = open_at(url);
    for (const char* name : {"k1", "k2"})
        ASSERT_FALSE(*run_on(loop, at->keys.claim(key(name), at_second(0), soon())));
    auto row = post("k1");
    ASSERT_TRUE(*run_on(loop, at->ledger.begin(row, soon())));
    server.stop();
    row.state = store::post_state::settled;
    EXPECT_FALSE(run_on(loop, at->ledger.update(row, soon())));
    auto answer = key("k1");
    answer.status = 200;
    answer.answer = "{}";
    EXPECT_FALSE(run_on(loop, at->keys.finish(answer, soon())));
    at->keys.finish_later(answer);
    EXPECT_FALSE(run_on(loop, at->keys.forget(key("k2"), soon())));
    server.start();
    turn_until(loop, [&] {
        const auto first = run_on(loop, at->keys.claim(key("k1"), at_second(1), soon()));
        return first && *first && (*first)->finished && (*first)->answer == "{}";
    });
    EXPECT_EQ((*run_on(loop, at->ledger.find_attempt("01A", soon())))->state, store::post_state::settled);
    turn_until(loop, [&] {
        const auto first = run_on(loop, at->keys.claim(key("k2"), at_second(1), soon()));
        return first && !*first;
    });
}

TEST_F(PostgresqlStore, V11AClaimWhoseAnswerWasLostIsFreeAgainAndALaterClaimIsLeftAlone) {
    const auto at = open();
    sql(late_insert_into("idempotency_keys"));
    auto lost = key("k");
    lost.claim = "first";
    EXPECT_FALSE(run_on(loop, at->keys.claim(lost, at_second(0), in(500))));
    turn_until(loop, [&] { return at->late.counts().waiting == 1; });
    sql("DROP TRIGGER late ON idempotency_keys"); // waits for the claim, so it is durable now
    auto again = key("k");
    again.claim = "second";
    turn_until(loop, [&] { return !run(at->keys.claim(again, at_second(1), soon())); });
    run(at->keys.forget(lost, soon()));
    EXPECT_TRUE(run(at->keys.claim(again, at_second(2), soon()))) << "it is the second's";
}

TEST_F(PostgresqlStore, V11APostWhoseBeginningBecomesDurableAfterItsEndDoesNotStayBegun) {
    const auto at = open();
    sql(late_insert_into("posts"));
    auto row = post("");
    EXPECT_FALSE(run_on(loop, at->ledger.begin(row, in(500))));
    row.state = store::post_state::settled;
    EXPECT_TRUE(run(at->ledger.update(row, soon())));
    turn_until(loop, [&] {
        const auto there = run(at->ledger.find_attempt("01A", soon()));
        return there && there->state == store::post_state::settled;
    });
    turn_until(loop, [&] { return at->late.counts().waiting == 0; });
}

TEST_F(PostgresqlStore, V11AnEndThatTheDatabaseRefusesStopsNoOtherAndIsCountedAsLost) {
    const auto at = open();
    for (const char* name : {"bad", "good"})
        ASSERT_FALSE(run(at->keys.claim(key(name), at_second(0), soon())));
    sql("CREATE FUNCTION no() RETURNS trigger AS 'BEGIN IF NEW.key = ''bad'' THEN RAISE ''no''; END IF; "
        "PERFORM pg_sleep(0.3); RETURN NEW; END' LANGUAGE plpgsql; "
        "CREATE TRIGGER no BEFORE UPDATE ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION no()");
    for (const char* name : {"bad", "good"}) {
        EXPECT_FALSE(run_on(loop, at->keys.finish(key(name), in(200))));
        at->keys.finish_later(key(name));
    }
    turn_until(loop, [&] {
        const auto first = run(at->keys.claim(key("good"), at_second(1), soon()));
        return first && first->finished;
    });
    turn_until(loop, [&] { return at->late.counts().lost == 1; });
}

TEST_F(PostgresqlOutage, V11EndsEveryCallOfALoadDuringWhichTheDatabaseStops) {
    const auto at = open_at(url);
    std::size_t good = 0, unavailable = 0, other = 0;
    task_group group(loop.executor());
    for (int i = 0; i < 300; ++i)
        group.spawn(ask(*at, soon(), good, unavailable, other));
    turn_until(loop, [&] { return good > 10; });
    server.stop();
    for (int i = 0; i < 300; ++i)
        group.spawn(ask(*at, soon(), good, unavailable, other));
    EXPECT_TRUE(run_on(loop, group.wait_empty(in(5'000))));
    EXPECT_EQ(good + unavailable, 600U);
    EXPECT_EQ(other, 0U);
    EXPECT_GE(unavailable, 300U);
}

TEST_F(PostgresqlStore, FindsAServerByNameAndTriesEveryHostAndAddressOfTheUrl) {
    auto by_name = url;
    by_name.replace(by_name.find("127.0.0.1:"), 10, "127.0.0.1:1,localhost:");
    const auto at = open_at(by_name);
    run(at->on().beat(soon()));
    by_name.replace(by_name.find("localhost"), 9, "nowhere.invalid");
    const auto refused = store::open_store(by_name, few_connections(), schema.name());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message().find("planted-password"), std::string::npos);
}

TEST_F(PostgresqlOutage, SaysWhyItCannotStartAndNothingOfThePassword) {
    server.stop();
    const auto refused = store::open_store(url, few_connections(), "gateway");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message().find("refused"), std::string::npos) << refused.error().message();
    EXPECT_EQ(refused.error().message().find("planted-password"), std::string::npos);
    const auto wrong = store::open_store("postgresql://user:planted-password@%zz/x", few_connections());
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().message().find("planted-password"), std::string::npos);
}

TEST_F(PostgresqlOutage, K11DeathFAStoreThatIsOpenedLateRefusesAllUntilItsTablesAreThere) {
    server.stop();
    auto opened = store::open_store(url, few_connections(), "gateway", store::if_away::open_later);
    ASSERT_TRUE(opened) << opened.error().message();
    auto& at = **opened;
    EXPECT_FALSE(at.on().is_open());
    EXPECT_NE(at.on().trouble().find("refused"), std::string::npos) << at.on().trouble();
    const auto began = steady_now();
    const auto refused = run_on(loop, at.connections.find(user("ann"), soon()));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::vault_unavailable);
    EXPECT_FALSE(run_on(loop, at.on().beat(soon())));
    EXPECT_LT(steady_now() - began, milliseconds{1'000}) << "without waiting for it";
    server.start();
    turn_until(loop, [&] { return at.on().is_open(); });
    EXPECT_TRUE(run_on(loop, at.on().beat(soon())));
    EXPECT_TRUE(*run_on(loop, at.connections.put(connection("ann", 1), 0, {}, soon())));
    EXPECT_EQ(at.on().trouble(), "");
}

TEST_F(PostgresqlOutage, K11DeathFWhatAServerHoldsThatCannotBeReadIsFoundLateAndTold) {
    open_at(url).reset();
    server.run("gateway", "UPDATE store_schema SET version = 99, oldest_reader = 98");
    EXPECT_FALSE(store::open_store(url, few_connections(), "gateway", store::if_away::open_later))
        << "at the start it ends the start";
    server.stop();
    const auto opened = store::open_store(url, few_connections(), "gateway", store::if_away::open_later);
    ASSERT_TRUE(opened);
    server.start();
    turn_until(loop, [&] { return (*opened)->on().trouble().find("schema 99") != std::string::npos; });
    EXPECT_FALSE((*opened)->on().is_open());
    server.run("gateway", "UPDATE store_schema SET oldest_reader = 1");
    turn_until(loop, [&] { return (*opened)->on().is_open(); });
}

TEST_F(PostgresqlStore, GivesUpASlowStatementAtItsDeadlineAndUsesAnotherConnection) {
    const auto at = open();
    ASSERT_TRUE(run(at->connections.put(connection("ann", 1), 0, {}, soon())));
    // Another client locks the row for longer than any deadline here.
    harness::child_process holder({"/bin/sh", "-c",
                                   "exec psql -X -q '" + url
                                       + "' -c 'BEGIN' -c 'SELECT 1 FROM connections FOR UPDATE'"
                                         " -c '\\echo held' -c 'SELECT pg_sleep(30)'"},
                                  "/tmp");
    ASSERT_TRUE(holder.says("held"));
    const std::string pids =
        "SELECT string_agg(pid::text, ',' ORDER BY pid) FROM pg_stat_activity "
        "WHERE application_name = 'tiktok-gateway' AND query LIKE 'UPDATE connections%'";
    const auto began = steady_now();
    const auto slow =
        run_on(loop, at->connections.set_state(user("ann"), 1, store::connection_state::connected, "",
                                               at_second(1), in(400)));
    ASSERT_FALSE(slow);
    EXPECT_EQ(slow.error().code(), errc::vault_unavailable);
    EXPECT_LT(steady_now() - began, milliseconds{1'500});
    const std::string left = sql(pids); // the server may need a moment to notice that the client has left
    for (int calls = 0; calls < 20; ++calls)
        EXPECT_TRUE(run(at->connections.find(user("ann"), soon())));
    const auto ours =
        sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tiktok-gateway' "
            "AND query LIKE 'SELECT user_id%' AND pid::text = ANY(string_to_array('"
            + left + "', ','))");
    EXPECT_EQ(ours, "0") << "the connection that was given up is not used again";
}

} // namespace gateway::testing
