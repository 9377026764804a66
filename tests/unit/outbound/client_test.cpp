// Whole answers over kept connections: successes, and each way in which a peer can misbehave.
#include "limits/window.hpp"
#include "unit/outbound/net_test.hpp"

#include <atomic>
#include <stdexcept>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace gateway::outbound {
namespace {

class Client : public NetTest {
protected:
    static void echo_number(peer& p) {
        for (;;) {
            p.read_head();
            p.write(answer("connection " + std::to_string(p.number())));
        }
    }
    /// The answer from a server that sends `bytes` once and then waits.
    result<reply> hear(const std::string& bytes, client_limits limits = {}, deadline until = soon()) {
        const auto server = serve([bytes](peer& p) {
            p.read_head();
            p.write(bytes);
            p.wait_for_end();
        });
        client& c = with(limits);
        auto got = get(c, *server, until);
        if (!got) {
            EXPECT_TRUE(nothing_open(c));
        }
        return got;
    }
    limits::permit new_slot() {
        auto taken = windows.take("ann", 0, steady_now(), soon());
        return std::move(std::get<limits::permit>(taken));
    }
    struct heard {
        result<reply> got;
        bool was_stale = false;
    };
    static task<heard> send(client& c, origin to, limits::permit& slot, connection_choice over) {
        auto got = co_await c.send(slot, to, request, soon(), sharer::gateway, over);
        heard out;
        out.was_stale = got.was_stale();
        out.got = std::move(got);
        co_return std::move(out);
    }
    static bool may_have_reached(const failure& f) {
        return f.details() && f.details()->may_have_reached_tiktok;
    }

