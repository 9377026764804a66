// What TLS connections cost while they are not served: memory while idle and half open, and the time of those
// who are served meanwhile. tests/deploy/hosts.py adds the two figures up and holds the sum against deploy/.
#include "flow/tls_fixture.hpp"

#include <gmock/gmock.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using gateway::milliseconds;
using gateway::seconds;
using gateway::steady_now;
using testing::StartsWith;
using clients = std::vector<std::unique_ptr<tls::client>>;
using sockets = std::vector<std::unique_ptr<harness::raw_socket>>;

// Docs, deploy/ and the sum of tests/deploy/hosts.py rely on these.
// OpenSSL's own objects of an idle connection take 14 KiB, those of a handshake 44.
constexpr double idle_kib_max = 20;
constexpr double half_open_kib_max = 52;

class TlsMemory : public tls::tls_test {
protected:
    void SetUp() override {
        w.options.variables["TIKTOK_GATEWAY__WORKERS"] = "1";
        tls_test::SetUp();
    }
    std::string a_hello() { return tls::client(w.gateway().port()).hello(); }

    /// Connections that have sent a ClientHello and never answer the server's.
    sockets half_open(std::size_t count) {
        const auto hello = a_hello();
        sockets open;
        for (std::size_t i = 0; i < count; ++i) {
            open.push_back(std::make_unique<harness::raw_socket>(w.gateway().port()));
            open.back()->send(hello);
            EXPECT_NE(open.back()->receive(), "") << i;
        }
        return open;
    }
    /// The first memory that is at most so much, or what there is after some seconds.
    double settled_kib(double at_most) {
        const auto until = steady_now() + seconds{5};
        auto now = memory_kib();
        while (now > at_most && steady_now() < until) {
            w.admin().get("/healthz");
            now = memory_kib();
        }
        return now;
    }
    clients idle(std::size_t count) {
        clients open;
        for (std::size_t i = 0; i < count; ++i) {
            open.push_back(std::make_unique<tls::client>(w.gateway().port()));
            EXPECT_EQ(open.back()->shake_hands(), "");
            EXPECT_THAT(open.back()->ask(request()), StartsWith("HTTP/1.1 200"));
        }
        return open;
    }
};

TEST_F(TlsMemory, AuditXAnIdleConnectionKeepsNoBuffers) {
    constexpr std::size_t count = 400;
    idle(count / 4); // what is made once
    const auto before = memory_kib();
    const auto open = idle(count);
    // Those that have just asked still have their buffers.
    const auto each = (settled_kib(before + count * idle_kib_max) - before) / count;
    RecordProperty("kib", std::to_string(each));
    EXPECT_LE(each, idle_kib_max);
    EXPECT_GT(each, 1);
    for (const auto& one : open)
        EXPECT_THAT(one->ask(request()), StartsWith("HTTP/1.1 200"));
}

TEST_F(TlsMemory, AuditXAPartOfARecordKeepsBuffersAsLongAsAPartOfAHead) {
    serve_over_tls("header_deadline_ms: 500");
    const auto open = idle(1);
    const auto asked = steady_now();
    open.front()->socket().send(std::string("\x17\x03\x03\x40\x00", 5)); // a record of 16 KiB begins
    EXPECT_TRUE(open.front()->socket().is_closed_by_peer(seconds{10}));
    EXPECT_LT(steady_now() - asked, seconds{5}) << "not only when it has been idle too long";
}

TEST_F(TlsMemory, AuditXAHalfOpenHandshakeIsSmall) {
    constexpr std::size_t count = 200;
    half_open(count / 4);
    const auto before = memory_kib();
    const auto open = half_open(count);
    const auto each = (memory_kib() - before) / count;
    RecordProperty("kib", std::to_string(each));
    EXPECT_LE(each, half_open_kib_max);
    EXPECT_GT(each, 1);
}

