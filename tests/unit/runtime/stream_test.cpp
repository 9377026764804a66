// Both sides of a stream: two streams on one worker are connected over loopback.
#include "runtime/stream.hpp"

#include "outbound/client.hpp"
#include "outbound/tls_client_context.hpp"
#include "runtime/stream_steps.hpp"
#include "runtime/tls_server.hpp"
#include "unit/runtime/certificates.hpp"
#include "unit/runtime/run_on.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <array>
#include <memory>
#include <string>
#include <sys/socket.h>

namespace gateway {
namespace {

using testing::in;
using testing::run_on;
using testing::soon;
using testing::turn_until;

task<std::string> read_all(stream& from, deadline until) {
    std::string all;
    std::array<char, 1000> space{};
    for (;;) {
        const auto got = co_await from.read_some(space, until);
        if (!got) co_return all + "|" + got.error().message();
        if (*got == 0) co_return all + "|end";
        all.append(space.data(), *got);
    }
}

task<void> do_handshake(stream& of, ssl_pointer ssl, tls_role role, boost::system::error_code& ec,
                        int& ended) {
    const auto done = co_await of.handshake(std::move(ssl), role, soon());
    if (!done) ec = done.error();
    ++ended;
}

task<bool> send(stream& to, std::string first, std::string second) {
    if (!second.empty()) {
        const auto done = co_await to.write_unless_answered(first, second, soon());
        co_return done.has_value() && *done == stream::wrote::all;
    }
    const auto done = co_await to.write(first, soon());
    co_return done.has_value();
}

/// Writes like the hot path.
task<boost::system::error_code> send_in_steps(stream& to, std::string_view bytes, deadline until) {
    stream_writing writing(to, bytes, until);
    const auto failed = co_await writing;
    co_return failed;
}

task<void> run_into(task<std::string> work, std::string& into) {
    into = co_await std::move(work);
}

task<void> finish(stream& of, int& ended) {
    co_await of.finish(soon());
    ++ended;
}

class Stream : public ::testing::TestWithParam<bool> { // true: TLS
protected:
    void SetUp() override {
        boost::asio::ip::tcp::acceptor acceptor(w.loop(), {boost::asio::ip::make_address("127.0.0.1"), 0});
        const auto to = acceptor.local_endpoint();
        client = std::make_unique<stream>(w);
        ASSERT_TRUE(run_on(w, client->connect(to, soon())));
        tcp_socket accepted(w.executor());
        acceptor.accept(accepted);
        server = std::make_unique<stream>(w, std::move(accepted));
        if (GetParam()) handshake_now();
    }
    void handshake_now() {
        const auto who = authority.issue("tiktok.test");
        const tls_server_context ours(folder.write("server.pem", who.certificate_pem),
                                      folder.write("server.key", who.key_pem));
        const outbound::tls_client_context theirs(folder.write("ca.pem", authority.pem()));
        const outbound::origin to{"tiktok.test", 443};
        boost::system::error_code ec;
        int ended = 0;
        w.group().spawn(do_handshake(*server, ours.make(), tls_role::server, ec, ended));
        w.group().spawn(do_handshake(*client, theirs.make(to), tls_role::client, ec, ended));
        // The client's last handshake message is sent with its first write.
        turn_until(w, [&] { return ended >= 1; });
        ASSERT_TRUE(run_on(w, send(*client, "hello", "")));
        turn_until(w, [&] { return ended == 2; });
        ASSERT_FALSE(ec) << ec.message() << client->tls_problem() << server->tls_problem();
        std::array<char, 16> space{};
        const auto got = run_on(w, server->read_some(space, soon()));
        ASSERT_TRUE(got);
        ASSERT_EQ("hello", std::string(space.data(), *got));
    }
    void cut(stream& which) { ::shutdown(which.socket().native_handle(), SHUT_RDWR); }

