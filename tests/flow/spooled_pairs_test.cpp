// PostgreSQL stops while TikTok answers with a new pair, the gateway is killed, and both start again: the
// user works with the new pair, and TikTok, which has ended the old one, is not asked with it again.
#include "flow/login_test.hpp"
#include "harness/postgresql_server.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <future>
#include <optional>

namespace {

using gateway::seconds;
using gateway::steady_now;
using testing::HasSubstr;

constexpr const char* token_path = "/v2/oauth/token/";
constexpr seconds patience{20};

class SpooledPairs : public login_test {
protected:
    SpooledPairs() {
        w.options.settings = std::string(wide_windows) + "vault: {settling_ms: 0}\n";
        w.simulator_settings = std::string(wide_tiktok);
        w.tiktok().change({{"switches", {{"rotation", "strict_family"}}}});
    }
    void use_postgresql() {
        server = std::make_unique<harness::postgresql_server>();
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server->url("gateway");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "gateway";
        w.plant(harness::postgresql_server::password);
    }
    template <class Done>
    bool comes(Done done) {
        const auto end = steady_now() + patience;
        while (!done() && steady_now() < end) {
        }
        return done();
    }
    std::size_t files(std::string_view ending) const {
        std::size_t count = 0;
        std::error_code none;
        for (const auto& one : std::filesystem::directory_iterator(w.folder().path() / "spool", none))
            if (one.path().string().ends_with(ending)) ++count;
        return count;
    }
    std::string metrics() { return w.admin().get("/metrics").body; }
    harness::answer info(const std::string& user) { return w.api().get(path_of(user, "/info")); }
    void end_access_tokens() {
        w.tiktok().control().post("/tokens/expire",
                                  boost::json::object{{"account", "alice"}, {"kind", "access"}});
    }
    /// TikTok answers late, and meanwhile the database stops.
    std::future<harness::answer> begin_without_store(const std::function<harness::answer()>& call) {
        w.tiktok().add_fault({{"match", {{"path", token_path}}}, {"do", {{"delay_ms", 3000}}}});
        const auto before = calls_of(token_path);
        auto lost = std::async(std::launch::async, call);
        EXPECT_TRUE(comes([&] { return calls_of(token_path) > before; }));
        server->stop();
        return lost;
    }
    /// Then the gateway is killed, and both are started again.
    void lose_the_store_during(const std::function<harness::answer()>& call) {
        auto lost = begin_without_store(call);
        ASSERT_TRUE(comes([&] { return files(".pair") == 1; })) << "durable while the store is away";
        EXPECT_TRUE(comes(
            [&] { return metrics().find("tiktok_gateway_vault_spooled_pairs 1\n") != std::string::npos; }));
        EXPECT_EQ(w.stop_gateway(SIGKILL), 128 + SIGKILL);
        lost.get();
        server->start();
        w.gateway();
    }
    void expect_all_stored() {
        EXPECT_TRUE(comes([&] { return files("") == 0; }));
        EXPECT_THAT(metrics(), HasSubstr("tiktok_gateway_vault_spooled_pairs 0\n"));
    }