TEST_F(TlsMemory, AuditXAHelloThatNeverEndsCostsItsBytesAndNoHandshake) {
    constexpr std::size_t count = 400;
    const auto begin = [&](const std::string& bytes) {
        sockets open;
        for (std::size_t i = 0; i < count; ++i) {
            open.push_back(std::make_unique<harness::raw_socket>(w.gateway().port()));
            open.back()->send(bytes);
        }
        EXPECT_EQ(api().get("/v1/users").status, 200) << "accepted behind them";
        return open;
    };
    const auto hello = a_hello();
    std::string longest("\x16\x03\x01\x20\x00\x01", 6); // of 8 KiB
    longest.resize(5 + 8 * 1024, 'x');
    for (const auto& [bytes, kib_max] : {std::pair{hello, 8.0}, std::pair{longest, 8.0 + 4.0}}) {
        const auto but_one = bytes.substr(0, bytes.size() - 1);
        begin(but_one);
        const auto before = memory_kib();
        const auto open = begin(but_one);
        EXPECT_LE((memory_kib() - before) / count, kib_max) << bytes.size();
        for (const auto& one : open)
            EXPECT_FALSE(one->is_closed_by_peer(milliseconds{5})) << bytes.size();
    }
    harness::raw_socket longer(w.gateway().port());
    longer.send(std::string("\x16\x03\x01\x20\x01\x01", 6));
    EXPECT_TRUE(longer.is_closed_by_peer(seconds{5})) << "no client sends so much";
}

TEST_F(TlsMemory, C21AuditXHandshakesAreBoundedAndTheOldestGoesFirst) {
    serve_over_tls("connections_max: 400");
    constexpr std::size_t bound = 40; // a tenth, of one worker
    const auto open = half_open(bound + 20);
    for (std::size_t i = 0; i < open.size(); ++i) {
        const bool should_go = i < 20;
        EXPECT_EQ(open[i]->is_closed_by_peer(should_go ? seconds{5} : milliseconds{5}), should_go) << i;
    }
    const auto good = idle(20); // each in less time than it takes to become the oldest
    EXPECT_FALSE(open.back()->is_closed_by_peer(milliseconds{5}));
}

TEST_F(TlsMemory, C21AuditXGoodClientsAreServedWhileHandshakesPileUp) {
    serve_over_tls("connections_max: 5000");
    const auto staying = idle(1);
    const auto hello = a_hello();
    sockets pile;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 2'000; ++i) {
            pile.push_back(std::make_unique<harness::raw_socket>(w.gateway().port()));
            pile.back()->send(hello);
        }
        const auto asked = steady_now();
        EXPECT_THAT(staying.front()->ask(request()), StartsWith("HTTP/1.1 200"));
        EXPECT_LT(steady_now() - asked, milliseconds{1'000}) << "one that was there before";
        const auto begun = steady_now();
        EXPECT_EQ(api().get("/v1/users").status, 200);
        EXPECT_LT(steady_now() - begun, milliseconds{2'000}) << "a new client, behind at most 500 others";
    }
}

TEST_F(TlsMemory, C21AuditXMemoryIsGivenBackAfterTheLastOne) {
    constexpr std::size_t count = 500;
    serve_over_tls("connections_max: 5000");
    idle(50);
    const auto before = memory_kib();
    double taken = 0;
    {
        const auto open = half_open(count);
        const auto some = idle(100); // between them
        taken = memory_kib() - before;
        EXPECT_GT(taken, 15'000);
        const auto counted = steady_now() + milliseconds{2'500}; // the service looks once a second
        while (steady_now() < counted)
            w.admin().get("/healthz");
    }
    // The worker keeps a MiB of freed blocks for the next calls, which lie between what was given back.
    const auto until = steady_now() + seconds{60};
    while (memory_kib() - before > taken / 3 && steady_now() < until)
        w.admin().get("/healthz");
    EXPECT_LE(memory_kib() - before, taken / 3);
}

} // namespace
