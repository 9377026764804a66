// The fixture of the lab's campaigns; reports the results at the end. FAULT_LAB_ROUNDS and FAULT_LAB_SEED in
// the environment choose the campaign; by default it is short enough for every test run.
#pragma once
#include "fault/lab.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace fault {

inline constexpr const char* rotations[] = {"none", "grace", "strict", "strict_family", "lag"};
inline constexpr const char* refresh_steps[] = {"refresh.leased", "refresh.intent_durable",
                                                "refresh.answered", "refresh.stored", "refresh.released"};
inline constexpr const char* post_steps[] = {"key.claimed",        "post.begun",         "post.init_answered",
                                             "post.named",         "upload.chunk_taken", "post.ended",
                                             "key.to_be_finished", "key.finished"};

inline std::uint32_t setting(const char* name, std::uint32_t otherwise) {
    const char* text = std::getenv(name);
    return text ? static_cast<std::uint32_t>(std::stoul(text)) : otherwise;
}

class campaign : public testing::Test {
protected:
    tally found;
    const std::uint32_t first_seed = setting("FAULT_LAB_SEED", 20261124);

    void kill_at_refresh_steps(lab& in, std::uint32_t rounds) {
        for (std::uint32_t i = 0; i < rounds; ++i)
            in.run({.seed = first_seed + i,
                    .step = refresh_steps[i % 5],
                    .refreshes = true,
                    .rotation = rotations[i / 5 % 5]},
                   found);
        EXPECT_EQ(found.killed, found.rounds) << "every step is reached";
    }

    void kill_at_post_steps(lab& in, std::uint32_t rounds) {
        for (std::uint32_t i = 0; i < rounds; ++i)
            in.run({.seed = first_seed + i,
                    .step = post_steps[i % 8],
                    .hit = static_cast<int>(1 + i / 8 % 3),
                    .rotation = "strict"},
                   found);
        EXPECT_GT(found.killed, found.rounds / 2);
        expect_posted();
    }

    void kill_at_random(lab& in, std::uint32_t rounds) {
        for (std::uint32_t i = 0; i < rounds; ++i)
            in.run({.seed = first_seed + i, .refreshes = i % 2 == 0, .rotation = rotations[i % 5]}, found);
        EXPECT_EQ(found.killed, found.rounds);
        expect_posted();
    }

    /// All calls for which neither a fault nor a kill gives a reason for doubt are answered as posted, and
    /// there is at least one such call.
    void expect_posted() const {
        EXPECT_GT(found.certain, 0);
        EXPECT_GE(found.posted + found.of_lost_users, found.certain);
        EXPECT_EQ(found.posted + found.unknown + found.of_lost_users, found.keyed_calls);
    }

    void TearDown() override {
        for (const auto& each : found.violations)
            ADD_FAILURE() << each;
        const auto count = [](auto number, const char* what) { return std::to_string(number) + what; };
        std::fputs((count(found.rounds, " rounds, ") + count(found.killed, " kills, ")
                    + count(found.keyed_calls, " keyed calls: ") + count(found.posted, " posted (")
                    + count(found.certain, " for certain), ") + count(found.unknown, " in doubt, of which ")
                    + count(found.unknown_posted, " are there; ")
                    + count(found.users_lost, " users lost inside the window; ")
                    + count(found.slowest_heir.count(), " ms for the slowest heir\n"))
                       .c_str(),
                   stderr);
    }
};

} // namespace fault
