// Claims of memory: whole while their bytes come, what they hold when they are slow.
#include "limits/shared_bytes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace gateway::limits {
namespace {

constexpr steady_time noon{std::chrono::hours{12}};
constexpr std::uint64_t megabyte = 1'000'000;
const sharer greedy = sharer_of("greedy"), quiet = sharer_of("quiet");

class SharedBytes : public ::testing::Test {
protected:
    SharedBytes() { callers.set(2); }
    std::size_t claim_all(sharer by, std::uint64_t bytes, steady_time now) {
        std::size_t count = 0;
        while (auto one = memory.take(by, bytes, now)) {
            claims.push_back(std::move(*one));
            ++count;
        }
        return count;
    }
    /// Each claim has `bytes`, and waits for the next ones.
    void wait_with(std::uint64_t bytes, steady_time now) {
        for (auto& one : claims) {
            ASSERT_TRUE(one.hold(bytes, now));
            one.came(bytes, now);
            ASSERT_TRUE(one.hold(bytes, now));
        }
    }

    caller_count callers;
    shared_bytes memory{256 * megabyte, 64'000, callers};
    std::vector<shared_bytes::permit> claims;
};

TEST_F(SharedBytes, M08WhatDoesNotFitIsRefusedAtItsStart) {
    callers.set(1);
    EXPECT_EQ(claim_all(greedy, 100 * megabyte, noon), 2U);
    EXPECT_FALSE(memory.take(quiet, 57 * megabyte, noon));
    EXPECT_TRUE(memory.take(quiet, 56 * megabyte, noon));
    claims.clear();
    EXPECT_TRUE(memory.take(quiet, 256 * megabyte, noon)) << "everything was given back";
}

TEST_F(SharedBytes, L09AuditIOneCallersClaimsLeaveRoomForAnother) {
    EXPECT_EQ(claim_all(greedy, 64 * megabyte, noon), 2U);
    EXPECT_EQ(claim_all(quiet, 64 * megabyte, noon), 1U);
}

TEST_F(SharedBytes, L09AuditIClaimsThatSendNothingCountWithWhatCame) {
    callers.set(1);
    EXPECT_EQ(claim_all(greedy, 64 * megabyte, noon), 4U);
    wait_with(64 * 1024, noon);
    EXPECT_FALSE(memory.take(quiet, 64 * megabyte, noon)) << "they may just have begun";
    EXPECT_TRUE(memory.take(quiet, 200 * megabyte, noon + seconds{2}));
}

TEST_F(SharedBytes, L09AuditIOneWhoseBytesComeKeepsItsClaim) {
    callers.set(1);
    EXPECT_EQ(claim_all(greedy, 64 * megabyte, noon), 4U);
    auto now = noon;
    for (std::uint64_t held = 0; held < 64 * megabyte; held += megabyte, now += milliseconds{500}) {
        for (auto& one : claims) {
            ASSERT_TRUE(one.hold(held + megabyte, now));
            one.came(megabyte, now + milliseconds{500});
        }
        ASSERT_FALSE(memory.take(quiet, 64 * megabyte, now + milliseconds{500}));
        ASSERT_FALSE(claims.front().lost());
    }
}

TEST_F(SharedBytes, L09AuditIOneThatWasSlowContinuesIfThereIsRoom) {
    callers.set(1);
    EXPECT_EQ(claim_all(greedy, 128 * megabyte, noon), 2U);
    wait_with(64 * 1024, noon);
    {
        auto other = memory.take(quiet, 200 * megabyte, noon + seconds{2});
        ASSERT_TRUE(other && other->hold(200 * megabyte, noon + seconds{2}));
        other->came(200 * megabyte, noon + seconds{2});
        claims[0].came(megabyte, noon + seconds{3});
        EXPECT_TRUE(claims[0].hold(50 * megabyte, noon + seconds{3}));
        EXPECT_FALSE(claims[0].hold(60 * megabyte, noon + seconds{3}));
    }
    EXPECT_TRUE(claims[0].hold(128 * megabyte, noon + seconds{4}));
}

TEST_F(SharedBytes, L09AuditIAClaimLosesItsPlaceAfterTenSlowSecondsAndNotBefore) {
    callers.set(4);
    for (const milliseconds waited : {milliseconds{9'999}, milliseconds{10'000}}) {
        shared_bytes room(256 * megabyte, 64'000, callers);
        std::vector<shared_bytes::permit> held;
        for (const char* name : {"a", "b", "c", "d"}) {
            held.push_back(std::move(*room.take(sharer_of(name), 64 * megabyte, noon)));
            ASSERT_TRUE(held.back().hold(64 * megabyte, noon)); // and waits from now on
        }
        EXPECT_FALSE(room.take(quiet, 10 * megabyte, noon + waited));
        const auto lost =
            std::count_if(held.begin(), held.end(), [](auto& one) { return one.lost().load(); });
        EXPECT_EQ(lost, waited < shared_bytes::slow_for ? 0 : 1) << waited.count();
    }
}

TEST_F(SharedBytes, L09AuditIATricklingClaimThatHoldsMuchLosesItsPlace) {
    callers.set(4);
    for (const char* name : {"a", "b", "c", "d"}) { // each has the quarter that nobody can deny
        claims.push_back(std::move(*memory.take(sharer_of(name), 64 * megabyte, noon)));
        ASSERT_TRUE(claims.back().hold(64 * megabyte, noon));
        claims.back().came(64 * megabyte, noon);
    }
    auto now = noon;
    for (int second = 0; second < 30; ++second, now += seconds{1})
        for (auto& one : claims) {
            ASSERT_TRUE(one.hold(64 * megabyte, now));
            one.came(&one == &claims[2] ? 1'000 : megabyte, now + seconds{1});
        }
    for (auto& one : claims)
        ASSERT_TRUE(one.hold(64 * megabyte, now));
    EXPECT_FALSE(memory.take(quiet, 10 * megabyte, now)) << "the place has yet to be given back";
    EXPECT_FALSE(memory.take(quiet, 10 * megabyte, now));
    for (std::size_t at = 0; at < claims.size(); ++at)
        EXPECT_EQ(claims[at].lost().load(), at == 2) << at;
    claims.pop_back();
    claims.pop_back();
    EXPECT_TRUE(memory.take(quiet, 10 * megabyte, now));
}

TEST_F(SharedBytes, L09AuditIACallerWithItsShareEndsNobody) {
    EXPECT_EQ(claim_all(greedy, 64 * megabyte, noon), 2U);
    claims.push_back(std::move(*memory.take(quiet, 64 * megabyte, noon)));
    wait_with(64 * megabyte, noon);
    EXPECT_FALSE(memory.take(greedy, 64 * megabyte, noon + seconds{60}));
    EXPECT_FALSE(claims.back().lost());
}

TEST_F(SharedBytes, M08AuditIMemoryThatWasTouchedCountsUntilTheClaimEnds) {
    callers.set(1);
    claims.push_back(std::move(*memory.take(greedy, 64 * megabyte, noon)));
    wait_with(64 * megabyte, noon);
    claims.back().came(0, noon);
    EXPECT_TRUE(claims.back().hold(256 * 1024, noon)) << "the next chunk trickles";
    EXPECT_FALSE(memory.take(quiet, 200 * megabyte, noon + seconds{2}));
    EXPECT_TRUE(memory.take(quiet, 190 * megabyte, noon + seconds{2}));
    claims.clear();
    EXPECT_TRUE(memory.take(quiet, 256 * megabyte, noon + seconds{2}));
}

TEST_F(SharedBytes, L09AuditIWaitingForTikTokIsNotSlow) {
    callers.set(2);
    claims.push_back(std::move(*memory.take(greedy, 200 * megabyte, noon)));
    auto& one = claims.back();
    auto now = noon;
    for (int chunk = 0; chunk < 5; ++chunk, now += seconds{15}) { // for the answer to each PUT
        ASSERT_TRUE(one.hold(500'000, now));
        one.came(500'000, now + milliseconds{100});
        ASSERT_FALSE(memory.take(quiet, 64 * megabyte, now + seconds{14})) << "it counts whole";
        ASSERT_FALSE(one.lost()) << chunk;
    }
    ASSERT_TRUE(one.hold(500'000, now));
    EXPECT_TRUE(memory.take(quiet, 64 * megabyte, now + seconds{2})) << "now it waits for its source";
}

TEST_F(SharedBytes, L09AuditIALostClaimThatHangsAtTikTokProtectsNoOther) {
    callers.set(2);
    for (int i = 0; i < 2; ++i)
        claims.push_back(std::move(*memory.take(greedy, 64 * megabyte, noon)));
    claims.push_back(std::move(*memory.take(sharer_of("third"), 64 * megabyte, noon)));
    claims.push_back(std::move(*memory.take(sharer_of("fourth"), 64 * megabyte, noon)));
    wait_with(64 * megabyte, noon);
    claims[0].came(0, noon + seconds{15});
    ASSERT_TRUE(claims[0].hold(64 * megabyte, noon + seconds{15}));
    EXPECT_FALSE(memory.take(quiet, 64 * megabyte, noon + seconds{20}));
    ASSERT_TRUE(claims[0].lost()) << "the first of the slow ones";
    EXPECT_FALSE(memory.take(quiet, 64 * megabyte, noon + seconds{21}));
    EXPECT_FALSE(claims[1].lost()) << "one at a time";
    claims[0].came(64 * megabyte, noon + seconds{22}); // all came just then; now it is sent
    EXPECT_FALSE(memory.take(quiet, 64 * megabyte, noon + seconds{23}));
    EXPECT_TRUE(claims[1].lost());
}

TEST_F(SharedBytes, AClaimThatNeedsMoreIsJudgedLikeOneThatIsMadeWhole) {
    callers.set(2);
    auto form = memory.take(greedy, megabyte, noon);
    ASSERT_TRUE(form && form->reserve(150 * megabyte, noon)) << "a first piece may be larger than a quarter";
    EXPECT_FALSE(form->reserve(300 * megabyte, noon));
    EXPECT_FALSE(memory.take(greedy, megabyte, noon));
    auto other = memory.take(quiet, 60 * megabyte, noon);
    ASSERT_TRUE(other);
    EXPECT_TRUE(form->reserve(150 * megabyte, noon)) << "it has that";
    EXPECT_FALSE(form->reserve(200 * megabyte, noon));
    EXPECT_TRUE(form->hold(196 * megabyte, noon)) << "all that is free";
    form.reset();
    other.reset();
    EXPECT_TRUE(memory.take(quiet, 256 * megabyte, noon)) << "everything was given back";
}

TEST_F(SharedBytes, ASlowClaimThatNeedsMoreThanThereIsStaysCountedRight) {
    callers.set(1);
    auto one = memory.take(greedy, 100 * megabyte, noon);
    ASSERT_TRUE(one && one->hold(50 * megabyte, noon));
    EXPECT_FALSE(one->hold(300 * megabyte, noon + seconds{2}));
    EXPECT_FALSE(memory.take(quiet, 200 * megabyte, noon)) << "it keeps what it has";
    EXPECT_TRUE(memory.take(quiet, 206 * megabyte, noon + seconds{3}));
    one.reset();
    EXPECT_TRUE(memory.take(quiet, 256 * megabyte, noon + seconds{3}));
}

} // namespace
} // namespace gateway::limits
