// Thousands of refreshes in worlds determined by seeds. SIMULATION_SEED is the first seed,
// SIMULATION_REFRESHES the total number. A failure prints how to repeat it.
#include "deterministic/environment.hpp"
#include "deterministic/refresh_run.hpp"
#include "deterministic/virtual_time.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <string>

namespace gateway::simulation {
namespace {

constexpr std::uint64_t refreshes_per_run = 500;

void tell(const refresh_outcome& all, std::uint64_t worlds, double took_s) {
    std::string line;
    const auto add = [&line](std::uint64_t count, const char* what) {
        line += std::to_string(count) + " " + what + ", ";
    };
    add(all.refreshes, "refreshes");
    add(worlds, "worlds");
    add(all.requests, "requests");
    add(all.calls, "calls");
    add(all.crashes, "crashes");
    add(all.pauses, "pauses");
    add(all.outages, "outages of the store");
    add(all.logins, "logins");
    add(all.revocations, "revocations");
    add(all.lost, "users lost and told");
    line += std::to_string(static_cast<std::uint64_t>(static_cast<double>(all.refreshes) / took_s))
            + " refreshes/s\n";
    std::fputs(line.c_str(), stdout);
}

} // namespace

TEST(Refreshes, T12T13T14KeepTheNewestPairOfEveryUserWhateverBreaks) {
    const auto first = environment_number("SIMULATION_SEED", 1);
    const auto wanted = environment_number("SIMULATION_REFRESHES", 25'000);
    const auto began = real_time();
    refresh_outcome all;
    auto seed = first;
    for (; all.refreshes < wanted; ++seed) {
        const auto one = run_refreshes(seed, refreshes_per_run);
        for (const auto& what : one.violations)
            ADD_FAILURE() << what << "\nagain: SIMULATION_SEED=" << seed
                          << " SIMULATION_REFRESHES=1 deterministic_tests --gtest_filter=Refreshes.T12*"
                          << " (with SIMULATION_TRACE=1 step by step)";
        all += one;
        if (HasFailure()) break;
    }
    tell(all, seed - first, std::chrono::duration<double>(real_time() - began).count());
}

TEST(Refreshes, AreTheSameForTheSameSeedAndOthersForAnother) {
    for (const std::uint64_t seed : {3U, 4U, 5U}) {
        const auto once = run_refreshes(seed, 200);
        const auto again = run_refreshes(seed, 200);
        EXPECT_EQ(once.trace, again.trace) << seed;
        EXPECT_EQ(once.requests, again.requests) << seed;
        EXPECT_NE(once.trace, run_refreshes(seed + 10, 200).trace);
    }
}

} // namespace gateway::simulation
