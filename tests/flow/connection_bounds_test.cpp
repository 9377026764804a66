// At the bound of connections an unused one is evicted before a client is refused; one in use stays; a client
// that cannot be served gets an answer.
#include "harness/flow_test.hpp"
#include "unit/runtime/certificates.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <memory>
#include <vector>

namespace {

using gateway::milliseconds;
using gateway::seconds;
using sockets = std::vector<std::unique_ptr<harness::raw_socket>>;

constexpr const char* half_head = "GET /v1/users HTTP/1.1\r\nHost: local";

class ConnectionBounds : public harness::flow_test {
protected:
    void SetUp() override {
        std::signal(SIGPIPE, SIG_IGN);
    } // writing to a broken connection must not end the test
    void bound_of(int connections, int workers = 2) {
        w.options.settings = "listen: {connections_max: " + std::to_string(connections) + "}\n";
        w.options.variables["TIKTOK_GATEWAY__WORKERS"] = std::to_string(workers);
    }
    std::string request(const std::string& more = {}) const {
        return "GET /v1/users HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + w.caller_key() + "\r\n"
               + more + "\r\n";
    }
    std::unique_ptr<harness::raw_socket> connect() {
        return std::make_unique<harness::raw_socket>(w.gateway().port(), w.heard());
    }
    /// Begins uploads without sending their bytes, so that as many connections are busy.
    sockets keep_busy(int count) {
        sockets busy;
        for (int i = 0; i < count; ++i) {
            busy.push_back(connect());
            busy.back()->send(an_upload());
            EXPECT_THAT(busy.back()->receive(), testing::StartsWith("HTTP/1.1 100"));
        }
        return busy;
    }
    std::string an_upload() const {
        return "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + w.caller_key()
               + "\r\nContent-Type: video/mp4\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    }
    static void expect_to_go_on(const sockets& busy) {
        for (const auto& one : busy) {
            one->send("abcd");
            const auto got = harness::parse_answer(one->receive_answer());
            EXPECT_EQ(got.status, 200) << got.raw;
        }
    }
};

/// Ways to hold a connection without using it.
struct habit {
    const char* name;
    std::function<void(harness::raw_socket&, const std::string& request, const std::string& last_request)>
        act;
};

const habit habits[] = {
    {"SaysNothing", [](auto&, auto&, auto&) {}},
    {"NeverEndsItsHead", [](auto& socket, auto&, auto&) { socket.send(half_head); }},
    {"IsIdle",
     [](auto& socket, auto& request, auto&) {
         socket.send(request);
         socket.receive_answer();
     }},
    {"NeverEndsItsSecondHead",
     [](auto& socket, auto& request, auto&) {
         socket.send(request + half_head);
         socket.receive_answer();
     }},
    {"DoesNotCloseAfterTheLastAnswer",
     [](auto& socket, auto&, auto& last_request) {
         socket.send(last_request);
         socket.receive_answer();
     }},
};

class ConnectionHabits : public ConnectionBounds, public testing::WithParamInterface<habit> {};

TEST_P(ConnectionHabits, FaultZMakesRoomForANewClient) {
    bound_of(40);
    sockets held;
    for (int i = 0; i < 100; ++i) {
        held.push_back(connect());
        GetParam().act(*held.back(), request(), request("Connection: close\r\n"));
    }
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(w.api().get("/v1/users").status, 200) << "new client " << i;
}

INSTANTIATE_TEST_SUITE_P(Habits, ConnectionHabits, testing::ValuesIn(habits),
                         [](const auto& of) { return std::string(of.param.name); });

TEST_F(ConnectionBounds, FaultZAHeadThatMakesRoomIsToldSo) {
    bound_of(10);
    sockets held;
    for (int i = 0; i < 40; ++i) {
        held.push_back(connect());
        held.back()->send(half_head);
    }
    const auto told = harness::parse_answer(held.front()->receive_all(seconds{5}));
    EXPECT_EQ(told.status, 503) << told.raw;
    EXPECT_EQ(told.code(), "overloaded");
    EXPECT_EQ(told.header("connection"), "close");
    EXPECT_NE(told.header("retry-after"), "");
}

TEST_F(ConnectionBounds, FaultZUnfinishedHeadsGoBeforeIdleConnections) {
    bound_of(40);
    sockets idle, slow;
    for (int i = 0; i < 5; ++i) {
        idle.push_back(connect());
        idle.back()->send(request());
        EXPECT_EQ(harness::parse_answer(idle.back()->receive_answer()).status, 200);
    }
    for (int i = 0; i < 100; ++i) {
        slow.push_back(connect());
        slow.back()->send(half_head);
    }
    for (auto& one : idle) {
        one->send(request());
        EXPECT_EQ(harness::parse_answer(one->receive_answer()).status, 200) << "an idle connection made room";
    }
}

TEST_F(ConnectionBounds, FaultZRoomIsFoundAtEveryWorker) {
    bound_of(3, 4); // a new client is mostly accepted by another worker than the idle ones
    sockets idle;
    for (int i = 0; i < 60; ++i) {
        idle.push_back(connect());
        idle.back()->send(request());
        const auto got = harness::parse_answer(idle.back()->receive_answer());
        EXPECT_EQ(got.status, 200) << "client " << i << ": " << got.raw;
    }
}

TEST_F(ConnectionBounds, FaultZWhereAllAreBusyTheNewClientHears503AndTheyGoOn) {
    bound_of(4);
    const auto busy = keep_busy(4);
    for (int i = 0; i < 10; ++i) {
        const auto refused = w.api().get("/v1/users");
        EXPECT_EQ(refused.status, 503) << refused.raw;
        EXPECT_EQ(refused.code(), "overloaded");
        EXPECT_EQ(refused.header("retry-after"), "1");
        EXPECT_EQ(refused.header("connection"), "close");
        EXPECT_FALSE(refused.header("x-request-id").empty());
    }
    expect_to_go_on(busy);
    EXPECT_EQ(w.api().get("/v1/users").status, 200);
}

/// Documents need no key, and one client may ask for many of them.
TEST_F(ConnectionBounds, FaultZAuditIWhoReadsNoAnswerMakesRoom) {
    bound_of(10, 1);
    std::string many;
    for (int i = 0; i < 200; ++i)
        many += "GET /openapi.yaml HTTP/1.1\r\nHost: localhost\r\n\r\n";
    sockets held;
    for (int i = 0; i < 30; ++i) {
        held.push_back(std::make_unique<harness::raw_socket>(w.gateway().port())); // not into the transcript
        held.back()->send(many);
        held.back()->receive_until("openapi:"); // its answers have begun
    }
    for (int i = 0; i < 10; ++i) {
        const auto got = w.api().get("/v1/users");
        EXPECT_EQ(got.status, 200) << got.raw;
    }
    // Which of them go depends on whose answers have filled their sockets by then.
    const auto closed = std::count_if(
        held.begin(), held.end(), [](const auto& one) { return one->is_closed_by_peer(milliseconds{500}); });
    EXPECT_GE(closed, 20);
}

TEST_F(ConnectionBounds, FaultZManyRefusedAtOnceHear503Too) {
    bound_of(2);
    const auto busy = keep_busy(2);
    sockets refused;
    for (int i = 0; i < 300; ++i)
        refused.push_back(connect());
    for (auto& one : refused) {
        const auto got = harness::parse_answer(one->receive_answer(seconds{5}));
        EXPECT_EQ(got.status, 503) << got.raw;
        EXPECT_EQ(got.code(), "overloaded");
    }
    expect_to_go_on(busy);
}

TEST_F(ConnectionBounds, FaultZWhoIsRefusedHears503OverTlsToo) {
    const gateway::testing::certificate_authority authority;
    const auto issued = authority.issue("localhost");
    const auto chain = w.folder().write("server.pem", issued.certificate_pem);
    const auto key = w.folder().write("server.key", issued.key_pem);
    const auto trusted = w.folder().write("authority.pem", authority.pem());
    w.options.settings = "listen: {connections_max: 1, tls: {certificate_file: " + chain
                         + ", private_key_file: " + key + "}}\n";
    // An upload without its body keeps the only connection busy.
    harness::raw_socket busy(w.gateway().port(), trusted, "localhost");
    busy.send(an_upload());
    EXPECT_THAT(busy.receive(), testing::StartsWith("HTTP/1.1 100"));
    harness::raw_socket refused(w.gateway().port(), trusted, "localhost");
    refused.send("GET /v1/users HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto got = harness::parse_answer(refused.receive_answer());
    EXPECT_EQ(got.status, 503) << got.raw;
    EXPECT_EQ(got.code(), "overloaded");
}

class AdminBounds : public ConnectionBounds {
protected:
    void expect_probes_pass() {
        for (int i = 0; i < 10; ++i)
            for (const char* probe : {"/healthz", "/readyz"}) {
                auto client = w.admin();
                client.wait_at_most(seconds{20}); // thousands of scrapes may come before it
                const auto got = client.get(probe);
                EXPECT_EQ(got.status, 200) << probe << " " << got.raw;
            }
    }
    /// More connections than the admin port allows; each has sent `bytes` and reads nothing.
    sockets holding(const std::string& bytes) {
        sockets held;
        for (int i = 0; i < 200; ++i) {
            held.push_back(std::make_unique<harness::raw_socket>(w.gateway().admin_port(), w.heard()));
            if (!bytes.empty()) held.back()->send(bytes);
        }
        return held;
    }
};

TEST_F(AdminBounds, FaultZAProbeHasRoomBesideSilentConnections) {
    const auto held = holding("");
    expect_probes_pass();
}

TEST_F(AdminBounds, FaultZAProbeHasRoomBesideUnfinishedHeads) {
    const auto held = holding("GET /healthz HTTP/1.1\r\nHo");
    expect_probes_pass();
}

TEST_F(AdminBounds, FaultZAProbeHasRoomBesideIdleConnections) {
    const auto held = holding("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_probes_pass();
}

TEST_F(AdminBounds, FaultZAProbeHasRoomBesideReadersThatDoNotRead) {
    std::string many;
    for (int i = 0; i < 40; ++i)
        many += "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    const auto held = holding(many);
    expect_probes_pass();
}

} // namespace
