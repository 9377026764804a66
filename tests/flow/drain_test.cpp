// A drain loses no call. Clients of all kinds continue until they are refused a connection, and each call
// that was begun must be answered. DRAIN_CALLS, DRAINS, DRAIN_CLIENTS and DRAIN_REST_MS (the longest pause)
// choose the campaign; by default it is short enough for every test run.
#include "flow/drain_load.hpp"
#include "harness/flow_test.hpp"
#include "unit/runtime/certificates.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>

namespace {

using gateway::milliseconds;
using gateway::seconds;

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::stoull(text) : otherwise;
}

class Drain : public harness::flow_test {
protected:
    const std::uint64_t drains_ = setting("DRAINS", 3);
    const std::uint64_t calls_ = setting("DRAIN_CALLS", 3'000); // at least, over all drains

    void SetUp() override {
        std::signal(SIGPIPE, SIG_IGN); // a broken connection is a lost call and must not end the test
        w.options.variables["TIKTOK_GATEWAY__DRAIN__DELAY_MS"] = "1000";
        w.options.settings = "log: {level: error}\n";
    }

    drains::target at_gateway() {
        drains::target at;
        at.port = w.gateway().port();
        at.request = "GET /v1/users HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + w.caller_key()
                     + "\r\n\r\n";
        return at;
    }

    /// Runs one drain under load after another; expects every call to be answered.
    void expect_no_call_lost(std::size_t clients, const std::string& ca_file = {}) {
        std::uint64_t answered = 0, lost = 0;
        for (std::uint64_t one = 0; one < drains_; ++one) {
            auto at = at_gateway();
            at.ca_file = ca_file;
            at.rest = milliseconds{setting("DRAIN_REST_MS", 150)};
            const drains::load calls(at, clients);
            ASSERT_TRUE(calls.wait_for_answers(calls_ / drains_ + 1, seconds{60})) << calls.reasons();
            w.gateway().process().signal(SIGTERM);
            EXPECT_TRUE(calls.wait_until_refused(seconds{30}));
            EXPECT_EQ(w.gateway().process().wait(seconds{30}), 0);
            EXPECT_EQ(calls.lost(), 0U) << "in drain " << one << "\n" << calls.reasons();
            answered += calls.answered();
            lost += calls.lost();
            w.stop_gateway();
        }
        EXPECT_GE(answered + lost, calls_);
        std::fprintf(stderr, "%llu drains: %llu calls answered, %llu lost\n",
                     static_cast<unsigned long long>(drains_), static_cast<unsigned long long>(answered),
                     static_cast<unsigned long long>(lost));
    }
};

TEST_F(Drain, FaultYNoCallOfAnyClientIsLost) {
    expect_no_call_lost(setting("DRAIN_CLIENTS", 48));
}

class DrainAtOnce : public harness::flow_test {
protected:
    std::string request() const {
        return "GET /v1/users HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + w.caller_key()
               + "\r\n\r\n";
    }
    /// Waits until the port is closed.
    void close_the_doors() {
        w.gateway().process().signal(SIGTERM);
        const auto until = gateway::deadline::in(gateway::steady_now(), seconds{10});
        while (!until.passed(gateway::steady_now())) {
            try {
                const harness::raw_socket probe(w.gateway().port());
            } catch (const std::system_error& refused) {
                EXPECT_EQ(refused.code().value(), ECONNREFUSED);
                return;
            }
        }
        FAIL() << "connections are taken after SIGTERM, and drain.delay_ms is 0";
    }
    static void wait_until_it_ends(const harness::raw_socket& idle) {
        pollfd ended{idle.descriptor(), POLLIN, 0};
        ASSERT_EQ(poll(&ended, 1, 10'000), 1);
        char byte = 0;
        EXPECT_EQ(recv(idle.descriptor(), &byte, 1, 0), 0) << "0 is the orderly end";
    }
};

TEST_F(DrainAtOnce, FaultYAYoungConnectionIsAnsweredAfterTheDoorsHaveClosed) {
    constexpr int tries = 20; // on a machine that pauses for a second the connection is no longer young
    for (int one = 0; one < tries; ++one) {
        const auto port = w.gateway().port();
        const auto began = gateway::steady_now();
        harness::raw_socket young(port, w.heard());
        close_the_doors();
        young.send(request());
        const bool in_time = gateway::steady_now() - began < milliseconds{700};
        const auto got = harness::parse_answer(young.receive_answer());
        EXPECT_EQ(w.stop_gateway(), 0);
        if (!in_time) continue;
        EXPECT_EQ(got.status, 200) << got.raw;
        EXPECT_EQ(got.header("connection"), "close");
        return;
    }
    FAIL() << "the machine is too slow for this test";
}

TEST_F(DrainAtOnce, FaultYARequestThatComesLaterOnAnOpenConnectionHears503) {
    harness::raw_socket slow(w.gateway().port(), w.heard());
    harness::raw_socket idle(w.gateway().port(), w.heard());
    const std::string whole = request();
    idle.send(whole);
    EXPECT_EQ(harness::parse_answer(idle.receive_answer()).status, 200);
    slow.send(whole.substr(0, 20));
    // Long enough that the connection is not young any more, even if it was accepted late.
    EXPECT_EQ(slow.receive(milliseconds{2'500}), "");
    close_the_doors();
    wait_until_it_ends(idle); // the port is closed a little before later requests are refused
    slow.send(whole.substr(20));
    const auto got = harness::parse_answer(slow.receive_answer());
    EXPECT_EQ(got.status, 503) << got.raw;
    EXPECT_EQ(got.code(), "draining");
    EXPECT_EQ(got.header("connection"), "close");
}

TEST_F(DrainAtOnce, FaultYAnIdleConnectionEndsOrderlyAndNotByAReset) {
    harness::raw_socket idle(w.gateway().port(), w.heard());
    idle.send(request());
    EXPECT_EQ(harness::parse_answer(idle.receive_answer()).status, 200);
    close_the_doors();
    wait_until_it_ends(idle);
    char byte = 0;
    // Our side is still open: bytes sent now are not answered with a reset while the peer lingers.
    EXPECT_EQ(::send(idle.descriptor(), "G", 1, MSG_NOSIGNAL), 1);
    EXPECT_EQ(recv(idle.descriptor(), &byte, 1, 0), 0);
}

TEST_F(Drain, FaultYNoCallOverTlsIsLost) {
    const gateway::testing::certificate_authority authority;
    const auto issued = authority.issue("localhost");
    const auto chain = w.folder().write("server.pem", issued.certificate_pem);
    const auto key = w.folder().write("server.key", issued.key_pem);
    w.options.settings += "listen: {tls: {certificate_file: " + chain + ", private_key_file: " + key + "}}\n";
    expect_no_call_lost(24, w.folder().write("authority.pem", authority.pem()));
}

} // namespace