    worker w{0, milliseconds{5}};
    testing::certificate_authority authority;
    testing::temporary_folder folder;
    std::unique_ptr<stream> client, server;
};

TEST_P(Stream, CarriesBytesBothWaysUntilTheCleanEnd) {
    const std::string large(3'000'000, 'x');
    std::string heard;
    int ended = 0;
    w.group().spawn(run_into(read_all(*server, soon()), heard));
    EXPECT_TRUE(run_on(w, send(*client, "head;", large)));
    EXPECT_TRUE(run_on(w, send(*server, "answer", "")));
    EXPECT_EQ(stream::input::bytes, client->look());
    std::array<char, 16> space{};
    const auto got = run_on(w, client->read_some(space, soon()));
    ASSERT_TRUE(got);
    EXPECT_EQ("answer", std::string(space.data(), *got));
    EXPECT_EQ(stream::input::none, client->look());
    w.group().spawn(finish(*client, ended));
    turn_until(w, [&] { return !heard.empty(); });
    EXPECT_EQ("head;" + large + "|end", heard);
    server->close();
    turn_until(w, [&] { return ended == 1; });
    EXPECT_FALSE(client->is_open());
}

TEST_P(Stream, C22U05TellsTruncationFromTheEnd) {
    EXPECT_TRUE(run_on(w, send(*client, "half", "")));
    cut(*client);
    const auto heard = run_on(w, read_all(*server, soon()));
    EXPECT_EQ(GetParam() ? "half|the connection ended without close_notify" : "half|end", heard);
    EXPECT_EQ(stream::input::ended, server->look());
}

TEST_P(Stream, EndsAReadAtItsDeadlineAndCanStillAnswer) {
    std::array<char, 16> space{};
    const auto late = run_on(w, server->read_some(space, in(20)));
    ASSERT_FALSE(late);
    EXPECT_EQ(stream_errc::timed_out, late.error());
    EXPECT_TRUE(run_on(w, send(*server, "408", "")));
    const auto got = run_on(w, client->read_some(space, soon()));
    ASSERT_TRUE(got);
    EXPECT_EQ("408", std::string(space.data(), *got));
    const auto passed = run_on(w, server->read_some(space, deadline{steady_now()}));
    EXPECT_EQ(stream_errc::timed_out, passed.error());
}

TEST_P(Stream, C19EndsAWriteNobodyReadsAndIsThenUnusableForWriting) {
    const std::string endless(50'000'000, 'x');
    const auto stuck = run_on(w, client->write(endless, in(250)));
    ASSERT_FALSE(stuck);
    EXPECT_EQ(stream_errc::timed_out, stuck.error());
    EXPECT_EQ(stream_errc::closed, run_on(w, client->write("more", soon())).error());
}

TEST_P(Stream, WritesInStepsWhatTheSocketDoesNotTakeAtOnce) {
    const std::string large(3'000'000, 'x');
    std::string heard;
    w.group().spawn(run_into(read_all(*server, soon()), heard));
    EXPECT_FALSE(run_on(w, send_in_steps(*client, "head;", soon())));
    EXPECT_FALSE(run_on(w, send_in_steps(*client, large, soon())));
    int ended = 0;
    w.group().spawn(finish(*client, ended));
    turn_until(w, [&] { return !heard.empty(); });
    EXPECT_EQ("head;" + large + "|end", heard);
    server->close();
    turn_until(w, [&] { return ended == 1; });
}

TEST_P(Stream, C19EndsAWriteInStepsAtItsDeadline) {
    const std::string endless(50'000'000, 'x');
    EXPECT_EQ(stream_errc::timed_out, run_on(w, send_in_steps(*client, "late", in(-1'000))));
    EXPECT_EQ(stream_errc::timed_out, run_on(w, send_in_steps(*client, endless, in(250))));
    EXPECT_EQ(stream_errc::closed, run_on(w, send_in_steps(*client, "more", soon())));
}

TEST_P(Stream, CanWriteInStepsAfterAReadThatTimedOut) {
    std::array<char, 16> space{};
    EXPECT_EQ(stream_errc::timed_out, run_on(w, server->read_some(space, in(20))).error());
    EXPECT_FALSE(run_on(w, send_in_steps(*server, "408", soon())));
    const auto got = run_on(w, client->read_some(space, soon()));
    ASSERT_TRUE(got);
    EXPECT_EQ("408", std::string(space.data(), *got));
}

TEST_P(Stream, StopsAWriteThatIsAnsweredMeanwhile) {
    const std::string endless(50'000'000, 'x');
    EXPECT_TRUE(run_on(w, send(*server, "early", "")));
    const auto stopped = run_on(w, client->write_unless_answered(endless, "", soon()));
    ASSERT_TRUE(stopped);
    EXPECT_EQ(stream::wrote::answered, *stopped);
    std::array<char, 16> space{};
    EXPECT_EQ(5U, *run_on(w, client->read_some(space, soon())));
}

TEST_P(Stream, GivesLargeBuffersBackWhenIdle) {
    std::string heard;
    w.group().spawn(run_into(read_all(*server, soon()), heard));
    const std::string large(1'000'000, 'x');
    EXPECT_TRUE(run_on(w, send(*client, large, large)));
    client->relax();
    EXPECT_TRUE(run_on(w, send(*client, "on", "")));
    int ended = 0;
    w.group().spawn(finish(*client, ended));
    turn_until(w, [&] { return !heard.empty(); });
    EXPECT_EQ(2'000'002U + 4, heard.size());
    server->close();
    turn_until(w, [&] { return ended == 1; });
}

TEST_P(Stream, P07IsNotDisturbedByErrorsOfOthers) {
    for (int i = 0; i < 3; ++i) {
        ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
        EXPECT_TRUE(run_on(w, send(*client, "hello", "")));
        ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
        std::array<char, 16> space{};
        EXPECT_EQ(5U, *run_on(w, server->read_some(space, soon())));
    }
    ERR_clear_error();
}

TEST_P(Stream, C21TellsOfBytesThatAreNoTls) {
    if (!GetParam()) return;
    ::send(client->socket().native_handle(), "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL);
    std::array<char, 16> space{};
    const auto got = run_on(w, server->read_some(space, soon()));
    ASSERT_FALSE(got);
    EXPECT_EQ(stream_errc::tls, got.error());
    EXPECT_FALSE(server->tls_problem().empty());
}

TEST_P(Stream, FaultYClosesWithoutAResetWhereInputWasNotRead) {
    EXPECT_FALSE(server->has_unread_input());
    EXPECT_TRUE(run_on(w, send(*client, "nobody reads this", std::string(100'000, 'x'))));
    EXPECT_TRUE(server->has_unread_input());
    EXPECT_TRUE(run_on(w, send(*server, "last words", "")));
    server->close();
    EXPECT_EQ("last words|end", run_on(w, read_all(*client, soon())));
}

TEST_P(Stream, FaultYACancelledReadLeavesTheStreamUsable) {
    std::string heard;
    w.group().spawn(run_into(read_all(*server, soon()), heard));
    w.loop().restart();
    w.loop().poll(); // runs it up to its wait
    server->cancel();
    turn_until(w, [&] { return !heard.empty(); });
    EXPECT_EQ("|" + make_error_code(boost::system::errc::operation_canceled).message(), heard);
    EXPECT_TRUE(run_on(w, send(*server, "still here", "")));
    std::array<char, 16> space{};
    const auto got = run_on(w, client->read_some(space, soon()));
    ASSERT_TRUE(got);
    EXPECT_EQ("still here", std::string(space.data(), *got));
}

INSTANTIATE_TEST_SUITE_P(Plain, Stream, ::testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Tls, Stream, ::testing::Values(true));

TEST(StreamConnect, EndsAtItsDeadlineAndTellsOfARefusal) {
    worker w(0, milliseconds{5});
    stream s(w);
    tcp_endpoint to;
    {
        boost::asio::ip::tcp::acceptor acceptor(w.loop(), {boost::asio::ip::make_address("127.0.0.1"), 0});
        to = acceptor.local_endpoint();
    }
    const auto refused = run_on(w, s.connect(to, soon()));
    ASSERT_FALSE(refused);
    EXPECT_EQ(boost::system::errc::connection_refused, refused.error());
    EXPECT_EQ(stream_errc::timed_out,
              run_on(w, s.connect(to, deadline{steady_now() - milliseconds{100}})).error());
    EXPECT_FALSE(s.is_open());
}

TEST(TlsServerContext, NamesTheFileThatIsWrong) {
    const testing::certificate_authority authority;
    const testing::temporary_folder folder;
    const auto one = authority.issue("a.test"), two = authority.issue("b.test");
    const auto certificate = folder.write("a.pem", one.certificate_pem);
    const auto key = folder.write("b.key", two.key_pem);
    try {
        const tls_server_context wrong(certificate, key);
        FAIL() << "took a key of another certificate";
    } catch (const std::runtime_error& e) {
        EXPECT_NE(std::string::npos, std::string(e.what()).find("b.key")) << e.what();
    }
    EXPECT_THROW(tls_server_context(folder.write("none.pem", "x"), key), std::runtime_error);
}

} // namespace
} // namespace gateway
