// Many concurrent calls: the queue, cancellation at any time, deadlines that race with answers.
#include "unit/outbound/net_test.hpp"

#include <algorithm>
#include <atomic>
#include <latch>
#include <vector>

namespace gateway::outbound {
namespace {

class Contention : public NetTest {
protected:
    static void echo_target(peer& p) {
        for (;;) {
            const auto head = p.read_head();
            p.write(answer(head.substr(4, head.find(' ', 4) - 4)));
        }
    }
};

std::string get_of(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: tiktok.test\r\n\r\n";
}

task<void> call(client& c, origin to, std::string path, deadline until, std::vector<std::string>& ended) {
    const auto text = get_of(path);
    const auto got = co_await c.send(no_window{}, to, text, until, sharer::gateway);
    ended.push_back(got ? std::string(got->body()) : std::string(facts(got.error().code()).name));
}

TEST_F(Contention, U14BoundsTheWaitAndServesInOrder) {
    std::latch go(1);
    const auto server = serve([&](peer& p) {
        go.wait();
        echo_target(p);
    });
    client_limits limits;
    limits.connections_per_origin = 1;
    limits.waiters_per_origin = 3;
    client& c = with(limits);
    std::vector<std::string> ended;
    for (const char* path : {"/1", "/2", "/3"})
        home.group().spawn(call(c, at(*server), path, soon(), ended));
    home.group().spawn(call(c, at(*server), "/impatient", in(20), ended));
    home.group().spawn(call(c, at(*server), "/too-many", soon(), ended));
    turn_until(home, [&] { return ended.size() == 2; });
    EXPECT_EQ((std::vector<std::string>{"overloaded", "overloaded"}), ended);
    EXPECT_EQ(2U, c.stats().waiting);
    EXPECT_EQ(1U, c.stats().active);
    go.count_down();
    turn_until(home, [&] { return ended.size() == 5; });
    EXPECT_EQ((std::vector<std::string>{"overloaded", "overloaded", "/1", "/2", "/3"}), ended);
    EXPECT_EQ(1, server->connections());
    EXPECT_EQ(1U, c.stats().idle);
}

TEST_F(Contention, U14GivesTheSlotOfAFailedConnectionToTheNext) {
    const auto server = serve([](peer& p) {
        if (p.number() % 2 == 1) {
            p.read_head();
            p.reset();
        }
        echo_target(p);
    });
    client_limits limits;
    limits.connections_per_origin = 1;
    client& c = with(limits);
    std::vector<std::string> ended;
    for (const char* path : {"/1", "/2", "/3"})
        home.group().spawn(call(c, at(*server), path, soon(), ended));
    turn_until(home, [&] { return ended.size() == 3; });
    EXPECT_EQ((std::vector<std::string>{"tiktok_unreachable", "/2", "/3"}), ended);
}

TEST_F(Contention, U15P06CancelsAtAnyByteAndTheNextCallGetsItsOwnAnswer) {
    const std::string whole = answer("for the one who left");
    for (std::size_t cut = 0; cut <= whole.size() - 1; ++cut) {
        std::atomic<bool> said{false};
        const auto server = serve([&](peer& p) {
            if (p.number() > 1) return echo_target(p);
            p.read_head();
            p.write(whole.substr(0, cut));
            said = true;
            p.read_some(); // until the client closes
        });
        client& c = with(client_limits());
        task_group impatient(home.executor());
        std::vector<std::string> ended;
        impatient.spawn(call(c, at(*server), "/cancelled", soon(), ended));
        turn_until(home, [&] { return said.load(); });
        impatient.cancel();
        ASSERT_TRUE(run_on(home, impatient.wait_empty(soon())));
        EXPECT_TRUE(nothing_open(c)) << cut;
        const auto got = run_on(home, ask(c, at(*server), get_of("/mine"), soon()));
        ASSERT_TRUE(got) << got.error().message();
        EXPECT_EQ("/mine", got->body());
    }
}

TEST_F(Contention, P06CancelsWhileResolvingConnectingAndWaiting) {
    std::latch never(1);
    resolver_options hang;
    hang.lookup = [&](const std::string&) -> result<addresses> {
        never.wait();
        return addresses{};
    };
    {
        resolver stuck(std::move(hang));
        server_options mute;
        mute.answers = false;
        const auto silent = serve(echo_target, mute);
        client_limits limits;
        limits.connections_per_origin = 1;
        client resolving(home, tls, stuck, limits), connecting(home, tls, names, limits);
        std::vector<std::string> ended;
        for (client* c : {&resolving, &connecting, &connecting})
            home.group().spawn(call(*c, at(*silent), "/", soon(), ended));
        turn_until(home, [&] { return connecting.stats().waiting == 1 && resolving.stats().active == 1; });
        home.group().cancel();
        ASSERT_TRUE(run_on(home, home.group().wait_empty(soon())));
        EXPECT_TRUE(nothing_open(resolving));
        EXPECT_TRUE(nothing_open(connecting));
        never.count_down();
    }
}

TEST_F(Contention, P04DeadlinesNearTheLatencyHaveOneWinnerEach) {
    const auto server = serve(echo_target);
    worker fast(1, milliseconds{1});
    client_limits limits;
    limits.connections_per_origin = 4;
    client c(fast, tls, names, limits);
    std::vector<std::string> ended;
    int started = 0;
    for (int round = 0; round < 60; ++round) {
        for (int i = 0; i < 8; ++i, ++started)
            fast.group().spawn(call(c, at(*server), "/" + std::to_string(started), in(i), ended));
        turn_until(fast, [&] { return static_cast<int>(ended.size()) == started; });
    }
    for (const auto& end : ended)
        EXPECT_TRUE(end.starts_with("/") || end == "deadline_exceeded" || end == "overloaded") << end;
    EXPECT_EQ(0U, fast.group().size());
    EXPECT_EQ(0U, c.stats().active + c.stats().waiting);
}

TEST_F(Contention, P04AnswersBelongToTheirRequestUnderLoad) {
    const auto server = serve(echo_target);
    client_limits limits;
    limits.connections_per_origin = 3;
    client& c = with(limits);
    std::vector<std::string> ended, wanted;
    for (int i = 0; i < 300; ++i) {
        wanted.push_back("/" + std::to_string(i));
        home.group().spawn(call(c, at(*server), wanted.back(), soon(), ended));
    }
    turn_until(home, [&] { return ended.size() == wanted.size(); });
    std::sort(ended.begin(), ended.end());
    std::sort(wanted.begin(), wanted.end());
    EXPECT_EQ(wanted, ended);
    EXPECT_EQ(3, server->connections());
}

TEST_F(Contention, P06CallsMayDieWithTheirLoopAfterTheClientIsGone) {
    server_options mute;
    mute.answers = false;
    const auto silent = serve(echo_target, mute);
    std::vector<std::string> ended;
    {
        worker dying;
        client c(dying, tls, names, client_limits());
        dying.group().spawn(call(c, at(*silent), "/", soon(), ended));
        turn_until(dying, [&] { return c.stats().active == 1; });
    }
    EXPECT_TRUE(ended.empty());
}

} // namespace
} // namespace gateway::outbound
