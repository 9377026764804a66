// The gateway starts while its PostgreSQL is away, or takes no connection (docs/promises.md K11).
#include "base/digest.hpp"
#include "flow/login_test.hpp"
#include "harness/postgresql_server.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace {

using gateway::seconds;
using testing::HasSubstr;

class LateStore : public login_test {
protected:
    LateStore() {
        server.url("gateway");
        server.run("public",
                   "CREATE ROLE gateway LOGIN PASSWORD 'another'; CREATE ROLE neighbour LOGIN; "
                   "ALTER SCHEMA gateway OWNER TO gateway");
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server.url_of("public", "gateway");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "gateway";
        w.plant(harness::postgresql_server::password);
    }
    /// The gateway's role has to give its password from now on.
    void ask_for_passwords() {
        server.run("public",
                   "COPY (VALUES ('host all gateway 127.0.0.1/32 scram-sha-256'), "
                   "('host all all 127.0.0.1/32 trust')) TO '"
                       + server.run("public", "SHOW hba_file") + "'");
        server.run("public", "SELECT pg_reload_conf()");
        const auto until = gateway::steady_now() + seconds{20};
        for (bool refused = false; !refused && gateway::steady_now() < until;) {
            try {
                server.run_as("gateway", "gateway", "SELECT 1");
            } catch (const std::runtime_error&) {
                refused = true;
            }
        }
    }
    void expect_waiting(const std::string& why) {
        EXPECT_TRUE(w.gateway().process().says(why, seconds{40}));
        const auto ready = w.admin().get("/readyz");
        EXPECT_EQ(ready.status, 503);
        EXPECT_THAT(ready.body, HasSubstr(why));
        EXPECT_EQ(w.admin().get("/healthz").status, 200);
        for (const auto& got :
             {w.api().get("/v1/users"), w.api().get(path_of("u", "/info")), connect_call("u")}) {
            EXPECT_EQ(got.status, 503) << got.raw;
            EXPECT_EQ(got.code(), "vault_unavailable");
            EXPECT_NE(got.header("retry-after"), "");
        }
    }
    void expect_healed() {
        EXPECT_TRUE(w.gateway().process().says("start_finished", seconds{40}));
        EXPECT_EQ(w.admin().get("/readyz").status, 200);
        w.connect("u");
        EXPECT_EQ(w.api().get(path_of("u", "/info")).status, 200);
    }
    harness::postgresql_server server;
};

TEST_F(LateStore, K11DeathFADatabaseThatStartsAfterTheGatewayFindsItWaiting) {
    server.stop();
    expect_waiting("refused");
    EXPECT_EQ(w.stranger().get("/openapi.yaml").status, 200);
    EXPECT_EQ(w.stranger().get("/v1/users").status, 401);
    const auto page = land("/oauth/callback?code=c&state=s");
    expect_refused_page(page);
    EXPECT_THAT(page.body, HasSubstr("This service could not finish the login."));
    EXPECT_THAT(w.admin().get("/metrics").body,
                HasSubstr("tiktok_gateway_logins_total{result=\"unavailable\"} 1\n"));
    server.start();
    expect_healed();
    EXPECT_EQ(server.run("gateway", "SELECT count(*) FROM store_instances WHERE is_replica = 1"), "1");
}

TEST_F(LateStore, K11DeathFAWrongPasswordIsToldAndHealsWhenItIsMended) {
    ask_for_passwords();
    expect_waiting("password authentication failed");
    server.run("public",
               std::string("ALTER ROLE gateway PASSWORD '") + harness::postgresql_server::password + "'");
    expect_healed();
}

TEST_F(LateStore, K11DeathFV16ASchemaOfOthersThatIsSeenLateLeavesItNotReadyUntilItIsMended) {
    server.run("public", "GRANT CREATE ON SCHEMA gateway TO neighbour");
    server.stop();
    expect_waiting("refused");
    server.start();
    expect_waiting("Others (neighbour) may create");
    EXPECT_EQ(server.run("public", "SELECT count(*) FROM pg_tables WHERE schemaname = 'gateway'"), "0");
    server.run("public", "REVOKE CREATE ON SCHEMA gateway FROM neighbour");
    expect_healed();
}

TEST_F(LateStore, K11DeathFV06AKeyRingThatDoesNotFitIsFoundLateAndHealsOnSighup) {
    w.connect("before");
    ASSERT_EQ(w.stop_gateway(), 0);
    server.stop();
    const std::string other = "flow-key-2:" + gateway::to_base64(std::string(32, 'x')) + "\n";
    w.options.variables["TIKTOK_GATEWAY__VAULT__KEYS_FILE"] = w.folder().write("ring.secret", other);
    expect_waiting("refused");
    server.start();
    expect_waiting("which the key ring lacks");
    std::ifstream right(harness::keys_file_in(w.folder()));
    w.folder().write("ring.secret", std::string{std::istreambuf_iterator<char>(right), {}} + other);
    w.gateway().process().signal(SIGHUP);
    expect_healed();
    EXPECT_EQ(w.api().get(path_of("before", "/info")).status, 200);
}

TEST_F(LateStore, K11DeathFASigtermWhileItWaitsEndsItWithZero) {
    server.stop();
    expect_waiting("refused");
    EXPECT_EQ(w.stop_gateway(), 0);
}

} // namespace
