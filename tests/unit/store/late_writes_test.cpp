#include "store/late_writes.hpp"

#include "unit/runtime/run_on.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace gateway::store {
namespace {

const steady_time start{std::chrono::hours{1}};
constexpr milliseconds visible{20'000};

idempotency_record key(const std::string& name) {
    idempotency_record out;
    out.key = name;
    return out;
}

std::string first_of(late_writes& of, steady_time now) {
    const auto found = of.first(now);
    return found ? found->key.key : "none";
}

TEST(LateWrites, V11StayInLineUntilTheyAreWrittenTheOldestFirst) {
    late_writes late{visible};
    EXPECT_EQ(first_of(late, start), "none");
    late.forget_key(key("a"), start);
    late.finish_key(key("b"), start);
    EXPECT_EQ(first_of(late, start), "a");
    EXPECT_EQ(first_of(late, start + seconds{600}), "a") << "as long as the store is away";
    late.written();
    EXPECT_EQ(first_of(late, start), "b");
    late.written();
    EXPECT_EQ(late.counts().waiting, 0U);
    EXPECT_EQ(late.counts().lost, 0U);
}

TEST(LateWrites, V11WhatFindsNothingIsTriedAgainAsLongAsThatMayStillBecomeVisible) {
    late_writes late{visible};
    late.forget_key(key("a"), start);
    late.forget_key(key("b"), start);
    ASSERT_EQ(first_of(late, start), "a");
    late.found_nothing(start);
    EXPECT_EQ(first_of(late, start), "b") << "nobody waits behind it";
    late.written();
    EXPECT_EQ(first_of(late, start), "none");
    EXPECT_EQ(first_of(late, start + seconds{2}), "a");
    late.found_nothing(start + seconds{19});
    EXPECT_EQ(late.counts().waiting, 1U);
    EXPECT_EQ(first_of(late, start + seconds{21}), "a");
    late.found_nothing(start + seconds{20});
    EXPECT_EQ(late.counts().waiting, 0U) << "it never was";
    EXPECT_EQ(late.counts().lost, 0U);
}

TEST(LateWrites, V11WhatTheStoreRefusesForItselfStopsNobodyAndIsCountedAsLost) {
    late_writes late{visible};
    late.finish_key(key("bad"), start);
    late.finish_key(key("good"), start);
    ASSERT_EQ(first_of(late, start), "bad");
    late.refused(start);
    ASSERT_EQ(first_of(late, start), "good");
    late.written();
    auto now = start;
    int tries = 1;
    while (late.counts().waiting > 0) {
        now += seconds{2};
        ASSERT_EQ(first_of(late, now), "bad");
        late.refused(now);
        ++tries;
    }
    EXPECT_EQ(tries, 5);
    EXPECT_EQ(late.counts().lost, 1U);
}

TEST(LateWrites, FaultQAnAnswerThatWaitsIsKnownForItsOwnClaimOnly) {
    late_writes late{visible};
    auto answered = key("a");
    answered.caller = caller_name::trusted("shop");
    answered.claim = "first";
    answered.status = 200;
    answered.answer = "{}";
    auto asked = answered;
    asked.status = 0;
    asked.answer.clear();
    EXPECT_FALSE(late.answer_of(asked));
    late.forget_key(answered, start);
    EXPECT_FALSE(late.answer_of(asked)) << "what is to be forgotten is no answer";
    late.written();
    late.finish_key(answered, start);
    ASSERT_TRUE(late.answer_of(asked));
    EXPECT_EQ(late.answer_of(asked)->answer, "{}");
    auto other = asked;
    other.claim = "second";
    EXPECT_FALSE(late.answer_of(other));
    other = asked;
    other.key = "b";
    EXPECT_FALSE(late.answer_of(other));
    other = asked;
    other.caller = caller_name::trusted("other");
    EXPECT_FALSE(late.answer_of(other));
    ASSERT_TRUE(late.first(start));
    late.written();
    EXPECT_FALSE(late.answer_of(asked)) << "the store has it now";
}

TEST(LateWrites, WakesWhoeverWaitsForTheNextOneAndSaysWhenTheNextIsDue) {
    worker loop;
    late_writes late{visible};
    EXPECT_FALSE(late.next_due());
    const auto added = late.next_added();
    EXPECT_FALSE(gateway::testing::run_on(loop, added->wait(gateway::testing::in(1))));
    std::thread other([&late] { late.forget_key(key("a"), start); });
    EXPECT_TRUE(gateway::testing::run_on(loop, added->wait(gateway::testing::soon())));
    other.join();
    EXPECT_EQ(late.next_due(), start);
    EXPECT_FALSE(gateway::testing::run_on(loop, late.next_added()->wait(gateway::testing::in(1))));
    ASSERT_EQ(first_of(late, start), "a");
    late.found_nothing(start);
    EXPECT_EQ(late.next_due(), start + seconds{1});
}

TEST(LateWrites, TheEndOfTheStoreWaitsUntilNoneIsLeftAndNoLonger) {
    late_writes late{visible};
    late.wait_empty(gateway::testing::soon());
    late.forget_key(key("a"), start);
    late.wait_empty(gateway::testing::in(1));
    EXPECT_EQ(late.counts().waiting, 1U);
    std::thread writer([&late] {
        ASSERT_TRUE(late.first(start));
        late.written();
    });
    const auto began = steady_now();
    late.wait_empty(gateway::testing::soon());
    EXPECT_LT(steady_now() - began, seconds{9});
    EXPECT_EQ(late.counts().waiting, 0U);
    writer.join();
}

TEST(LateWrites, TheLineIsBoundedAndSaysWhatItCouldNotTake) {
    late_writes late{visible};
    for (int i = 0; i < 4'100; ++i)
        late.forget_key(key("x"), start);
    EXPECT_EQ(late.counts().waiting, 4'096U);
    EXPECT_EQ(late.counts().lost, 4U);
}

} // namespace
} // namespace gateway::store
