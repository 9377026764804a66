// Another role in the gateway's database: it may connect and create in `public`, and tries to be called, to
// read, to listen and to speak.
#include "limits/window.hpp"
#include "postgresql/shared_server.hpp"
#include "store/postgresql/engine.hpp"
#include "unit/store/counting_engine.hpp"
#include "windows/shared_windows.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace gateway::testing {
namespace {

using ::testing::HasSubstr;

/// A server of its own, because roles and `public` belong to all schemas. The gateway is the role `gateway`,
/// which may make schemas; `neighbour` may create in `public`.
class Neighbour : public ::testing::Test {
protected:
    Neighbour() {
        server.run("public",
                   "CREATE ROLE gateway LOGIN; CREATE ROLE neighbour LOGIN; "
                   "GRANT CREATE ON DATABASE postgres TO gateway; "
                   "GRANT CREATE ON SCHEMA public TO neighbour");
    }
    result<std::unique_ptr<store::store>> open(const std::string& search_path = "public",
                                               const std::string& schema = "own") {
        return store::open_store(server.url_of(search_path, "gateway"), few_connections(), schema);
    }
    std::unique_ptr<store::store> opened() {
        auto at = open();
        if (!at) throw std::runtime_error(at.error().message());
        return std::move(*at);
    }
    /// The failure of open(), or nothing.
    std::string refused() {
        const auto at = open();
        if (at) return {};
        EXPECT_EQ(at.error().code(), errc::invalid_input);
        return at.error().message();
    }
    std::string as_neighbour(const std::string& sql) const {
        return server.run_as("neighbour", "public", sql);
    }
    std::string as_owner(const std::string& sql) const { return server.run_as("gateway", "own", sql); }

    harness::postgresql_server server;
    worker loop;
};

/// A function that notes by whom it was called, and gives away all that its caller may do.
std::string trap(const std::string& head, const std::string& value) {
    return "CREATE FUNCTION " + head
           + " LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.caught VALUES (current_user); RETURN " + value
           + "; END';";
}

/// What a replica hears before this is lost; its shares end by themselves.
class feed_watch final : public store::change_listener {
public:
    explicit feed_watch(store::store& at) : at_(at) { at_.on().listen(*this); }
    ~feed_watch() override { at_.on().stop_listening(*this); }
    feed_watch(const feed_watch&) = delete;
    feed_watch& operator=(const feed_watch&) = delete;
    void changed(const store::change& /*what*/) override {}
    void feed_connected(bool is) override { connected = is; }