    /// Asks until a refresh kills the gateway: a pair that the store has before the disk's thread had its
    /// turn is not written there. Gives how many calls the token endpoint had before that refresh.
    std::size_t refresh_until_it_dies(const std::string& user) {
        std::size_t before = 0;
        std::optional<int> status;
        for (int tries = 0; tries < 10 && !status; ++tries) {
            before = calls_of(token_path);
            end_access_tokens();
            info(user);
            status = w.gateway().process().wait(gateway::milliseconds{3'000});
        }
        EXPECT_EQ(status, 128 + SIGKILL);
        return before;
    }

    std::unique_ptr<harness::postgresql_server> server;
};

TEST_F(SpooledPairs, DeathPARefreshWhoseStoreIsAwayOutlivesTheProcess) {
    use_postgresql();
    w.connect("ann", {{"account", "alice"}});
    ASSERT_EQ(info("ann").status, 200);
    end_access_tokens();
    lose_the_store_during([&] { return info("ann"); });
    const auto got = info("ann");
    EXPECT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(calls_of(token_path), 1U) << "the old token is dead, and not sent again";
    expect_all_stored();
    end_access_tokens();
    EXPECT_EQ(info("ann").status, 200) << "its refresh token works";
    EXPECT_EQ(calls_of(token_path), 2U);
    EXPECT_EQ(state_of("ann"), "connected");
}

TEST_F(SpooledPairs, DeathPALoginWhoseStoreIsAwayConnectsItsUser) {
    use_postgresql();
    const auto callback = callback_of("ann");
    lose_the_store_during([&] { return land(callback); });
    EXPECT_TRUE(comes([&] { return state_of("ann") == "connected"; }));
    EXPECT_EQ(info("ann").status, 200);
    EXPECT_EQ(calls_of(token_path), 1U);
    expect_all_stored();
}

TEST_F(SpooledPairs, DeathPAnImportWhoseStoreIsAwayIsCompletedByTheSameCall) {
    use_postgresql();
    auto tokens = w.tiktok().make_tokens({{"account", "alice"}});
    tokens["expires_in"] = 0; // so that it is refreshed
    const auto import = [&] { return w.api().put("/v1/users/ann/tokens", tokens); };
    lose_the_store_during(import);
    const auto again = import();
    EXPECT_EQ(again.status, 200) << again.raw;
    EXPECT_EQ(info("ann").status, 200);
    EXPECT_EQ(calls_of(token_path), 1U);
    expect_all_stored();
}

/// What is lost between TikTok's answer and the first write is not here.
TEST_F(SpooledPairs, T05DeathPAKillAtEachStepOfTheDiskLosesNobody) {
    for (const bool postgresql : {false, true}) {
        if (postgresql) use_postgresql();
        for (const char* step : {"spool.written", "refresh.stored", "refresh.released", "spool.removed"}) {
            SCOPED_TRACE(std::string(step) + (postgresql ? " on PostgreSQL" : " on SQLite"));
            const std::string user = std::string(step) + (postgresql ? ".p" : ".s");
            w.stop_gateway(SIGKILL);
            w.options.variables["TIKTOK_GATEWAY_FAILPOINT"] = std::string(step) + ":1";
            w.gateway();
            w.options.variables.erase("TIKTOK_GATEWAY_FAILPOINT");
            w.connect(user, {{"account", "alice"}});
            const auto before = refresh_until_it_dies(user);
            w.stop_gateway(SIGKILL);
            const auto got = info(user);
            EXPECT_EQ(got.status, 200) << got.raw;
            EXPECT_EQ(calls_of(token_path), before + 1);
            EXPECT_EQ(state_of(user), "connected");
            expect_all_stored();
        }
    }
}

TEST_F(SpooledPairs, T05DeathPAKillAtTheMomentAPairIsDurableLosesNobody) {
    use_postgresql();
    w.options.variables["TIKTOK_GATEWAY_FAILPOINT"] = "spool.durable:1";
    w.connect("ann", {{"account", "alice"}});
    w.options.variables.erase("TIKTOK_GATEWAY_FAILPOINT");
    end_access_tokens();
    auto lost = begin_without_store([&] { return info("ann"); });
    EXPECT_EQ(w.gateway().process().wait(patience), 128 + SIGKILL);
    lost.get();
    EXPECT_EQ(files(".pair"), 1U);
    server->start();
    w.stop_gateway(SIGKILL);
    EXPECT_EQ(info("ann").status, 200);
    EXPECT_EQ(calls_of(token_path), 1U) << "the old token is dead, and not sent again";
    expect_all_stored();
    EXPECT_EQ(state_of("ann"), "connected");
}

TEST_F(SpooledPairs, T05DeathPAKillWhileAPairIsTakenFromTheDiskLosesNobody) {
    use_postgresql();
    w.connect("ann", {{"account", "alice"}});
    end_access_tokens();
    w.options.variables["TIKTOK_GATEWAY_FAILPOINT"] = "refresh.stored:1";
    lose_the_store_during([&] { return info("ann"); });
    // It is killed right after it has stored the pair from the disk, and before the copy is removed.
    EXPECT_EQ(w.gateway().process().wait(patience), 128 + SIGKILL);
    w.options.variables.erase("TIKTOK_GATEWAY_FAILPOINT");
    w.stop_gateway(SIGKILL);
    EXPECT_EQ(info("ann").status, 200);
    EXPECT_EQ(calls_of(token_path), 1U);
    expect_all_stored();
    EXPECT_EQ(state_of("ann"), "connected");
}

TEST_F(SpooledPairs, DeathPAFolderThatCannotBeWrittenIsToldAndRefreshesGoOn) {
    w.connect("ann", {{"account", "alice"}});
    std::filesystem::remove_all(w.folder().path() / "spool");
    w.folder().write("spool", "not a folder");
    end_access_tokens();
    EXPECT_EQ(info("ann").status, 200);
    EXPECT_TRUE(w.gateway().process().says("spool_failed"));
    EXPECT_THAT(metrics(),
                HasSubstr("tiktok_gateway_vault_operations_total{operation=\"spool\",result=\"failed\"}"));
}

} // namespace
