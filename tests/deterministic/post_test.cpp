// Hundreds of keyed calls that post, in worlds determined by seeds. SIMULATION_SEED is the first seed,
// SIMULATION_WRITES the total number of keys. A failure prints how to repeat it.
#include "deterministic/environment.hpp"
#include "deterministic/post_run.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace gateway::simulation {

TEST(Posts, I01I03I04I05MakeOnePostPerKeyAndTellWhatBecameOfIt) {
    const auto first = environment_number("SIMULATION_SEED", 1);
    const auto wanted = environment_number("SIMULATION_WRITES", 1'000);
    constexpr std::uint64_t keys_per_run = 100;
    post_outcome all;
    auto seed = first;
    for (; all.keys < wanted; ++seed) {
        const auto one = run_posts(seed, keys_per_run);
        for (const auto& what : one.violations)
            ADD_FAILURE() << what << "\nagain: SIMULATION_SEED=" << seed
                          << " SIMULATION_WRITES=1 deterministic_tests --gtest_filter=Posts.I01*"
                          << " (with SIMULATION_TRACE=1 step by step)";
        all += one;
        if (HasFailure()) break;
    }
    const auto line = std::to_string(all.keys) + " keys, " + std::to_string(seed - first) + " worlds, "
                      + std::to_string(all.calls) + " calls answered, " + std::to_string(all.posts)
                      + " posts, " + std::to_string(all.unknown) + " outcome_unknown, "
                      + std::to_string(all.crashes) + " crashes, " + std::to_string(all.pauses) + " pauses\n";
    std::fputs(line.c_str(), stdout);
}

TEST(Posts, AreTheSameForTheSameSeedAndOthersForAnother) {
    const auto once = run_posts(3, 40);
    EXPECT_EQ(once.trace, run_posts(3, 40).trace);
    EXPECT_NE(once.trace, run_posts(4, 40).trace);
}

} // namespace gateway::simulation