    std::atomic<bool> connected{false};

private:
    store::store& at_;
};

limits::window_table windows_of_six() {
    return limits::window_table{std::vector<limits::window_rule>(4, {6, milliseconds{60'000}})};
}

} // namespace

TEST_F(Neighbour, V16AuditRIsNeverCalledWhateverItPutsIntoPublic) {
    as_neighbour("CREATE TABLE caught (who TEXT); GRANT ALL ON caught TO PUBLIC;"
                 + trap("md5(name) RETURNS text", "''x''") + trap("now_ms() RETURNS bigint", "1::bigint")
                 + trap("encode(bytea, text) RETURNS text", "''x''")
                 + trap("left(name, int) RETURNS text", "''x''")
                 + trap("pg_notify(text, name) RETURNS text", "''x''")
                 + trap("hashed(text, name) RETURNS boolean", "true")
                 + "CREATE OPERATOR = (LEFTARG = text, RIGHTARG = name, FUNCTION = hashed);"
                   "CREATE TABLE connections (user_id TEXT); CREATE TABLE meta (name TEXT, value BYTEA)");
    for (const char* search_path : {"public", "public,own", "pg_temp,public"}) {
        const auto at = open(search_path);
        ASSERT_TRUE(at) << at.error().message();
        const std::string name = "ann of " + std::string(search_path);
        EXPECT_TRUE(run_on(loop, (*at)->on().beat(soon())));
        EXPECT_TRUE(*run_on(loop, (*at)->connections.put(connection(name, 1), 0, {}, soon())));
        EXPECT_TRUE(*run_on(loop, (*at)->connections.find(user(name), soon())));
        EXPECT_TRUE(run_on(loop, (*at)->upkeep.sweep(at_second(0), soon())));
    }
    EXPECT_EQ(as_neighbour("SELECT count(*) FROM caught"), "0");
    EXPECT_EQ(as_neighbour("SELECT count(*) FROM public.connections"), "0");
    EXPECT_EQ(as_owner("SELECT count(*) FROM own.connections"), "3");
}

TEST_F(Neighbour, V16AuditRCannotReadOrWriteWhatTheGatewayKeeps) {
    const auto at = opened();
    for (const char* what : {"SELECT count(*) FROM own.connections", "SELECT value FROM own.meta",
                             "DELETE FROM own.leases", "CREATE TABLE own.mine (x INT)",
                             "CREATE FUNCTION own.md5(name) RETURNS text LANGUAGE sql AS 'SELECT NULL'"})
        EXPECT_THROW(as_neighbour(what), std::runtime_error) << what;
}

TEST_F(Neighbour, V16AuditRASchemaInWhichOthersMayCreateRefusesTheStartAndSaysWho) {
    EXPECT_EQ(refused(), "") << "it makes the schema, which is its own";
    as_owner("GRANT CREATE ON SCHEMA own TO neighbour");
    EXPECT_THAT(refused(), HasSubstr("REVOKE CREATE ON SCHEMA own FROM neighbour"));
    as_owner("REVOKE CREATE ON SCHEMA own FROM neighbour; GRANT CREATE ON SCHEMA own TO PUBLIC");
    EXPECT_THAT(refused(), HasSubstr("(PUBLIC)"));
    as_owner("REVOKE CREATE ON SCHEMA own FROM PUBLIC");
    EXPECT_EQ(refused(), "");
    server.run("public",
               "CREATE ROLE makers; GRANT makers TO neighbour; GRANT CREATE ON SCHEMA own TO makers");
    EXPECT_THAT(refused(), HasSubstr("(neighbour)")) << "by way of a group";
    server.run("public", "REVOKE makers FROM neighbour");
    EXPECT_EQ(refused(), "") << "nobody is in the group";
    server.run("public", "GRANT gateway TO neighbour");
    EXPECT_EQ(refused(), "") << "a member of the gateway's role is the gateway";
}

TEST_F(Neighbour, V16AuditRASchemaThatBelongsToAnotherOrHoldsWhatIsTheirsIsRefused) {
    server.run("public", "CREATE SCHEMA own AUTHORIZATION neighbour; GRANT ALL ON SCHEMA own TO gateway");
    EXPECT_THAT(refused(), HasSubstr("(neighbour)"));
    server.run("public", "ALTER SCHEMA own OWNER TO gateway; REVOKE ALL ON SCHEMA own FROM neighbour");
    EXPECT_EQ(refused(), "");
    as_owner("GRANT ALL ON SCHEMA own TO neighbour");
    server.run_as("neighbour", "own",
                  "CREATE FUNCTION own.md5(name) RETURNS text LANGUAGE sql AS 'SELECT NULL'");
    as_owner("REVOKE ALL ON SCHEMA own FROM neighbour");
    EXPECT_THAT(refused(), HasSubstr("belongs to neighbour"));
}

TEST_F(Neighbour, V16AuditRAnOpenSchemaThatIsSeenLaterLeavesTheStoreAwayUntilItIsClosed) {
    const auto at = opened();
    as_owner("GRANT CREATE ON SCHEMA own TO neighbour");
    EXPECT_TRUE(run_on(loop, at->on().beat(soon()))) << "connections that were made before go on";
    server.stop();
    server.start();
    turn_until(loop, [&] { return at->on().trouble().find("(neighbour)") != std::string::npos; });
    const auto refused = run_on(loop, at->on().beat(soon()));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::vault_unavailable);
    as_owner("REVOKE CREATE ON SCHEMA own FROM neighbour");
    turn_until(loop, [&] { return run_on(loop, at->on().beat(in(1'000))).has_value(); });
    EXPECT_EQ(at->on().trouble(), "");
}

TEST_F(Neighbour, V16AuditRAStoreOfBeforeIsNotTakenForAnEmptyOneAndCanBeMoved) {
    server.run("public", "GRANT CREATE ON SCHEMA public TO gateway");
    server.run("public",
               "REVOKE CREATE ON SCHEMA public FROM neighbour; ALTER SCHEMA public OWNER TO gateway");
    {
        const auto before = open("public", "public");
        ASSERT_TRUE(before) << before.error().message();
        ASSERT_TRUE(*run_on(loop, (*before)->connections.put(connection("ann", 1), 0, {}, soon())));
    }
    const auto refused = open();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("a store in the schema public"));
    EXPECT_EQ(server.run("public", "SELECT count(*) FROM pg_namespace WHERE nspname = 'own'"), "0");
    // As docs/operations.md §3 has it.
    server.run_as("gateway", "public",
                  "CREATE SCHEMA own; ALTER FUNCTION public.now_ms() SET SCHEMA own; "
                  "DO $$ DECLARE name text; BEGIN FOR name IN SELECT tablename FROM pg_tables "
                  "WHERE schemaname = 'public' AND tableowner = current_user LOOP "
                  "EXECUTE format('ALTER TABLE public.%I SET SCHEMA own', name); END LOOP; END $$");
    const auto after = opened();
    EXPECT_TRUE(*run_on(loop, after->connections.find(user("ann"), soon())));
}

/// Any role can lock any number, and sees in pg_locks which ones others hold.
TEST_F(Neighbour, V16DeathGWhoHoldsTheLockOfALifeStopsNoConnection) {
    const auto at = opened();
    ASSERT_TRUE(run_on(loop, at->on().beat(soon())));
    const auto life = as_neighbour(
        "SELECT (CAST(classid AS BIGINT) << 32) | CAST(objid AS BIGINT) "
        "FROM pg_locks WHERE locktype = 'advisory' AND granted LIMIT 1");
    const std::jthread neighbour([&] {
        EXPECT_THROW(as_neighbour("SELECT pg_advisory_lock(" + life + "); SELECT pg_sleep(60)"),
                     std::runtime_error)
            << "until it is ended below";
    });
    const auto locks_of = [](const char* role) {
        return "(SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE locktype = "
               "'advisory' AND usename = '"
               + std::string(role) + "')";
    };
    const std::string end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = ";
    EXPECT_TRUE(server.comes_true("own", locks_of("neighbour") + " = 1", seconds{10}));
    server.run("own", end + "'gateway'");
    EXPECT_TRUE(server.comes_true("own", locks_of("gateway") + " = 0", seconds{10}));
    turn_until(loop, [&] { return run_on(loop, at->on().beat(in(1'000))).has_value(); });
    EXPECT_EQ(server.run("own", "SELECT " + locks_of("neighbour")), "1") << "it holds it all the time";
    server.run("own", end + "'neighbour'");
}

TEST_F(Neighbour, V16AuditSHearsNothingAndIsNotHeardOnTheChannelItCanGuess) {
    const auto one = opened();
    const auto name = as_owner("SELECT encode(value, 'hex') FROM own.meta WHERE name = 'changes_channel'");
    EXPECT_EQ(name.size(), 32U);
    opened().reset();
    EXPECT_EQ(as_owner("SELECT encode(value, 'hex') FROM own.meta WHERE name = 'changes_channel'"), name)
        << "all replicas have the same";
    turn_until(loop, [&] {
        return as_owner("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'") != "0";
    });
    EXPECT_EQ(as_neighbour("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%tiktok_gateway_%' "
                           "AND pid <> pg_backend_pid()"),
              "0")
        << "nor does the server show it";
}

/// The worst case: the neighbour has the name of the channel.
TEST_F(Neighbour, V16AuditSClosesNoWindowByWhatItSaysAndCausesFewLooks) {
    auto connected =
        store::open_postgresql_engine(server.url_of("public", "gateway"), "own", few_connections());
    ASSERT_TRUE(connected) << connected.error().message();
    auto counting = std::make_unique<counting_engine>(std::move(*connected));
    auto& counts = *counting;
    store::store at(std::move(counting));
    auto table = windows_of_six();
    windows::shared_windows windows(loop, at.on(), at.windows, table);
    const auto take = [&](const std::string& key) {
        auto got = windows.take(key, 3, steady_now(), soon());
        if (std::holds_alternative<windows::must_ask>(got)) got = run_on(loop, windows.ask(key, 3, soon()));
        return std::holds_alternative<limits::permit>(got);
    };
    ASSERT_TRUE(take("ann"));
    const auto channel =
        "tiktok_gateway_"
        + as_owner("SELECT encode(value, 'hex') FROM own.meta WHERE name = 'changes_channel'");
    std::string flood = "DO $$ BEGIN FOR i IN 1..20000 LOOP ";
    for (const char* text : {"'closed 3 ann'", "'wanted 3 ann'", "'changed 0 ann'", "'closed 3 nobody' || i"})
        flood += "PERFORM pg_notify('" + channel + "', " + text + "); ";
    counts.forget();
    const auto began = steady_now();
    std::atomic<bool> said{false};
    std::jthread speaker([&] {
        as_neighbour(flood + "COMMIT; END LOOP; END $$");
        said = true;
    });
    turn_until(loop, [&] { return said && counts.units() > 0; });
    const auto tenths = static_cast<std::size_t>((steady_now() - began) / milliseconds{100});
    EXPECT_LE(counts.units(), 20 * (tenths + 2) + 20 * (tenths + 20)) << "looks, and returns of the share";
    EXPECT_TRUE(take("ann")) << "the row says that it is open";
}

TEST_F(Neighbour, V16AuditSAWindowIsClosedForAsLongAsTheRowSays) {
    const auto one = opened(), two = opened();
    auto table = windows_of_six();
    windows::shared_windows windows(loop, two->on(), two->windows, table);
    const feed_watch feed(*two);
    turn_until(loop, [&] { return feed.connected.load(); });
    auto asked = run_on(loop, windows.ask("ann", 3, soon()));
    ASSERT_TRUE(std::holds_alternative<limits::permit>(asked));
    std::get<limits::permit>(asked).give_back(); // so that only the row closes it
    EXPECT_GT(table.status("ann", 3, steady_now()).remaining, 0U);
    ASSERT_TRUE(run_on(loop, one->windows.close({"ann", 3}, 6, seconds{30}, soon())));
    EXPECT_GT(*run_on(loop, two->windows.closed_for({"ann", 3}, soon())), seconds{25});
    EXPECT_EQ(*run_on(loop, two->windows.closed_for({"ben", 3}, soon())), seconds{0});
    turn_until(loop, [&] { return table.status("ann", 3, steady_now()).remaining == 0; });
    const auto left = table.status("ann", 3, steady_now()).until_more;
    EXPECT_GT(left, seconds{25});
    EXPECT_LE(left, seconds{31});
}

} // namespace gateway::testing
