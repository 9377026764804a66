// Both sides of a stream: two streams on one worker are connected over loopback.
#include "runtime/stream.hpp"

#include "outbound/client.hpp"
#include "outbound/tls_client_context.hpp"
#include "runtime/stream_state.hpp"
#include "runtime/stream_steps.hpp"
#include "runtime/task_group.hpp"
#include "runtime/tls_server.hpp"
#include "unit/runtime/certificates.hpp"
#include "unit/runtime/run_on.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <array>
#include <malloc.h>
#include <memory>
#include <poll.h>
#include <string>
#include <string_view>
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
    stream_writing writing(to, bytes, {}, until);
    const auto failed = co_await writing;
    co_return failed;
}

task<void> send_in_steps_into(stream& to, std::string_view bytes, deadline until,
                              boost::system::error_code& failed) {
    failed = co_await send_in_steps(to, bytes, until);
}

/// Without a wait.
bool is_writable(stream& of) {
    pollfd asked{of.socket().native_handle(), POLLOUT, 0};
    return ::poll(&asked, 1, 0) == 1;
}

void discard_input(stream& of) {
    std::array<char, 64 * 1024> waste;
    while (::recv(of.socket().native_handle(), waste.data(), waste.size(), MSG_DONTWAIT) > 0) {
    }
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
    /// The client's record, which the server has not seen.
    std::string encrypted(const std::string& text) {
        EXPECT_TRUE(run_on(w, send(*client, text, "")));
        std::string record(1'000, '\0');
        const auto got = ::recv(server->socket().native_handle(), record.data(), record.size(), 0);
        record.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return record;
    }
    bool send_raw(std::string_view bytes) {
        const auto sent = ::send(client->socket().native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        return sent == static_cast<ssize_t>(bytes.size());
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

/// The loop has seen that the socket takes more, and runs the cancellation before it goes on with the write.
TEST_P(Stream, P06ACancellationBetweenTwoPiecesOfAWriteEndsIt) {
    const std::string much(32'000'000, 'x');
    boost::system::error_code failed;
    task_group writers(w.executor());
    writers.spawn(send_in_steps_into(*client, much, soon(), failed));
    turn_until(w, [&] { return !is_writable(*client); });
    while (!is_writable(*client))
        discard_input(*server);
    writers.cancel();
    EXPECT_TRUE(run_on(w, writers.wait_empty(in(2'000))));
    EXPECT_EQ(failed, boost::asio::error::operation_aborted);
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

task<void> wait_for_input(stream& of, int& ended, boost::system::error_code& ec) {
    const auto ready = co_await of.wait_for_input(soon());
    if (!ready) ec = ready.error();
    ++ended;
}

TEST_P(Stream, AuditXWaitsForInputBeforeItTakesMemoryForIt) {
    if (!GetParam()) return;
    int ended = 0;
    boost::system::error_code ec;
    w.group().spawn(wait_for_input(*server, ended, ec));
    w.loop().restart();
    w.loop().poll();
    EXPECT_EQ(0, ended);
    EXPECT_TRUE(run_on(w, send(*client, "hello", "")));
    turn_until(w, [&] { return ended == 1; });
    std::array<char, 3> space{};
    EXPECT_EQ(3U, *run_on(w, server->read_some(space, soon())));
    w.group().spawn(wait_for_input(*server, ended, ec)); // the rest is decrypted already
    turn_until(w, [&] { return ended == 2; });
    EXPECT_EQ(2U, *run_on(w, server->read_some(space, soon())));
    EXPECT_FALSE(ec);
    w.group().spawn(wait_for_input(*server, ended, ec));
    w.loop().restart();
    w.loop().poll();
    server->cancel();
    turn_until(w, [&] { return ended == 3; });
    EXPECT_TRUE(ec) << "a drain ends the wait";
}

TEST_P(Stream, C20AWaitForInputThatIsAbandonedAsInputComesEndsAllTheSame) {
    if (!GetParam()) return;
    int ended = 0;
    boost::system::error_code ec;
    EXPECT_TRUE(run_on(w, send(*server, "watches ", "for an answer")));
    w.group().spawn(wait_for_input(*server, ended, ec));
    w.loop().restart();
    w.loop().poll();
    EXPECT_EQ(0, ended);
    EXPECT_TRUE(send_raw("\x17")); // a part of a record
    // Of two waits that end at once Asio completes the first, and the second in a later step of the loop. The
    // inner one of these runs between them.
    boost::asio::post(w.executor(), [&] { boost::asio::post(w.executor(), [&] { server->abandon(); }); });
    turn_until(w, [&] { return ended == 1; });
    EXPECT_EQ(boost::asio::error::operation_aborted, ec);
}

TEST_P(Stream, AuditXAPartOfARecordIsKeptWhereverItEnds) {
    if (!GetParam()) return;
    std::array<char, 16> space{};
    for (const std::size_t part : {1U, 4U, 5U, 6U, 20U}) {
        const auto record = encrypted("hello");
        EXPECT_TRUE(send_raw(record.substr(0, part)));
        EXPECT_EQ(stream_errc::timed_out, run_on(w, server->read_some(space, in(20))).error());
        int ended = 0;
        boost::system::error_code ec;
        w.group().spawn(wait_for_input(*server, ended, ec));
        turn_until(w, [&] { return ended == 1; });
        EXPECT_FALSE(ec) << "at once";
        EXPECT_TRUE(send_raw(record.substr(part)));
        EXPECT_EQ(5U, *run_on(w, server->read_some(space, soon()))) << part;
    }
}

TEST_P(Stream, AuditXAServerKeepsItsBuffersOfRecordsUntilItIsQuiet) {
    if (!GetParam()) return;
    std::array<char, 16> space{};
    const auto in_use = [] { return ::mallinfo2().uordblks; };
    EXPECT_TRUE(run_on(w, send(*client, "hello", "")));
    EXPECT_EQ(5U, *run_on(w, server->read_some(space, soon())));
    EXPECT_TRUE(run_on(w, send(*server, "hello", "")));
    const auto served = in_use();
    int ended = 0;
    boost::system::error_code ec;
    w.group().spawn(wait_for_input(*server, ended, ec));
    w.loop().restart();
    w.loop().poll();
    EXPECT_GT(served, in_use() + 30'000) << "two records";
    EXPECT_TRUE(run_on(w, send(*client, "hello", "")));
    turn_until(w, [&] { return ended == 1; });
    EXPECT_EQ(5U, *run_on(w, server->read_some(space, soon()))) << "and goes on";
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
    EXPECT_THROW(tls_server_context(folder.write("none.pem", "x"), key), tls_file_fault);
}

TEST(TlsServerContext, AuditYAnEncryptedKeyIsRefusedAndNobodyIsAsked) {
    const testing::certificate_authority authority;
    const testing::temporary_folder folder;
    testing::certificate_options options;
    options.pass_phrase = "a pass phrase";
    const auto who = authority.issue("a.test", options);
    const auto certificate = folder.write("a.pem", who.certificate_pem);
    // In the form of today, and in the older one that some tools still write.
    const std::string old_form =
        "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,"
        + std::string(32, 'A') + "\n\nAAAA\n-----END EC PRIVATE KEY-----\n";
    for (const auto& pem : {who.key_pem, old_form}) {
        try {
            const tls_server_context wrong(certificate, folder.write("a.key", pem));
            FAIL() << "took it";
        } catch (const tls_file_fault& e) {
            EXPECT_EQ(tls_file_fault::file::private_key, e.which);
            EXPECT_NE(std::string::npos, std::string(e.what()).find("a.key: is encrypted")) << e.what();
        }
    }
}

TEST(TlsServerContext, AuditYTellsOfDatesThatClientsRefuse) {
    const testing::certificate_authority authority;
    const testing::temporary_folder folder;
    const auto said = [&](long begins_in_s, long ends_in_s) {
        testing::certificate_options options;
        options.begins_in_s = begins_in_s;
        options.ends_in_s = ends_in_s;
        const auto who = authority.issue("a.test", options);
        const tls_server_context context(folder.write("a.pem", who.certificate_pem),
                                         folder.write("a.key", who.key_pem));
        return context.wrong_dates(wall_now());
    };
    EXPECT_EQ("", said(-60, 3'600));
    EXPECT_TRUE(said(-7'200, -3'600).starts_with("expired at 20")) << said(-7'200, -3'600);
    EXPECT_TRUE(said(3'600, 7'200).starts_with("is not valid before 20")) << said(3'600, 7'200);
    const auto good = authority.issue("a.test"), old = authority.issue("b.test", -1);
    const tls_server_context chain(folder.write("chain.pem", good.certificate_pem + old.certificate_pem),
                                   folder.write("chain.key", good.key_pem));
    EXPECT_NE(std::string::npos, chain.wrong_dates(wall_now()).find("chain that expired"))
        << chain.wrong_dates(wall_now());
}

TEST(Hello, AuditYWhatIsNoTlsIsToldFromItsFirstBytes) {
    EXPECT_EQ(hello::part, look_at_hello(""));
    EXPECT_EQ(hello::part, look_at_hello("\x16"));
    EXPECT_EQ(hello::part, look_at_hello(std::string("\x16\x03\x01\x00", 4)));
    EXPECT_EQ(hello::part, look_at_hello(std::string("\x16\x03\x01\x00\x02x", 6)));
    EXPECT_EQ(hello::whole, look_at_hello(std::string("\x16\x03\x01\x00\x02xy", 7)));
    EXPECT_EQ(hello::whole, look_at_hello(std::string("\x16\x03\x01\x00\x02xyz", 8)));
    for (const char* text : {"G", "GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n", "delete", "EHLO me"})
        EXPECT_EQ(hello::text, look_at_hello(text)) << text;
    for (const std::string& bytes :
         {std::string("\x16\x02"), std::string("\x15\x03\x01\x00\x02xy", 7), std::string("\x80\x2e\x01"),
          std::string("\0", 1), std::string("\x16\x03\x01\x00\x00", 5), std::string("\x16\x03\x01\xff\xff")})
        EXPECT_EQ(hello::other, look_at_hello(bytes)) << bytes;
}

} // namespace
} // namespace gateway
