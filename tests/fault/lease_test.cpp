// A replica is killed at each step of a refresh, and another one goes on soon; one that only stands still
// keeps its lease, since two must not send the same refresh token.
#include "fault/campaign.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <future>

namespace fault {
namespace {

using gateway::milliseconds;
using gateway::seconds;
using gateway::steady_now;

constexpr seconds gone_after{10}; // store::gone_holder_keeps
constexpr seconds heir_within{5}, slack{3};
constexpr const char* token_path = "/v2/oauth/token/";

class LeaseOfTheDead : public testing::Test {
protected:
    LeaseOfTheDead() {
        w.options.settings = std::string(wide_windows) + "vault: {settling_ms: 0}\n";
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server.url("lease");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "lease";
        w.simulator_settings = wide_tiktok;
        other = &w.another_gateway();
    }
    /// The first gateway ends or stops at this step of the refresh of a user whom both know.
    void begin_refresh(const std::string& step, const char* action) {
        w.stop_gateway(SIGKILL);
        w.gateway(); // what the one before left on the disk goes first, and passes the same steps
        const auto end = steady_now() + seconds{20};
        while (!std::filesystem::is_empty(w.folder().path() / "spool") && steady_now() < end) {
        }
        w.stop_gateway(SIGKILL);
        w.options.variables["TIKTOK_GATEWAY_FAILPOINT"] = step + ":1:" + action;
        w.gateway();
        w.options.variables.erase("TIKTOK_GATEWAY_FAILPOINT");
        user = "user-" + std::to_string(++users);
        w.connect(user, {{"account", "alice"}});
        EXPECT_EQ(ask_other().status, 200);
        w.tiktok().control().post("/tokens/expire", {{"account", "alice"}, {"kind", "access"}});
        first = std::async(std::launch::async,
                           [this] { return w.api_of(w.gateway()).get("/v1/users/" + user + "/info"); });
    }
    harness::answer ask_other(const std::string& within = "10") {
        return w.api_of(*other).get("/v1/users/" + user + "/info", {{"X-Request-Timeout", within}});
    }
    std::size_t refreshes() {
        std::size_t count = 0;
        const auto history = w.tiktok().history();
        for (const auto& each : history.at("requests").as_array())
            if (each.at("path") == token_path) ++count;
        return count;
    }

    harness::postgresql_server server;
    harness::world w{GATEWAY_PROGRAM, SIMULATOR_PROGRAM};
    harness::gateway_process* other = nullptr;
    std::future<harness::answer> first;
    std::string user;
    int users = 0;
};

TEST_F(LeaseOfTheDead, T01DeathGACallIsToldTheWaitAndAfterItSucceeds) {
    begin_refresh("refresh.intent_durable", "kill");
    EXPECT_EQ(w.gateway().process().wait(seconds{20}), 128 + SIGKILL);
    first.get();
    const auto died = steady_now();
    const auto got = ask_other("3");
    EXPECT_EQ(got.status, 503) << got.raw;
    EXPECT_EQ(got.code(), "vault_unavailable");
    EXPECT_TRUE(got.at("problem.retryable") == boost::json::value(true)) << got.raw;
    EXPECT_LT(steady_now() - died, seconds{3}) << "it is not held to its deadline";
    const auto told = got.at("problem.retry_after_ms");
    ASSERT_TRUE(told.is_int64()) << got.raw;
    const auto free_at = steady_now() + milliseconds{told.as_int64()};
    EXPECT_LE(milliseconds{told.as_int64()}, gone_after + milliseconds{500});
    while (steady_now() < free_at) {
    }
    const auto after = ask_other();
    EXPECT_EQ(after.status, 200) << after.raw;
    EXPECT_LT(steady_now() - died, gone_after + heir_within + slack);
}

TEST_F(LeaseOfTheDead, T01DeathGAKillAtEachStepCostsTheUserTenSecondsAtMost) {
    for (const char* rotation : {"none", "grace"}) {
        w.tiktok().change({{"switches", {{"rotation", rotation}}}});
        for (const std::string step : refresh_steps) {
            SCOPED_TRACE(step + ", " + rotation);
            begin_refresh(step, "kill");
            EXPECT_EQ(w.gateway().process().wait(seconds{20}), 128 + SIGKILL);
            first.get();
            ask_other("3"); // which sees that its holder is gone
            server.pass_time("lease", gone_after);
            const auto end = steady_now() + heir_within + slack;
            auto got = ask_other();
            while (got.status != 200 && steady_now() < end)
                got = ask_other();
            EXPECT_EQ(got.status, 200) << got.raw;
        }
    }
}

TEST_F(LeaseOfTheDead, T13DeathGOneThatOnlyStandsStillKeepsItsLeaseAndNobodySendsItsTokenAgain) {
    w.tiktok().change({{"switches", {{"rotation", "strict_family"}}}});
    for (const std::string step : {"refresh.intent_durable", "refresh.answered"}) {
        SCOPED_TRACE(step);
        const auto before = refreshes();
        begin_refresh(step, "stop");
        ASSERT_TRUE(w.gateway().process().stands_still(seconds{20}));
        const auto asked = refreshes();
        server.pass_time("lease", 2 * gone_after);
        const auto got = ask_other("3");
        EXPECT_EQ(got.status, 503) << got.raw;
        EXPECT_TRUE(got.at("problem.retry_after_ms").is_int64()) << "it is told for how long: " << got.raw;
        EXPECT_EQ(refreshes(), asked);
        w.gateway().process().signal(SIGCONT);
        const auto late = first.get();
        EXPECT_EQ(late.status, 200) << late.raw;
        const auto after = ask_other();
        EXPECT_EQ(after.status, 200) << after.raw;
        EXPECT_EQ(refreshes(), before + 1);
    }
}

} // namespace
} // namespace fault
