// Bodies sent piece by piece: complete, stopped by an early answer, interrupted, and late.
#include "unit/outbound/net_test.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

namespace gateway::outbound {
namespace {

constexpr std::size_t piece_bytes = 64 * 1024;

std::string head_of(std::uint64_t bytes) {
    return "PUT /upload HTTP/1.1\r\nHost: tiktok.test\r\nContent-Length: " + std::to_string(bytes)
           + "\r\n\r\n";
}

struct upload_end {
    std::uint64_t taken = 0; // bytes that write() accepted before it failed
    result<reply> answer = failure(errc::internal, "never asked");
};

task<upload_end> upload(client& c, origin to, std::uint64_t bytes, deadline until) {
    upload_end end;
    auto begun = co_await c.begin(no_window{}, to, head_of(bytes), until, sharer::gateway);
    if (!begun) {
        end.answer = begun.error();
        co_return end;
    }
    exchange& x = **begun;
    const std::string piece(piece_bytes, 'v');
    while (end.taken < bytes) {
        const auto size = std::min<std::uint64_t>(piece.size(), bytes - end.taken);
        const auto took = co_await x.write(std::string_view(piece).substr(0, size), until);
        if (!took) {
            end.answer = took.error();
            co_return end;
        }
        if (!*took) break;
        end.taken += size;
    }
    end.answer = co_await x.finish(until);
    co_return end;
}

class Exchange : public NetTest {
protected:
    static void take_all(peer& p) {
        for (;;) {
            const auto head = p.read_head();
            const auto at = head.find("Content-Length: ");
            const auto bytes = at == std::string::npos ? 0 : std::stoull(head.substr(at + 16));
            p.read_exactly(bytes);
            p.write(answer("took " + std::to_string(bytes)));
        }
    }
    upload_end put(client& c, const loopback_server& server, std::uint64_t bytes, deadline until = soon()) {
        return run_on(home, upload(c, at(server), bytes, until));
    }
};

TEST_F(Exchange, StreamsTenMegabytesAndKeepsTheConnection) {
    const auto server = serve(take_all);
    client& c = with(client_limits());
    for (const std::uint64_t bytes : {10'000'000ULL, 1ULL, 65'536ULL, 0ULL}) {
        const auto end = put(c, *server, bytes);
        ASSERT_TRUE(end.answer) << end.answer.error().message();
        EXPECT_EQ("took " + std::to_string(bytes), end.answer->body());
        EXPECT_EQ(1U, c.stats().idle);
    }
    EXPECT_EQ(1, server->connections());
}

TEST_F(Exchange, AnEarlyAnswerStopsTheUpload) {
    const auto server = serve([](peer& p) {
        p.read_head();
        p.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}");
        p.wait_for_end();
    });
    client& c = with(client_limits());
    const auto end = put(c, *server, 500'000'000);
    ASSERT_TRUE(end.answer) << end.answer.error().message();
    EXPECT_EQ(403, end.answer->status);
    EXPECT_LT(end.taken, 100'000'000U);
    EXPECT_TRUE(nothing_open(c)) << "half a request is on it";
}

TEST_F(Exchange, AnEarlyAnswerStopsAnUploadThatIsStuck) {
    // The peer does not read the body, so a write waits; then the answer comes.
    std::atomic<bool> stuck{false}, leave{false};
    const auto server = serve([&](peer& p) {
        p.read_head();
        stuck.wait(false);
        p.write("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        leave.wait(false);
    });
    client& c = with(client_limits());
    std::optional<upload_end> end;
    const auto keep = [](task<upload_end> work, std::optional<upload_end>& into) -> task<void> {
        auto got = co_await std::move(work);
        into.emplace(std::move(got));
    };
    home.group().spawn(keep(upload(c, at(*server), 500'000'000, soon()), end));
    const auto a_while = in(150);
    turn_until(home, [&] { return a_while.passed(steady_now()); });
    EXPECT_FALSE(end);
    stuck = true;
    stuck.notify_all();
    turn_until(home, [&] { return end.has_value(); });
    leave = true;
    leave.notify_all();
    ASSERT_TRUE(end->answer) << end->answer.error().message();
    EXPECT_EQ(413, end->answer->status);
    EXPECT_TRUE(nothing_open(c));
}

TEST_F(Exchange, ReadsTheAnswerOfAPeerThatAnsweredAndReset) {
    const auto server = serve([](peer& p) {
        p.read_head();
        p.write("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
        p.close_politely();
        p.wait_for_end();
    });
    const auto end = put(with(client_limits()), *server, 50'000'000);
    ASSERT_TRUE(end.answer) << end.answer.error().message();
    EXPECT_EQ(401, end.answer->status);
}

TEST_F(Exchange, U02DeathQReadsTheAnswerThatCameTogetherWithAResetIntoAStuckUpload) {
    // Both have come before the client looks again: its write fails first, and the answer is still there.
    std::atomic<bool> stuck{false}, has_answered{false};
    auto server = serve([&](peer& p) {
        p.read_head();
        stuck.wait(false);
        p.write("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
        has_answered = true;
        has_answered.notify_all();
        p.reset();
    });
    client& c = with(client_limits());
    std::optional<upload_end> end;
    const auto keep = [](task<upload_end> work, std::optional<upload_end>& into) -> task<void> {
        auto got = co_await std::move(work);
        into.emplace(std::move(got));
    };
    home.group().spawn(keep(upload(c, at(*server), 500'000'000, soon()), end));
    const auto a_while = in(150);
    turn_until(home, [&] { return a_while.passed(steady_now()); });
    EXPECT_FALSE(end);
    stuck = true;
    stuck.notify_all();
    has_answered.wait(false);
    server.reset(); // its connection has ended by then
    turn_until(home, [&] { return end.has_value(); });
    ASSERT_TRUE(end->answer) << end->answer.error().message();
    EXPECT_EQ(401, end->answer->status);
    EXPECT_TRUE(nothing_open(c));
}

TEST_F(Exchange, U02TellsOfAResetInMidUpload) {
    const auto server = serve([](peer& p) {
        p.read_head();
        p.read_exactly(200'000);
        p.reset();
    });
    client& c = with(client_limits());
    const auto end = put(c, *server, 50'000'000);
    ASSERT_FALSE(end.answer);
    EXPECT_EQ(errc::tiktok_unreachable, end.answer.error().code());
    ASSERT_TRUE(end.answer.error().details());
    EXPECT_TRUE(end.answer.error().details()->may_have_reached_tiktok);
    EXPECT_TRUE(nothing_open(c));
}

TEST_F(Exchange, U03EndsAtTheDeadlineWhenThePeerStopsReading) {
    std::atomic<bool> leave{false};
    const auto server = serve([&](peer& p) {
        p.read_head();
        leave.wait(false);
    });
    client& c = with(client_limits());
    const auto end = put(c, *server, 500'000'000, in(200));
    leave = true;
    leave.notify_all();
    ASSERT_FALSE(end.answer);
    EXPECT_EQ(errc::deadline_exceeded, end.answer.error().code());
    EXPECT_TRUE(nothing_open(c));
}

TEST_F(Exchange, U04OpensAnewWhenTheKeptConnectionWasClosed) {
    std::atomic<bool> closed{false};
    const auto server = serve([&](peer& p) {
        if (p.number() > 1) return take_all(p);
        p.read_head();
        p.write(answer("first"));
        p.close_politely();
        closed = true;
    });
    client& c = with(client_limits());
    ASSERT_TRUE(get(c, *server));
    turn_until(home, [&] { return closed.load(); });
    const auto end = put(c, *server, 100'000);
    ASSERT_TRUE(end.answer) << end.answer.error().message();
    EXPECT_EQ("took 100000", end.answer->body());
}

TEST_F(Exchange, U15ClosesTheConnectionOfAnUploadThatWasGivenUp) {
    const auto server = serve(take_all);
    client& c = with(client_limits());
    const auto give_up = [](client& of, origin to) -> task<bool> {
        auto begun = co_await of.begin(no_window{}, to, head_of(1'000'000), soon(), sharer::gateway);
        const std::string piece(1'000, 'v');
        const auto took = co_await (*begun)->write(piece, soon());
        co_return took.has_value();
    };
    EXPECT_TRUE(run_on(home, give_up(c, at(*server))));
    EXPECT_TRUE(nothing_open(c));
    const auto end = put(c, *server, 10);
    ASSERT_TRUE(end.answer);
    EXPECT_EQ("took 10", end.answer->body());
}

} // namespace
} // namespace gateway::outbound
