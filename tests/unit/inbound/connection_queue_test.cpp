#include "inbound/connection_queue.hpp"

#include "unit/runtime/run_on.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace gateway::inbound {
namespace {

using testing::soon;
using testing::turn_until;
using wait = connection_queue::wait;

/// A connection with its session's entry, and the client's end of it.
struct connected {
    connected(worker& w, connection_queue& line) : client(w.executor()) {
        boost::asio::ip::tcp::acceptor acceptor(w.loop(), {boost::asio::ip::make_address("127.0.0.1"), 0});
        client.connect(acceptor.local_endpoint());
        tcp_socket accepted(w.executor());
        acceptor.accept(accepted);
        of = std::make_unique<stream>(w, std::move(accepted));
        place = std::make_unique<connection_queue::place>(line, *of);
    }
    void sends(std::string_view bytes) { boost::asio::write(client, boost::asio::buffer(bytes)); }

    tcp_socket client;
    std::unique_ptr<stream> of;
    std::unique_ptr<connection_queue::place> place;
    bool ended = false; // the session's wait has ended
};

task<void> read_once(connected& one) {
    std::array<char, 16> space{};
    co_await one.of->read_some(space, soon());
    one.ended = true;
}

class IdleLine : public ::testing::Test {
protected:
    connected& made(wait what) {
        all.push_back(std::make_unique<connected>(w, line));
        all.back()->place->waits(what);
        return *all.back();
    }
    /// Lets its session read.
    connected& reading(wait what) {
        auto& one = made(what);
        w.group().spawn(read_once(one));
        settle(); // runs it up to its wait
        return one;
    }
    void settle() {
        w.loop().restart();
        w.loop().poll();
    }

