// The real program on a PostgreSQL schema in which another role may create (V16).
#include "flow/action_test.hpp"
#include "harness/postgresql_server.hpp"

#include <gmock/gmock.h>

namespace {

using gateway::seconds;
using testing::HasSubstr;

class OpenSchema : public action_test {
protected:
    OpenSchema() {
        server.url("gateway");
        server.run("public",
                   "CREATE ROLE gateway LOGIN; CREATE ROLE neighbour LOGIN; "
                   "ALTER SCHEMA gateway OWNER TO gateway");
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server.url_of("public", "gateway");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "gateway";
        w.plant(harness::postgresql_server::password);
    }
    harness::postgresql_server server;
};

TEST_F(OpenSchema, V16AuditREndsTheStartWith78AndNamesTheRole) {
    server.run("public", "GRANT CREATE ON SCHEMA gateway TO neighbour");
    w.folder().write("client.secret", "planted");
    const auto file = w.folder().write("other.yaml", "");
    harness::child_process start({GATEWAY_PROGRAM, "--config", file}, w.folder().path().string(),
                                 harness::gateway_variables(w.folder(), w.tiktok(), w.options, "some-key"));
    EXPECT_EQ(start.wait(seconds{20}), 78);
    EXPECT_THAT(start.errors_at_end(), HasSubstr("store.schema: Others (neighbour) may create"));
    server.run("public", "REVOKE CREATE ON SCHEMA gateway FROM neighbour");
    w.connect("user-77");
}

TEST_F(OpenSchema, V16AuditRLeavesItNotReadyWhereItIsSeenLaterAndSaysWhy) {
    w.connect("user-77");
    server.run("public", "GRANT CREATE ON SCHEMA gateway TO neighbour");
    server.stop();
    server.start();
    EXPECT_TRUE(w.gateway().process().says("Others (neighbour) may create", seconds{15}));
    const auto ready = w.admin().get("/readyz");
    EXPECT_EQ(ready.status, 503);
    EXPECT_THAT(ready.body, HasSubstr("Others (neighbour) may create"));
    server.run("public", "REVOKE CREATE ON SCHEMA gateway FROM neighbour");
    EXPECT_TRUE(w.gateway().process().says("store_is_back", seconds{15}));
    EXPECT_EQ(w.api().get("/v1/users/user-77/info").status, 200);
}

} // namespace
