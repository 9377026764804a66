// Writes while TikTok's answers are lost, over two replicas on one PostgreSQL. WRITES_CAMPAIGN and
// FAULT_LAB_SEED choose the campaign; by default it is short enough for every test run.
#include "fault/writes.hpp"

#include "fault/campaign.hpp"

#include <thread>

namespace fault {
namespace {

constexpr std::size_t writes_per_user = 5, callers = 16;

class FaultyWrites : public testing::Test {
protected:
    FaultyWrites() {
        const auto deadline = std::to_string(write_deadline.count());
        w.options.settings = std::string(wide_windows) + "deadlines: {post_ms: " + deadline
                             + ", upload_base_ms: " + deadline + "}\n";
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server.url("writes");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "writes";
        w.simulator_settings = std::string(wide_tiktok) + "history_requests: 1000000\n";
    }

    harness::postgresql_server server;
    harness::world w{GATEWAY_PROGRAM, SIMULATOR_PROGRAM};
};

TEST_F(FaultyWrites, I04I05NoLostAnswerMakesASecondPostAndOnlyALostAnswerIsInDoubt) {
    const auto users = setting("WRITES_CAMPAIGN", 200) / writes_per_user;
    write_campaign of(w, {&w.gateway(), &w.another_gateway()}, setting("FAULT_LAB_SEED", 20261124));
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < callers; ++i)
        threads.emplace_back([&] {
            for (auto user = next++; user < users; user = next++)
                of.write_as(user, writes_per_user);
        });
    threads.clear();
    const auto& found = of.counts();
    for (const auto& each : found.violations)
        ADD_FAILURE() << each;
    EXPECT_EQ(found.writes, users * writes_per_user);
    EXPECT_GT(found.unknown, 0U);
    EXPECT_GT(found.certain, 0U);
    EXPECT_GE(found.posted, found.certain);
    EXPECT_EQ(found.posted + found.unknown, found.writes);
    const auto count = [](std::size_t number, const char* what) { return std::to_string(number) + what; };
    std::fputs((count(found.writes, " writes of ") + count(users, " users, ")
                + count(found.answers_lost, " answers lost, asked ") + count(found.asked, " times: ")
                + count(found.posted, " posted (") + count(found.certain, " for certain), ")
                + count(found.unknown, " in doubt, of which ") + count(found.unknown_posted, " are there\n"))
                   .c_str(),
               stderr);
}

} // namespace
} // namespace fault