    limits::window_table windows{{limits::window_rule{10, milliseconds{60'000}}}};
};

TEST_F(Client, ReusesOneConnectionForManyRequests) {
    const auto server = serve(echo_number);
    client& c = with(client_limits());
    for (int i = 0; i < 20; ++i) {
        const auto got = get(c, *server);
        ASSERT_TRUE(got) << got.error().message();
        EXPECT_EQ(200, got->status);
        EXPECT_EQ("connection 1", got->body());
        EXPECT_EQ(1U, c.stats().idle);
    }
    EXPECT_EQ(1, server->connections());
}

TEST_F(Client, GivesTheFieldsAnyoneAsksFor) {
    const auto got = hear(
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nX-Tt-Logid: 2026ABC\r\n"
        "Content-Range: bytes 0-9/10\r\nContent-Length: 2\r\n\r\n{}");
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ(429, got->status);
    EXPECT_EQ("7", got->retry_after);
    EXPECT_EQ("2026ABC", got->log_id);
    EXPECT_EQ("bytes 0-9/10", got->content_range);
    EXPECT_EQ("{}", got->body());
}

TEST_F(Client, ReadsAChunkedAnswerAndKeepsTheConnection) {
    const auto got =
        hear("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n");
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ("Wikipedia", got->body());
    EXPECT_EQ(1U, made->stats().idle);
}

TEST_F(Client, ReadsAnswersWithoutABody) {
    const auto got = hear("HTTP/1.1 204 No Content\r\n\r\n");
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ("", got->body());
    EXPECT_EQ(1U, made->stats().idle);
}

TEST_F(Client, SkipsInterimAnswers) {
    const auto got =
        hear("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answer("end"));
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ("end", got->body());
}

TEST_F(Client, ReadsAnAnswerThatComesByteByByte) {
    const auto server = serve([](peer& p) {
        p.read_head();
        for (const char c : answer("slow but whole"))
            p.write(std::string_view(&c, 1));
        p.wait_for_end();
    });
    const auto got = get(with(client_limits()), *server);
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ("slow but whole", got->body());
}

TEST_F(Client, ReadsALargeAnswerUpToItsBound) {
    client_limits limits;
    limits.answer_bytes = 300'000;
    const std::string body(300'000, 'x');
    const auto got = hear(answer(body), limits);
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ(body, got->body());
}

TEST_F(Client, ClosesTheConnectionWhenThePeerSaysSo) {
    const auto got = hear("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
    ASSERT_TRUE(got);
    EXPECT_TRUE(nothing_open(*made));
}

TEST_F(Client, U01TriesTheNextAddressWhenOneRefuses) {
    resolver_options options;
    options.lookup = [](const std::string&) -> result<addresses> {
        return addresses{boost::asio::ip::make_address("127.0.0.2"),
                         boost::asio::ip::make_address("127.0.0.1")};
    };
    resolver two(std::move(options));
    const auto server = serve(echo_number);
    client c(home, tls, two, client_limits());
    EXPECT_TRUE(get(c, *server));
}

TEST_F(Client, U01TriesTheNextAddressWhenOneDoesNotAnswer) {
    resolver_options options;
    options.lookup = [](const std::string&) -> result<addresses> {
        return addresses{boost::asio::ip::make_address("127.0.0.2"),
                         boost::asio::ip::make_address("127.0.0.1")};
    };
    resolver two(std::move(options));
    const auto server = serve(echo_number);
    server_options mute;
    mute.address = "127.0.0.2";
    mute.port = server->port();
    mute.answers = false;
    const auto silent = serve(echo_number, mute);
    client_limits limits;
    limits.connect_timeout = milliseconds{100};
    client c(home, tls, two, limits);
    const auto got = get(c, *server);
    EXPECT_TRUE(got) << got.error().message();
}

TEST_F(Client, U01TellsWhenNobodyCanBeReached) {
    client& c = with(client_limits());
    std::uint16_t closed_port = 0;
    {
        const auto gone = serve(echo_number);
        closed_port = gone->port();
    }
    const origin to{"tiktok.test", closed_port};
    const auto refused = run_on(home, ask(c, to, request, soon()));
    ASSERT_FALSE(refused);
    EXPECT_EQ(errc::tiktok_unreachable, refused.error().code());
    EXPECT_FALSE(may_have_reached(refused.error()));

    server_options mute;
    mute.answers = false;
    const auto silent = serve(echo_number, mute);
    const auto late = get(c, *silent, in(30));
    ASSERT_FALSE(late);
    EXPECT_EQ(errc::deadline_exceeded, late.error().code());
    EXPECT_FALSE(may_have_reached(late.error()));
    EXPECT_TRUE(nothing_open(c));
}

TEST_F(Client, P09DeathDARequestWhoseConnectionIsNotReadyInTimeIsNotSent) {
    server_options mute;
    mute.answers = false;
    const auto silent = serve(echo_number, mute);
    client& c = with(client_limits());
    auto slot = new_slot();
    slot.must_be_sent_by(steady_now() + milliseconds{30});
    const auto end = run_on(home, send(c, at(*silent), slot, connection_choice::any));
    ASSERT_FALSE(end.got);
    EXPECT_EQ(errc::deadline_exceeded, end.got.error().code());
    EXPECT_FALSE(may_have_reached(end.got.error()));
}

TEST_F(Client, U02TellsOfAResetAtEveryByteOfTheAnswer) {
    const std::string whole = answer("0123456789");
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        const auto server = serve([&](peer& p) {
            p.read_head();
            p.write(whole.substr(0, cut));
            p.reset();
        });
        client& c = with(client_limits());
        const auto got = get(c, *server);
        ASSERT_FALSE(got) << cut;
        EXPECT_EQ(errc::tiktok_unreachable, got.error().code());
        EXPECT_TRUE(may_have_reached(got.error()));
        EXPECT_EQ(1, server->connections()) << "a new connection is no reason to repeat";
        EXPECT_TRUE(nothing_open(c));
    }
}

TEST_F(Client, U03EndsAtTheDeadlineWhereverThePeerHangs) {
    const std::string whole = answer("0123456789");
    for (const std::size_t cut : {std::size_t{0}, std::size_t{10}, whole.size() - 11, whole.size() - 1}) {
        const auto server = serve([&](peer& p) {
            p.read_head();
            p.write(whole); // the connection is open, so the deadline applies only to the hang
            p.read_head();
            p.write(whole.substr(0, cut));
            p.wait_for_end();
        });
        client& c = with(client_limits());
        ASSERT_TRUE(get(c, *server));
        const auto got = get(c, *server, in(250));
        ASSERT_FALSE(got) << cut;
        EXPECT_EQ(errc::deadline_exceeded, got.error().code());
        EXPECT_TRUE(may_have_reached(got.error()));
        EXPECT_TRUE(nothing_open(c));
    }
}

TEST_F(Client, U04NoticesThatAKeptConnectionWasClosed) {
    for (const bool politely : {true, false}) {
        std::atomic<bool> closed{false};
        const auto server = serve([&](peer& p) {
            p.read_head();
            p.write(answer("connection " + std::to_string(p.number())));
            if (p.number() > 1) p.wait_for_end();
            politely ? p.close_politely() : p.close_rudely();
            closed = true;
        });
        client& c = with(client_limits());
        ASSERT_TRUE(get(c, *server));
        turn_until(home, [&] { return closed.load(); });
        // Even a request that must never be repeated succeeds.
        const auto got = get(c, *server);
        ASSERT_TRUE(got) << got.error().message();
        EXPECT_EQ("connection 2", got->body());
    }
}

/// Answers one request per connection and drops the second one unanswered.
void drop_second_request(peer& p) {
    p.read_head();
    p.write(answer("connection " + std::to_string(p.number())));
    p.read_head();
    p.reset();
}

TEST_F(Client, U04DeathMSendsNothingAgainThatMayHaveLeftAndTellsOfTheStaleConnection) {
    const auto server = serve(drop_second_request);
    client& c = with(client_limits());
    ASSERT_TRUE(get(c, *server));
    auto slot = new_slot();
    const auto [got, was_stale] = run_on(home, send(c, at(*server), slot, connection_choice::any));
    ASSERT_FALSE(got);
    EXPECT_EQ(errc::tiktok_unreachable, got.error().code());
    EXPECT_TRUE(may_have_reached(got.error()));
    EXPECT_TRUE(was_stale);
    EXPECT_EQ(1, server->connections());
}

TEST_F(Client, U04DeathMANewConnectionThatBreaksIsNotStale) {
    const auto server = serve([](peer& p) {
        p.read_head();
        p.reset();
    });
    client& c = with(client_limits());
    auto slot = new_slot();
    const auto [got, was_stale] = run_on(home, send(c, at(*server), slot, connection_choice::any));
    ASSERT_FALSE(got);
    EXPECT_TRUE(may_have_reached(got.error()));
    EXPECT_FALSE(was_stale);
}

TEST_F(Client, U04DeathMTakesANewConnectionIfItIsAsked) {
    const auto server = serve(echo_number);
    client& c = with(client_limits());
    ASSERT_TRUE(get(c, *server));
    auto slot = new_slot();
    const auto [got, was_stale] = run_on(home, send(c, at(*server), slot, connection_choice::new_one));
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ("connection 2", got->body());
    EXPECT_EQ(1U, c.stats().idle) << "the other one was closed";
}

TEST_F(Client, L07DeathMARequestHasASlotOfItsOwn) {
    const auto server = serve(echo_number);
    client& c = with(client_limits());
    auto slot = new_slot();
    ASSERT_TRUE(run_on(home, send(c, at(*server), slot, connection_choice::any)).got);
    EXPECT_THROW((void)c.send(slot, at(*server), request, soon(), sharer::gateway), std::logic_error);
}

TEST_F(Client, U05TakesNoTruncatedAnswer) {
    for (const bool politely : {true, false}) {
        const auto server = serve([politely](peer& p) {
            p.read_head();
            p.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ");
            politely ? p.close_politely() : p.close_rudely();
            p.wait_for_end();
        });
        const auto got = get(with(client_limits()), *server);
        ASSERT_FALSE(got);
        EXPECT_EQ(errc::tiktok_unreachable, got.error().code());
        EXPECT_TRUE(may_have_reached(got.error()));
    }
}

TEST_F(Client, U05TakesAnAnswerThatEndsWithTheConnectionWhereTlsSaysSo) {
    for (const bool politely : {true, false}) {
        const auto server = serve([politely](peer& p) {
            p.read_head();
            p.write("HTTP/1.1 200 OK\r\n\r\nthat is ");
            p.write("all of it");
            politely ? p.close_politely() : p.close_rudely();
            p.wait_for_end();
        });
        client& c = with(client_limits());
        const auto got = get(c, *server);
        ASSERT_EQ(politely, got.has_value());
        if (politely) {
            EXPECT_EQ("that is all of it", got->body());
            EXPECT_TRUE(nothing_open(c)) << "such a connection has ended";
        } else {
            EXPECT_TRUE(may_have_reached(got.error()));
        }
    }
}

struct bad_answer {
    const char* name;
    std::string bytes;
};

std::string flood(const char* line, int times) {
    std::string all;
    for (int i = 0; i < times; ++i)
        all += line;
    return all;
}

TEST_F(Client, U10RefusesAnswersOutOfBounds) {
    client_limits limits;
    limits.answer_bytes = 1'000;
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const bad_answer cases[] = {
        {"announced too large", ok + "Content-Length: 1001\r\n\r\n"},
        {"chunked too large", ok + "Transfer-Encoding: chunked\r\n\r\n400\r\n" + std::string(1'024, 'x')},
        {"many fields", ok + flood("A: b\r\n", 101) + "\r\n"},
        {"endless field", ok + "A: " + std::string(40'000, 'x')},
        {"endless head", ok + flood(("A: " + std::string(9'000, 'x') + "\r\n").c_str(), 10)},
        {"too large until its end", ok + "\r\n" + std::string(1'001, 'x')},
        {"interim flood", flood("HTTP/1.1 100 Continue\r\n\r\n", 50) + answer("late")},
        {"length and chunked", ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"two lengths", ok + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
        {"signed length", ok + "Content-Length: +5\r\n\r\nhello"},
        {"unknown coding", ok + "Transfer-Encoding: gzip\r\n\r\n"},
        {"chunk size no number", ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"},
        {"chunk extension flood",
         ok + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(5'000, 'e') + "\r\n"},
        {"switching protocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"},
        {"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n"},
        {"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
    };
    for (const auto& bad : cases) {
        const auto got = hear(bad.bytes, limits);
        ASSERT_FALSE(got) << bad.name;
        EXPECT_EQ(errc::tiktok_error, got.error().code()) << bad.name;
        EXPECT_TRUE(may_have_reached(got.error())) << bad.name;
    }
}

TEST_F(Client, U11NeverUsesAConnectionWithAnUnsolicitedAnswer) {
    // Together with the answer, and later while the connection is idle.
    for (const bool at_once : {true, false}) {
        std::atomic<bool> said{false};
        const auto server = serve([&](peer& p) {
            for (;;) {
                p.read_head();
                const auto mine = answer("connection " + std::to_string(p.number()));
                p.write(at_once && p.number() == 1 ? mine + answer("forged") : mine);
                if (!at_once && p.number() == 1) p.write(answer("forged"));
                said = true;
            }
        });
        client& c = with(client_limits());
        ASSERT_TRUE(get(c, *server));
        turn_until(home, [&] { return said.load(); });
        const auto got = get(c, *server);
        ASSERT_TRUE(got) << got.error().message();
        EXPECT_EQ("connection 2", got->body());
    }
}

TEST_F(Client, U12ReturnsARedirectAndFollowsNone) {
    const auto got = hear("HTTP/1.1 302 Found\r\nLocation: https://other.test/\r\nContent-Length: 0\r\n\r\n");
    ASSERT_TRUE(got);
    EXPECT_EQ(302, got->status);
}

TEST_F(Client, SharesNoConnectionBetweenOrigins) {
    const auto one = serve(echo_number), two = serve(echo_number);
    client& c = with(client_limits());
    ASSERT_TRUE(get(c, *one));
    ASSERT_TRUE(get(c, *two));
    EXPECT_EQ(1, one->connections());
    EXPECT_EQ(1, two->connections());
    EXPECT_EQ(2U, c.stats().idle);
}

TEST_F(Client, ClosesConnectionsThatWereIdleForLong) {
    const auto server = serve(echo_number);
    client_limits limits;
    limits.idle_timeout = milliseconds{20};
    client& c = with(limits);
    ASSERT_TRUE(get(c, *server));
    EXPECT_EQ(1U, c.stats().idle);
    turn_until(home, [&] { return c.stats().idle == 0; });
}

TEST_F(Client, L03SaysOverloadedWhenNoDescriptorIsLeftAndGoesOnAfterwards) {
    const auto server = serve(echo_number);
    client& c = with(client_limits());
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit few = before;
    few.rlim_cur = 256;
    ::setrlimit(RLIMIT_NOFILE, &few);
    std::vector<int> taken;
    for (int one = ::dup(0); one >= 0; one = ::dup(0))
        taken.push_back(one);
    const auto refused = get(c, *server);
    for (const int one : taken)
        ::close(one);
    ::setrlimit(RLIMIT_NOFILE, &before);
    ASSERT_FALSE(refused);
    EXPECT_EQ(errc::overloaded, refused.error().code());
    EXPECT_FALSE(may_have_reached(refused.error()));
    EXPECT_TRUE(get(c, *server));
}

TEST_F(Client, RefusesCallsAndHoldsNothingOnceClosed) {
    const auto server = serve(echo_number);
    client& c = with(client_limits());
    ASSERT_TRUE(get(c, *server));
    c.close();
    EXPECT_TRUE(nothing_open(c));
    const auto got = get(c, *server);
    ASSERT_FALSE(got);
    EXPECT_EQ(errc::draining, got.error().code());
}

} // namespace
} // namespace gateway::outbound
