// The rule by which callers share a bound, as sentences and over random stories.
#include "base/fair_share.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

namespace gateway {
namespace {

const sharer greedy = sharer_of("greedy"), quiet = sharer_of("quiet");

class FairShare : public ::testing::Test {
protected:
    FairShare() { callers.set(2); }
    static std::uint64_t taken_in_pieces(fair_share& of, sharer by, std::uint64_t piece) {
        while (of.take(by, piece)) {
        }
        return of.held_by(by);
    }

    caller_count callers;
};

TEST_F(FairShare, L09AuditIACallerAloneTakesHalfAndTheRestIsForTheOthers) {
    fair_share bound(100, callers);
    EXPECT_EQ(taken_in_pieces(bound, greedy, 1), 50U);
    EXPECT_EQ(taken_in_pieces(bound, quiet, 1), 25U) << "a quarter, since half is not free";
    EXPECT_EQ(taken_in_pieces(bound, sharer_of("third"), 1), 25U);
    EXPECT_FALSE(bound.take(sharer_of("fourth"), 1));
}

TEST_F(FairShare, L09AuditIWhatOthersGiveBackCanBeTakenAgain) {
    fair_share bound(100, callers);
    taken_in_pieces(bound, greedy, 1);
    taken_in_pieces(bound, quiet, 1);
    bound.give_back(greedy, 50);
    EXPECT_TRUE(bound.take(quiet, 25)) << "half stays free";
    EXPECT_FALSE(bound.take(quiet, 1));
}

TEST_F(FairShare, L09AuditIASoleCallerHasAll) {
    callers.set(1);
    fair_share bound(100, callers);
    EXPECT_EQ(taken_in_pieces(bound, greedy, 1), 100U);
    callers.set(0);
    fair_share open(100, callers);
    EXPECT_EQ(taken_in_pieces(open, greedy, 1), 100U) << "without callers in the settings";
}

TEST_F(FairShare, AFirstPieceThatCannotBeDividedMayBeLargerThanAQuarter) {
    fair_share bound(100, callers);
    EXPECT_TRUE(bound.take(greedy, 60));
    EXPECT_FALSE(bound.take(greedy, 1));
    EXPECT_TRUE(bound.take(quiet, 40));
    fair_share one(1, callers);
    EXPECT_TRUE(one.take(greedy, 1));
}

TEST_F(FairShare, APieceThatGrowsIsJudgedLikeOneThatIsTakenWhole) {
    fair_share bound(100, callers);
    ASSERT_TRUE(bound.take(quiet, 25));
    ASSERT_TRUE(bound.take(greedy, 1));
    for (std::uint64_t piece = 1; piece < 40; ++piece)
        ASSERT_TRUE(bound.grow(greedy, piece, 1)) << piece;
    EXPECT_FALSE(bound.take(greedy, 1)) << "another piece is not the first";
    EXPECT_FALSE(bound.grow(quiet, 5, 1)) << "it has more than this piece";
    EXPECT_FALSE(bound.grow(greedy, 40, 36));
    EXPECT_TRUE(bound.grow(greedy, 40, 35));
    bound.give_back(greedy, 75);
    bound.give_back(quiet, 25);
    EXPECT_EQ(bound.used(), 0U);
}

TEST_F(FairShare, TheGatewaysOwnWorkTakesWhatIsFree) {
    fair_share bound(100, callers);
    taken_in_pieces(bound, greedy, 1);
    EXPECT_EQ(taken_in_pieces(bound, sharer::gateway, 1), 50U);
}

TEST_F(FairShare, ForgetsCallersWhoHoldNothing) {
    fair_share bound(100, callers);
    for (int i = 0; i < 10'000; ++i) {
        const auto by = sharer_of("caller " + std::to_string(i));
        ASSERT_TRUE(bound.take(by, 10));
        bound.give_back(by, 10);
    }
    bound.give_back(greedy, 0);
    EXPECT_EQ(bound.used(), 0U);
    EXPECT_TRUE(bound.take(greedy, 25));
}

TEST_F(FairShare, ClearGivesEverythingBack) {
    fair_share bound(100, callers);
    taken_in_pieces(bound, greedy, 1);
    bound.clear();
    EXPECT_EQ(bound.used(), 0U);
    EXPECT_EQ(bound.held_by(greedy), 0U);
    EXPECT_EQ(taken_in_pieces(bound, greedy, 1), 50U);
}

// Whatever three callers take and give back in small pieces: the sums are right, nobody but the gateway gets
// beyond a quarter while less than half is free, and who holds nothing finds room while the others have no
// more than their shares.
TEST_F(FairShare, L09AuditIHoldsThroughAnyStory) {
    std::mt19937 dice(11);
    const std::array<sharer, 3> who{greedy, quiet, sharer_of("third")};
    for (int story = 0; story < 200; ++story) {
        const std::uint64_t whole = 40 + dice() % 400;
        fair_share bound(whole, callers);
        std::map<sharer, std::uint64_t> held;
        std::uint64_t used = 0;
        for (int step = 0; step < 500; ++step) {
            const auto by = who[dice() % who.size()];
            const std::uint64_t piece = 1 + dice() % 5;
            if (dice() % 3 != 0) {
                const bool expected =
                    used + piece <= whole
                    && (held[by] + piece <= whole / 4 || held[by] == 0 || whole - used - piece >= whole / 2);
                ASSERT_EQ(bound.allows(by, piece), expected);
                ASSERT_EQ(bound.take(by, piece), expected);
                if (!expected) continue;
                held[by] += piece;
                used += piece;
            } else if (held[by] >= piece) {
                bound.give_back(by, piece);
                held[by] -= piece;
                used -= piece;
            }
            ASSERT_EQ(bound.used(), used);
            ASSERT_EQ(bound.held_by(by), held[by]);
            for (const auto one : who) {
                if (held[one] == 0) {
                    ASSERT_TRUE(bound.allows(one, 1));
                }
            }
        }
    }
}

} // namespace
} // namespace gateway
