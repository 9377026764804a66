// Somebody writes into the database: rows with secrets that were moved, copied or changed are refused, while
// the gateway runs and after a restart (docs/promises.md V05). On PostgreSQL, where that is possible at any
// time.
#include "flow/replicas_test.hpp"

#include <gmock/gmock.h>

using testing::HasSubstr;

namespace {

class SealedRows : public action_test {
protected:
    SealedRows() {
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server.url("gateway");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "gateway";
        w.simulator_settings = wide_tiktok;
        w.plant(harness::postgresql_server::password);
    }
    void sql(const std::string& text) { server.run("gateway", text); }
    std::string value(const std::string& text) { return server.run("gateway", text); }
    void restart() {
        EXPECT_EQ(w.stop_gateway(), 0);
        sql("DELETE FROM window_shares"); // the next process need not wait for what the last one had
        w.gateway();
    }
    std::string code_of(const std::string& user) { return w.api().get(path_of(user, "/info")).code(); }
    std::string name_of(const std::string& user) {
        return w.api().get(path_of(user, "/info")).text_at("data.user.display_name");
    }

    harness::postgresql_server server;
};

TEST_F(SealedRows, V05AuditCAPairMovedToAnotherUserAppOrVersionOpensForNobody) {
    w.connect("ann");
    w.connect("bob", {{"account", "bob"}});
    const auto pair_of_bob = std::string("(SELECT sealed_tokens FROM connections WHERE user_id = 'bob')");
    sql("CREATE TABLE kept AS SELECT * FROM connections");
    const std::string changes[] = {
        "sealed_tokens = " + pair_of_bob,
        "sealed_tokens = " + pair_of_bob
            + ", open_id = (SELECT open_id FROM connections WHERE user_id = 'bob')",
        "version = version + 1",
        "app = ''", // as if from before apps were noted
        "sealed_tokens = '\\x01'::bytea || substr(sealed_tokens, 2), app = ''",
        "open_id = 'somebody-else'"};
    for (const auto& change : changes) {
        SCOPED_TRACE(change);
        restart(); // the pair in memory goes on to be used, which is right
        EXPECT_EQ(name_of("bob"), "Bob");
        sql("UPDATE connections SET " + change + " WHERE user_id = 'ann'");
        EXPECT_EQ(code_of("ann"), "reconnect_required");
        EXPECT_EQ(name_of("bob"), "Bob");
        restart();
        EXPECT_EQ(code_of("ann"), "reconnect_required");
        sql("DELETE FROM connections WHERE user_id = 'ann'");
        sql("INSERT INTO connections SELECT * FROM kept WHERE user_id = 'ann'");
    }
    sql("UPDATE connections SET app = 'another-app' WHERE user_id = 'ann'");
    restart();
    EXPECT_EQ(code_of("ann"), "reconnect_required");
    EXPECT_EQ(w.api().get("/v1/users/ann").text_at("data.cause"), "other_app");
    sql("DELETE FROM connections WHERE user_id = 'ann'");
    sql("INSERT INTO connections SELECT * FROM kept WHERE user_id = 'ann'");
    restart();
    EXPECT_EQ(name_of("ann"), "Alice") << "an old row, whole and with its name, opens";
}

TEST_F(SealedRows, V05AuditCAReplicaThatHasSeenANewerVersionRefusesAnOlderRow) {
    w.connect("ann");
    sql("CREATE TABLE kept AS SELECT * FROM connections");
    w.connect("ann");
    EXPECT_EQ(name_of("ann"), "Alice");
    sql("DELETE FROM connections");
    sql("INSERT INTO connections SELECT * FROM kept");
    EXPECT_EQ(name_of("ann"), "Alice") << "the newer pair is in memory";
    // What looks into the store finds the older row.
    const auto other = w.api().del("/v1/users/ann");
    EXPECT_EQ(other.code(), "vault_unavailable") << other.raw;
    EXPECT_THAT(w.admin().get("/metrics").body,
                HasSubstr("tiktok_gateway_vault_operations_total{operation=\"open\",result=\"older\"} "));
    EXPECT_TRUE(w.gateway().process().says(R"("event":"vault_older_record","user":"ann")"));
}

TEST_F(SealedRows, AuditCNobodysVideosAreGivenUnderTheNameOfAnotherAccount) {
    w.connect("ann");
    w.connect("mallory", {{"account", "bob"}});
    w.connect("zoe", {{"account", "bob"}});
    const auto account = w.api().get("/v1/users/ann").text_at("data.open_id");
    EXPECT_EQ(w.api().del("/v1/users/ann").status, 200);
    EXPECT_EQ(w.api().get(path_of("mallory", "/videos")).status, 200); // the tokens are in memory
    sql("UPDATE connections SET open_id = '" + account + "' WHERE user_id = 'mallory'");
    for (const std::string user : {"zoe", "mallory"}) {
        const auto videos = w.api().get(path_of(user, "/videos?creator_id=" + account));
        EXPECT_EQ(videos.code(), "reconnect_required") << videos.raw;
    }
    EXPECT_EQ(calls_of("/v2/video/list/"), 1U);
}

TEST_F(SealedRows, V05AuditCPairsOfNoConnectionAreBoundToTheirPurpose) {
    w.connect("ann");
    // The pair of an import that was refused: TikTok has rotated it, and it waits to be corrected.
    auto tokens = w.tiktok().make_tokens({{"account", "bob"}});
    const auto account = tokens["open_id"];
    tokens["expires_in"] = 0;
    tokens["open_id"] = "somebody-else";
    EXPECT_EQ(w.api().put("/v1/users/bob/tokens", tokens).code(), "invalid_input");
    ASSERT_EQ(value("SELECT count(*) FROM import_proofs WHERE length(sealed_tokens) > 0"), "1");
    sql("UPDATE import_proofs SET sealed_tokens = (SELECT sealed_tokens FROM connections) "
        "WHERE length(sealed_tokens) > 0");
    tokens["open_id"] = account;
    const auto refused = w.api().put("/v1/users/bob/tokens", tokens);
    EXPECT_EQ(refused.code(), "invalid_input")
        << "it does not open, and TikTok is asked again: " << refused.raw;

    sql("DELETE FROM import_proofs"); // it holds the account for a day

    // A revocation with somebody else's pair revokes nothing.
    w.connect("bob", {{"account", "bob"}});
    w.tiktok().add_fault({{"match", {{"path", "/v2/oauth/revoke/"}}},
                          {"times", -1},
                          {"do", {{"apply", false}, {"status", 503}}}});
    EXPECT_EQ(w.api().del("/v1/users/bob").text_at("data.reason"), "tiktok_unreachable");
    w.tiktok().clear_faults();
    sql("UPDATE revocations SET open_id = 'x', next_at = 0, tries = 7, "
        "sealed_tokens = (SELECT sealed_tokens FROM connections WHERE user_id = 'ann')");
    EXPECT_TRUE(server.comes_true("gateway", "NOT EXISTS (SELECT 1 FROM revocations)", gateway::seconds{30}));
    EXPECT_EQ(name_of("ann"), "Alice");
    EXPECT_EQ(w.tiktok().history().at("accounts").at("alice").at("refresh_tokens").as_array().size(), 1U);
}

} // namespace
