// Thousands of posts and what TikTok makes of them in days, in worlds determined by seeds. SIMULATION_SEED is
// the first seed, SIMULATION_POSTS the total number of posts. A failure prints how to repeat it.
#include "deterministic/environment.hpp"
#include "deterministic/follow_run.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace gateway::simulation {

namespace {

void run_worlds(follow_kind kind, const char* name) {
    const auto first = environment_number("SIMULATION_SEED", 1);
    const auto wanted = environment_number("SIMULATION_POSTS", 1'000);
    constexpr std::uint64_t posts_per_run = 500;
    follow_outcome all;
    auto seed = first;
    for (std::uint64_t made = 0; made < wanted; made += posts_per_run, ++seed) {
        const auto one = run_follow(seed, posts_per_run, kind);
        for (const auto& what : one.violations)
            ADD_FAILURE() << what << "\nagain: SIMULATION_SEED=" << seed
                          << " SIMULATION_POSTS=1 deterministic_tests --gtest_filter=FollowedPosts." << name
                          << " (with SIMULATION_TRACE=1 step by step)";
        all += one;
        if (::testing::Test::HasFailure()) break;
    }
    EXPECT_GE(all.posts, wanted / 2) << "too few were made to show anything";
    const auto text = [](std::uint64_t count) { return std::to_string(count); };
    const auto line = text(all.posts) + " posts in " + text(seed - first) + " worlds: " + text(all.published)
                      + " published, " + text(all.failed) + " failed, " + text(all.in_inbox)
                      + " in the inbox, " + text(all.unconfirmed) + " unconfirmed; " + text(all.webhooks_told)
                      + " webhooks told, " + text(all.webhooks_lost) + " lost, " + text(all.status_calls)
                      + " status calls, " + text(all.events) + " events, " + text(all.crashes) + " crashes, "
                      + text(all.outages) + " outages\n";
    std::fputs(line.c_str(), stdout);
}

} // namespace

TEST(FollowedPosts, M10U16EveryPostComesToItsTrueEnd) {
    run_worlds(follow_kind::days, "M10U16EveryPostComesToItsTrueEnd");
}

TEST(FollowedPosts, M10EveryEndIsToldOnceAndInOrderToAReceiverThatFails) {
    run_worlds(follow_kind::hours_with_receiver, "M10EveryEndIsToldOnceAndInOrderToAReceiverThatFails");
}

TEST(FollowedPosts, AreTheSameForTheSameSeedAndOthersForAnother) {
    const auto kind = follow_kind::hours_with_receiver;
    const auto once = run_follow(3, 20, kind);
    EXPECT_EQ(once.trace, run_follow(3, 20, kind).trace);
    EXPECT_NE(once.trace, run_follow(4, 20, kind).trace);
}

} // namespace gateway::simulation
