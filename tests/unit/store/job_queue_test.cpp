#include "store/job_queue.hpp"

#include "unit/store/job_queue_fixture.hpp"

namespace gateway::testing {
namespace {

TEST_F(JobQueue, AuditJEachPartyAndUpkeepHaveTheirTurnHoweverManyJobsAnotherHas) {
    for (const char* name : {"g1", "g2", "g3"})
        add(name, greedy);
    add("u1", soon(), unit::writes().as_upkeep());
    add("q1", quiet);
    add("s1", soon());
    add("u2", soon().of_party(greedy), unit::of_settlement());
    EXPECT_EQ(take(2), "g1 u1 ");
    EXPECT_EQ(take(9), "q1 s1 g2 u2 g3 ");
    EXPECT_TRUE(queue.empty());
}

TEST_F(JobQueue, L09ACallerWithAQuarterOfThePlacesGetsMoreOnlyWhileHalfIsFree) {
    for (const char* name : {"g1", "g2", "g3", "g4", "g5"})
        add(name, greedy);
    EXPECT_EQ(ended, (outcomes{{"g5", "vault_unavailable"}}));
    for (const char* name : {"q1", "q2", "q3"})
        add(name, quiet);
    EXPECT_EQ(ended.back().first, "q3") << "it has a quarter, and less than half is free";
    add("t1", third);
    add("t2", third);
    add("t3", third);
    EXPECT_EQ(ended.back().first, "t3") << "all places are taken";
    EXPECT_EQ(take(9), "g1 q1 t1 g2 q2 t2 g3 g4 ");
    EXPECT_EQ(ended.back(), (outcomes::value_type{"g4", "done"}));
}

TEST_F(JobQueue, L09WhoSharesWithNobodyHasAllPlaces) {
    for (int i = 0; i < 9; ++i)
        add("s" + std::to_string(i), soon());
    EXPECT_EQ(ended, (outcomes{{"s8", "vault_unavailable"}}));
    EXPECT_EQ(take(9), "s0 s1 s2 s3 s4 s5 s6 s7 ");
}

TEST_F(JobQueue, AuditJRefusesWhatIsLateWhileItWaitsAndKeepsTheOthersInTheirOrder) {
    const auto now = steady_now();
    add("g1", deadline::in(now, milliseconds{60'000}).of_party(greedy));
    add("g2", deadline::in(now, milliseconds{30'000}).of_party(greedy));
    add("q1", deadline::in(now, milliseconds{30'000}).of_party(quiet));
    add("g3", deadline::in(now, milliseconds{60'000}).of_party(greedy));
    queue.refuse_late(now + milliseconds{30'000});
    turn();
    EXPECT_EQ(ended, (outcomes{{"g2", "deadline_exceeded"}, {"q1", "deadline_exceeded"}}));
    EXPECT_EQ(take(9), "g1 g3 ");
}

TEST_F(JobQueue, AuditJReadsAreTakenPastWritesOfEachLineInTurn) {
    add("gw1", soon().of_party(greedy), unit::writes());
    add("gr1", greedy);
    add("gw2", soon().of_party(greedy), unit::atomic_writes());
    add("gr2", greedy);
    add("qr1", quiet);
    add("uw1", soon(), unit::writes().as_upkeep());
    const auto names_of = [](const std::vector<job_queue::owned_job>& jobs) {
        std::string names;
        for (const auto& one : jobs)
            names += name_of(one) + " ";
        return names;
    };
    EXPECT_EQ(names_of(queue.take_reads(2)), "gr1 qr1 ");
    EXPECT_EQ(names_of(queue.take_reads(9)), "gr2 ");
    EXPECT_EQ(names_of(queue.take_reads(9)), "");
    EXPECT_FALSE(queue.empty());
    EXPECT_EQ(take(9), "gw1 uw1 gw2 ") << "the writes keep their order, and a line without jobs has no turn";
    EXPECT_TRUE(queue.empty());
}

TEST_F(JobQueue, WhatIsGivenBackIsNextInTheSameOrder) {
    add("g1", greedy);
    add("g2", greedy);
    add("q1", quiet);
    add("g3", greedy);
    auto taken = queue.take(3);
    ASSERT_EQ(taken.size(), 3U);
    queue.give_back(std::move(taken));
    EXPECT_FALSE(queue.empty());
    EXPECT_EQ(take(9), "g1 q1 g2 g3 ");
}

TEST_F(JobQueue, WhatIsGivenBackAfterTheEndIsRefused) {
    add("g1", greedy);
    auto taken = queue.take(1);
    queue.end();
    queue.give_back(std::move(taken));
    turn();
    EXPECT_EQ(ended, (outcomes{{"g1", "vault_unavailable"}}));
}

} // namespace
} // namespace gateway::testing