    worker w{0, milliseconds{5}};
    connection_queue line;
    std::vector<std::unique_ptr<connected>> all;
};

TEST_F(IdleLine, FaultZEvictsTheLeastUsefulFirstAndTheOldestOfAKind) {
    auto& reader = made(wait::slow_reader);
    auto& idle = made(wait::next_request);
    auto& younger_idle = made(wait::next_request);
    auto& lingers = made(wait::end_of_peer);
    auto& half = made(wait::rest_of_head);
    auto& younger_half = made(wait::rest_of_head);
    for (auto* expected : {&half, &younger_half, &lingers, &idle, &younger_idle, &reader}) {
        EXPECT_FALSE(expected->place->evicted());
        EXPECT_TRUE(line.evict_oldest());
        EXPECT_TRUE(expected->place->evicted());
    }
    EXPECT_FALSE(line.evict_oldest()) << "nobody is left";
}

TEST_F(IdleLine, FaultZNobodyMakesRoomTwice) {
    auto& one = made(wait::first_request);
    EXPECT_TRUE(line.evict_oldest());
    one.place->writes(wait::slow_reader, 10); // it is told so
    EXPECT_EQ(line.answer_bytes(), 0U);
    one.place->waits(wait::end_of_peer);
    EXPECT_FALSE(line.evict_oldest());
}

TEST_F(IdleLine, FaultZACallersAnswerHasASecondToLeave) {
    auto& caller = made(wait::slow_caller);
    EXPECT_FALSE(line.evict_oldest());
    const auto end = steady_now() + 2 * connection_queue::slow_after;
    while (!line.evict_oldest() && steady_now() < end) {
    }
    EXPECT_TRUE(caller.place->evicted());
}

TEST_F(IdleLine, FaultZAnswersThatHoldTooMuchMakeRoomTheOldestFirst) {
    line.bound_answers(100);
    auto& idle = made(wait::next_request);
    auto& caller = made(wait::next_request);
    auto& first = made(wait::next_request);
    auto& second = made(wait::next_request);
    caller.place->writes(wait::slow_caller, 40);
    first.place->writes(wait::slow_reader, 40);
    second.place->writes(wait::slow_reader, 20);
    EXPECT_EQ(line.answer_bytes(), 100U);
    EXPECT_FALSE(first.place->evicted());
    auto& third = made(wait::next_request);
    third.place->writes(wait::slow_reader, 10);
    EXPECT_TRUE(first.place->evicted());
    EXPECT_FALSE(second.place->evicted());
    EXPECT_EQ(line.answer_bytes(), 70U);
    third.place->busy();
    EXPECT_EQ(line.answer_bytes(), 60U);
    third.place->writes(wait::slow_reader, 500); // more than all, alone it may have it
    EXPECT_TRUE(second.place->evicted());
    EXPECT_TRUE(caller.place->evicted());
    EXPECT_FALSE(third.place->evicted());
    EXPECT_FALSE(idle.place->evicted()) << "it holds no answer";
    third.place->waits(wait::next_request);
    EXPECT_EQ(line.answer_bytes(), 0U);
}

TEST_F(IdleLine, FaultZKnowsHowManyHaveNoWholeHead) {
    EXPECT_EQ(line.without_head(), 0U);
    made(wait::next_request);
    auto& silent = made(wait::first_request);
    auto& half = made(wait::rest_of_head);
    EXPECT_EQ(line.without_head(), 2U);
    half.place->busy();
    EXPECT_EQ(line.without_head(), 1U);
    silent.place->waits(wait::rest_of_head);
    EXPECT_EQ(line.without_head(), 1U);
    EXPECT_TRUE(line.evict_without_head());
    EXPECT_TRUE(silent.place->evicted());
    EXPECT_FALSE(line.evict_without_head()) << "the idle one is left alone";
    EXPECT_EQ(line.without_head(), 0U);
}

TEST_F(IdleLine, FaultZNeverEvictsABusyOne) {
    auto& one = made(wait::next_request);
    one.place->busy();
    EXPECT_FALSE(line.evict_oldest());
    one.place->waits(wait::next_request);
    EXPECT_TRUE(line.evict_oldest());
}

TEST_F(IdleLine, FaultZAnIdleOneWhoseNextRequestIsHereIsPassedOver) {
    auto& asks = made(wait::next_request);
    auto& silent = made(wait::next_request);
    asks.sends("GET");
    turn_until(w, [&] { return asks.of->has_unread_input(); });
    EXPECT_TRUE(line.evict_oldest());
    EXPECT_TRUE(silent.place->evicted());
    EXPECT_FALSE(line.evict_oldest());
}

TEST_F(IdleLine, FaultZWhatAnEvictedSessionWaitsForEnds) {
    auto& one = reading(wait::rest_of_head);
    EXPECT_TRUE(line.evict_oldest());
    turn_until(w, [&] { return one.ended; });
    EXPECT_TRUE(one.of->is_open()) << "it may still be told why";
}

TEST_F(IdleLine, FaultYADrainEndsTheIdleAndSparesTheYoung) {
    auto& young = reading(wait::first_request);
    auto& idle = reading(wait::next_request);
    auto& half = reading(wait::rest_of_head);
    line.end_idle(steady_now());
    turn_until(w, [&] { return idle.ended; });
    settle();
    EXPECT_FALSE(young.ended);
    EXPECT_FALSE(half.ended) << "its request has begun";
    line.end_idle(steady_now() + connection_queue::young_for + milliseconds{50});
    turn_until(w, [&] { return young.ended; });
    settle();
    EXPECT_FALSE(half.ended);
    EXPECT_TRUE(line.evict_oldest()); // ends its read, too
    turn_until(w, [&] { return half.ended; });
}

TEST_F(IdleLine, FaultYADrainLooksBeforeItEnds) {
    auto& asks = made(wait::next_request); // with unread input of the client
    asks.sends("GET");
    turn_until(w, [&] { return asks.of->has_unread_input(); });
    EXPECT_FALSE(asks.place->came_before_the_end(false, steady_now()));
    line.end_idle(steady_now());
    EXPECT_TRUE(asks.place->came_before_the_end(false, steady_now())) << "it is served as ever";
}

TEST_F(IdleLine, FaultYOnlyTheFirstRequestOfAYoungConnectionCountsAsSentBefore) {
    auto& one = made(wait::first_request);
    const auto now = steady_now();
    EXPECT_TRUE(one.place->came_before_the_end(true, now));
    EXPECT_FALSE(one.place->came_before_the_end(false, now));
    EXPECT_FALSE(one.place->came_before_the_end(true, now + connection_queue::young_for + milliseconds{50}));
}

TEST_F(IdleLine, AuditXOfHandshakesTheOldestGoesFirstAndTheyAreCounted) {
    auto& half = made(wait::rest_of_head);
    auto& first = made(wait::handshake);
    auto& second = made(wait::handshake);
    auto& done = made(wait::handshake);
    EXPECT_EQ(line.handshakes(), 3U);
    EXPECT_EQ(line.without_head(), 4U);
    done.place->waits(wait::first_request);
    EXPECT_EQ(line.handshakes(), 2U);
    EXPECT_TRUE(line.evict_handshake());
    EXPECT_TRUE(first.place->evicted());
    EXPECT_FALSE(second.place->evicted());
    EXPECT_FALSE(half.place->evicted()) << "it holds no handshake";
    EXPECT_TRUE(line.evict_handshake());
    EXPECT_TRUE(second.place->evicted());
    EXPECT_FALSE(line.evict_handshake());
    EXPECT_EQ(line.handshakes(), 0U);
    EXPECT_EQ(line.without_head(), 2U);
}

} // namespace
} // namespace gateway::inbound
