#include "store/late_writes.hpp"

#include "unit/runtime/run_on.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <utility>

namespace gateway::store {
namespace {

const steady_time start{std::chrono::hours{1}};
constexpr milliseconds visible{20'000};

idempotency_record key(const std::string& name) {
    idempotency_record out;
    out.key = name;
    return out;
}

/// Late writes that only note which of them was run.
class late_line {
public:
    explicit late_line(late_writes& of) : of_(of) {}

    void add(const std::string& name, std::shared_ptr<const idempotency_record> finished = nullptr) {
        of_.add(
            [this, name](deadline) {
                ran_ = name;
                return task<result<bool>>{};
            },
            start, std::move(finished));
    }
    std::string first(steady_time now) {
        const auto found = of_.first(now);
        if (!found) return "none";
        static_cast<void>((*found)(gateway::testing::soon()));
        return ran_;
    }

private:
    late_writes& of_;
    std::string ran_;
};

TEST(LateWrites, V11StayInLineUntilTheyAreWrittenTheOldestFirst) {
    late_writes late{visible};
    late_line line{late};
    EXPECT_EQ(line.first(start), "none");
    line.add("a");
    line.add("b");
    EXPECT_EQ(line.first(start), "a");
    EXPECT_EQ(line.first(start + seconds{600}), "a") << "as long as the store is away";
    late.written();
    EXPECT_EQ(line.first(start), "b");
    late.written();
    EXPECT_EQ(late.counts().waiting, 0U);
    EXPECT_EQ(late.counts().lost, 0U);
}

TEST(LateWrites, V11WhatFindsNothingIsTriedAgainAsLongAsThatMayStillBecomeVisible) {
    late_writes late{visible};
    late_line line{late};
    line.add("a");
    line.add("b");
    ASSERT_EQ(line.first(start), "a");
    late.found_nothing(start);
    EXPECT_EQ(line.first(start), "b") << "nobody waits behind it";
    late.written();
    EXPECT_EQ(line.first(start), "none");
    EXPECT_EQ(line.first(start + seconds{2}), "a");
    late.found_nothing(start + seconds{19});
    EXPECT_EQ(late.counts().waiting, 1U);
    EXPECT_EQ(line.first(start + seconds{21}), "a");
    late.found_nothing(start + seconds{20});
    EXPECT_EQ(late.counts().waiting, 0U) << "it never was";
    EXPECT_EQ(late.counts().lost, 0U);
}

TEST(LateWrites, V11WhatTheStoreRefusesForItselfStopsNobodyAndIsCountedAsLost) {
    late_writes late{visible};
    late_line line{late};
    line.add("bad");
    line.add("good");
    ASSERT_EQ(line.first(start), "bad");
    late.refused(start);
    ASSERT_EQ(line.first(start), "good");
    late.written();
    auto now = start;
    int tries = 1;
    while (late.counts().waiting > 0) {
        now += seconds{2};
        ASSERT_EQ(line.first(now), "bad");
        late.refused(now);
        ++tries;
    }
    EXPECT_EQ(tries, 5);
    EXPECT_EQ(late.counts().lost, 1U);
}

TEST(LateWrites, FaultQAnAnswerThatWaitsIsKnownForItsOwnClaimOnly) {
    late_writes late{visible};
    late_line line{late};
    auto answered = key("a");
    answered.caller = caller_name::trusted("shop");
    answered.claim = "first";
    answered.status = 200;
    answered.answer = "{}";
    auto asked = answered;
    asked.status = 0;
    asked.answer.clear();
    EXPECT_FALSE(late.answer_of(asked));
    line.add("forgotten");
    EXPECT_FALSE(late.answer_of(asked)) << "what is to be forgotten is no answer";
    late.written();
    line.add("finished", std::make_shared<const idempotency_record>(answered));
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
    late_line line{late};
    EXPECT_FALSE(late.next_due());
    const auto added = late.next_added();
    EXPECT_FALSE(gateway::testing::run_on(loop, added->wait(gateway::testing::in(1))));
    std::thread other([&line] { line.add("a"); });
    EXPECT_TRUE(gateway::testing::run_on(loop, added->wait(gateway::testing::soon())));
    other.join();
    EXPECT_EQ(late.next_due(), start);
    EXPECT_FALSE(gateway::testing::run_on(loop, late.next_added()->wait(gateway::testing::in(1))));
    ASSERT_EQ(line.first(start), "a");
    late.found_nothing(start);
    EXPECT_EQ(late.next_due(), start + seconds{1});
}

TEST(LateWrites, TheEndOfTheStoreWaitsUntilNoneIsLeftAndNoLonger) {
    late_writes late{visible};
    late_line line{late};
    late.wait_empty(gateway::testing::soon());
    line.add("a");
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
    late_line line{late};
    for (int i = 0; i < 4'100; ++i)
        line.add("x");
    EXPECT_EQ(late.counts().waiting, 4'096U);
    EXPECT_EQ(late.counts().lost, 4U);
}

} // namespace
} // namespace gateway::store
