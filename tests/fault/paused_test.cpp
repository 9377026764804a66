// A replica is stopped in the middle of a refresh (SIGSTOP) until its lease has expired and another one has
// refreshed; then it continues. PAUSED_FOR_REAL=1 waits for the end of the lease, a minute each time; by
// default the times in the database are moved instead.
#include "fault/campaign.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <future>

namespace fault {
namespace {

using gateway::seconds;

constexpr seconds lease{60};
constexpr const char* lease_is_over =
    "NOT EXISTS (SELECT 1 FROM leases WHERE expires_at > (extract(epoch FROM clock_timestamp()) * "
    "1000)::bigint)";

class PausedReplica : public testing::Test {
protected:
    PausedReplica() {
        // A 401 is acted on at once, although these pairs are only seconds old.
        w.options.settings = std::string(wide_windows) + "vault: {settling_ms: 0}\n";
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server.url("paused");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "paused";
        w.simulator_settings = wide_tiktok;
        other = &w.another_gateway();
    }

    /// Expires the user's access token at TikTok while both replicas have it in memory, and stops one of them
    /// at `step` of its refresh. Gives the answer to its caller, which comes later.
    std::future<harness::answer> pause_at(const std::string& step) {
        w.stop_gateway();
        w.options.variables["TIKTOK_GATEWAY_FAILPOINT"] = step + ":1:stop";
        w.gateway();
        w.options.variables.erase("TIKTOK_GATEWAY_FAILPOINT");
        w.connect(user, {{"account", "alice"}});
        EXPECT_EQ(ask(*other).status, 200);
        expire();
        auto answer = std::async(std::launch::async, [this] { return ask(w.gateway()); });
        EXPECT_TRUE(w.gateway().process().stands_still(seconds{10})) << step;
        return answer;
    }
    void let_its_lease_end() {
        if (!for_real) server.pass_time("paused", lease + seconds{1});
        ASSERT_TRUE(server.comes_true("paused", lease_is_over, lease + seconds{5}));
    }
    /// Its caller may have been answered before: the call's deadline passed while the replica was stopped.
    void wait_for_the_late_pair() {
        ASSERT_TRUE(server.comes_true(
            "paused",
            "EXISTS (SELECT 1 FROM connections WHERE user_id = '" + user + "' AND state = 'connected')",
            seconds{10}));
    }
    std::string stored() const {
        return server.run(
            "paused",
            "SELECT version || ' ' || md5(sealed_tokens) FROM connections WHERE user_id = '" + user + "'");
    }
    void expire() { w.tiktok().control().post("/tokens/expire", {{"account", "alice"}, {"kind", "access"}}); }
    harness::answer ask(const harness::gateway_process& one) {
        return w.api_of(one).get("/v1/users/" + user + "/info");
    }
    /// Both replicas have a pair that TikTok accepts, and its refresh token works.
    void expect_nothing_lost(const std::string& where) {
        for (const auto* one : {&w.gateway(), other}) {
            const auto got = ask(*one);
            EXPECT_EQ(got.status, 200) << where << ": " << got.raw;
        }
        expire();
        for (const auto* one : {&w.gateway(), other}) {
            const auto got = ask(*one);
            EXPECT_EQ(got.status, 200) << where << ", refreshed once more: " << got.raw;
        }
    }

    harness::postgresql_server server;
    harness::world w{GATEWAY_PROGRAM, SIMULATOR_PROGRAM};
    harness::gateway_process* other = nullptr;
    std::string user;
    const bool for_real = setting("PAUSED_FOR_REAL", 0) != 0;
};

TEST_F(PausedReplica, T13ALeaseHolderThatStoodStillLosesNoTokenAndOverwritesNoNewerOne) {
    int users = 0;
    for (const char* rotation : {"none", "grace", "strict"}) {
        for (const std::string step : refresh_steps) {
            user = "user-" + std::to_string(++users);
            const auto where = std::string(rotation) + ", " + step;
            w.tiktok().change({{"switches", {{"rotation", rotation}}}});
            auto first = pause_at(step);
            let_its_lease_end();
            const auto meanwhile = ask(*other);
            // The only valid pair is in the memory of the stopped replica.
            const std::string how = rotation; // a minute is longer than the simulator's grace
            const bool old_is_dead = how == "strict" || (how == "grace" && for_real);
            const bool nobody_can = old_is_dead && step == "refresh.answered";
            EXPECT_EQ(meanwhile.status, nobody_can ? 409 : 200) << where << ": " << meanwhile.raw;
            EXPECT_EQ(ask(*other).status, meanwhile.status) << where << ", from memory";
            if (nobody_can) {
                EXPECT_THAT(meanwhile.body, testing::HasSubstr("rotation_response_lost"));
            }
            const auto newer = stored();
            w.gateway().process().signal(SIGCONT);
            const auto late = first.get();
            if (!nobody_can) {
                EXPECT_EQ(stored(), newer) << where << ": the late one wrote over the newer pair";
            }
            // The call's deadline is ten seconds, and the client waits for a minute.
            const bool too_late = for_real && (late.status == 0 || late.code() == "deadline_exceeded");
            EXPECT_TRUE(late.status == 200 || too_late) << where << ": " << late.raw;
            wait_for_the_late_pair();
            expect_nothing_lost(where);
        }
    }
}

} // namespace
} // namespace fault
