// Clients write, read, wait and stage while replicas are killed, frozen and woken, and their database stops
// and starts; TikTok keeps its real windows, and its access tokens end after seconds, each refresh with a new
// pair. CHAOS_KILLS and FAULT_LAB_SEED choose the campaign; by default it is short enough for every test run.
#include "fault/campaign.hpp"
#include "fault/chaos/audit.hpp"
#include "fault/chaos/turmoil.hpp"

#include <cstdio>
#include <thread>

namespace fault {
namespace {

using gateway::milliseconds;
using gateway::seconds;

constexpr std::size_t writers = 4, readers = 2, waiters = 2, users_at_once = 24;
constexpr std::uint32_t short_campaign = 8;
constexpr std::uint32_t kills_between_calms = 125;
constexpr seconds calm{75},
    short_calm{5}; // the long one outlasts windows, leases, and the silence of the dead
constexpr seconds silence{61};

constexpr const char* real_windows =
    "switches: {display_limit_per: token, rotation: strict}\n"
    "limits: {posts_per_day: 10000000, drafts_per_day: 10000000}\n"
    "timing: {expires_in_s: 16, processing_ms: 20, moderation_ms: 20, pull_start_ms: 36000000}\n"
    "history_requests: 10000000\n";

class Chaos : public testing::Test {
protected:
    Chaos() { w.simulator_settings = real_windows; }
    void on_postgresql() {
        server = std::make_unique<harness::postgresql_server>();
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server->url("chaos");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "chaos";
    }

    bool is_long() const { return kills > short_campaign; }

    void run(std::size_t replica_count) {
        replica_set replicas(w, GATEWAY_PROGRAM, replica_count);
        turmoil_plan plan{.seed = seed, .kills = kills, .database = server.get()};
        if (!is_long()) plan.freeze_most = seconds{3};
        turmoil chaos(plan, replicas, found);
        chaos.start_all();
        ending over;
        user_book users(w, replicas, over, found);
        users.fill(users_at_once);
        load clients(replicas, users, over, found, seed);
        std::vector<std::jthread> threads;
        begin(clients, users, threads);
        for (std::size_t done = 0; done < kills;) {
            done = std::min<std::size_t>(kills, done + kills_between_calms);
            chaos.rage_until(done);
            over.within(is_long() ? calm : short_calm);
        }
        over.now();
        threads.clear();
        judge(replicas, clients, users);
    }

    void begin(load& clients, user_book& users, std::vector<std::jthread>& threads) {
        std::size_t number = 0;
        const auto add = [&](void (load::*what)(std::size_t)) {
            threads.emplace_back([&clients, what, number] { (clients.*what)(number); });
            ++number;
        };
        for (std::size_t i = 0; i < writers; ++i)
            add(&load::write);
        for (std::size_t i = 0; i < readers; ++i)
            add(&load::read);
        add(&load::ask_greedily);
        add(&load::stage);
        for (std::size_t i = 0; i < waiters; ++i)
            threads.emplace_back([&clients, name = users.make().value(), number = number + i] {
                clients.wait_as_told(number, name);
            });
    }

    void judge(const replica_set& replicas, const load& clients, const user_book& users) {
        audit last(w, replicas, found);
        last.look_at_windows();
        if (server && !is_long()) server->pass_time("chaos", silence);
        last.look_at_keys(clients.writes());
        last.look_at_users(users.all());
        last.look_at_ledger(users.all());
    }

    void TearDown() override {
        const auto* const name = testing::UnitTest::GetInstance()->current_test_info()->name();
        std::fputs(found.table(std::string(name) + ", seed " + std::to_string(seed)).c_str(), stderr);
        for (std::size_t i = 0; i < static_cast<std::size_t>(promise::count); ++i)
            if (found.times_broken(promise{i}) > 0)
                std::fputs((found.told(promise{i}) + "\n").c_str(), stderr);
    }

    void expect_all_kept() const {
        for (std::size_t i = 0; i < static_cast<std::size_t>(promise::count); ++i)
            EXPECT_EQ(found.times_broken(promise{i}), 0U) << "seed " << seed << ": " << name_of(promise{i});
        if (kills > kills_between_calms) { // fewer may pass without a wait that can be judged
            EXPECT_GT(found.of(figure::waits_judged), 0);
        }
        EXPECT_GE(found.of(figure::kills), kills);
        EXPECT_GT(found.of(figure::posted), 0);
        EXPECT_GT(found.of(figure::refreshes), 0);
        EXPECT_GT(found.of(figure::stagings), found.of(figure::stagings_disturbed));
    }

    const std::uint32_t seed = setting("FAULT_LAB_SEED", 20261130);
    const std::uint32_t kills = setting("CHAOS_KILLS", short_campaign);
    findings found;
    std::unique_ptr<harness::postgresql_server> server;
    harness::world w{GATEWAY_PROGRAM, SIMULATOR_PROGRAM};
};

TEST_F(Chaos, P03DeathQThreeReplicasOnPostgresqlKeepTheirPromisesWhateverDies) {
    on_postgresql();
    run(3);
    expect_all_kept();
}

TEST_F(Chaos, P03DeathQOneProcessOnSqliteKeepsItsPromisesHoweverOftenItDies) {
    run(1);
    expect_all_kept();
}

} // namespace
} // namespace fault
