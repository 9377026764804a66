// Handshakes begin in turn; those above the bound make room without one.
#include "inbound/handshake_turns.hpp"

#include "unit/inbound/handshakes.hpp"

#include <boost/asio/post.hpp>

namespace gateway::inbound {
namespace {

using testing::turn_until;

TEST_F(Handshakes, AuditXTheyBeginOneAfterTheOther) {
    come(10);
    turn_until(w, [&] { return last == 10; });
    for (std::size_t i = 0; i < all.size(); ++i)
        EXPECT_EQ(all[i]->order, static_cast<int>(i) + 1);
}

TEST_F(Handshakes, AuditXAboveTheBoundTheOldestThatWaitCloseWithoutATurn) {
    come(25);
    turn_until(w, [&] { return last == 10; });
    for (std::size_t i = 0; i < all.size(); ++i)
        EXPECT_EQ(all[i]->order, i < 15 ? -1 : static_cast<int>(i) - 14) << i;
    EXPECT_EQ(line.handshakes(), 10U) << "they have begun, and count until they are done";
}

TEST_F(Handshakes, AuditXOfThoseThatHaveBegunTheOldestMakesRoomForTheNextThatBegins) {
    come(10);
    turn_until(w, [&] { return last == 10; });
    EXPECT_FALSE(all[0]->place.evicted());
    come(1);
    turn_until(w, [&] { return last == 11; });
    EXPECT_TRUE(all[0]->place.evicted());
    EXPECT_FALSE(all[1]->place.evicted());
    EXPECT_EQ(all.back()->order, 11);
    EXPECT_EQ(line.handshakes(), 10U);
}

TEST_F(Handshakes, AuditXManyThatComeEvictNoneThatHaveBegunButAsTheyBegin) {
    come(5);
    turn_until(w, [&] { return last == 5; });
    come(1'000);
    turn_until(w, [&] { return last == 15; });
    std::size_t closed = 0;
    for (const auto& one : all)
        closed += one->order == -1 ? 1U : 0U;
    EXPECT_EQ(closed, 990U);
    EXPECT_EQ(line.handshakes(), 10U);
}

TEST_F(Handshakes, AuditXOtherWorkOfTheLoopRunsBetweenThem) {
    come(10);
    turn_until(w, [&] { return last == 1; });
    int seen = 0;
    boost::asio::post(w.executor(), [&] { seen = last; });
    turn_until(w, [&] { return last == 10; });
    EXPECT_GE(seen, 1);
    EXPECT_LE(seen, 3);
}

TEST_F(Handshakes, AuditUCostlyOnesHaveAPaceOfTheirOwnAndDelayNoOthers) {
    const auto begun = steady_now();
    come(3, price::costly);
    come(6);
    turn_until(w, [&] { return last == 9; });
    EXPECT_GE(steady_now() - begun, 2 * handshake_turns::costly_every);
    EXPECT_EQ(all[0]->order, 1) << "the first costly one need not wait";
    for (std::size_t usual = 3; usual < all.size(); ++usual)
        EXPECT_LE(all[usual]->order, static_cast<int>(usual) + 1) << usual;
}

TEST_F(Handshakes, AuditUThoseThatWaitForTheirPaceTakeNoPlaceOfOthers) {
    come(7);
    turn_until(w, [&] { return last == 7; });
    come(40, price::costly); // three may wait
    turn_until(w, [&] { return last == 10; });
    for (std::size_t usual = 0; usual < 7; ++usual)
        EXPECT_FALSE(all[usual]->place.evicted()) << usual;
    for (std::size_t costly = 7; costly < 10; ++costly)
        EXPECT_GT(all[costly]->order, 7) << "whoever has a place gets its turn";
    for (std::size_t costly = 10; costly < all.size(); ++costly)
        EXPECT_EQ(all[costly]->order, -1) << costly;
}

} // namespace
} // namespace gateway::inbound
