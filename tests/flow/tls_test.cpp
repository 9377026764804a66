// What a TLS port takes and what it refuses.
#include "flow/tls_fixture.hpp"

#include <gmock/gmock.h>

namespace {

using gateway::seconds;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

class Tls : public tls::tls_test {
protected:
    std::string refusal_of(const tls::offer& what) {
        return tls::client(w.gateway().port(), what).shake_hands();
    }
};

TEST_F(Tls, AuditYAnAlpnWithoutHttpIsRefusedByItsOwnAlert) {
    for (const char* other : {"\x02h2", "\x08http/2.0\x02h3", "\x08http/0.9"})
        EXPECT_THAT(refusal_of(tls::protocols(other)), HasSubstr("no application protocol")) << other;
    const std::pair<const char*, const char*> taken[] = {{"\x08http/1.1", "http/1.1"},
                                                         {"\x02h2\x08http/1.1", "http/1.1"},
                                                         {"\x08http/1.0", "http/1.0"},
                                                         {"\x08http/1.0\x08http/1.1", "http/1.1"}};
    for (const auto& [list, chosen] : taken) {
        tls::client client(w.gateway().port(), tls::protocols(list));
        EXPECT_EQ(client.shake_hands(), "") << chosen;
        EXPECT_EQ(client.protocol(), chosen);
        EXPECT_THAT(client.ask(request()), StartsWith("HTTP/1.1 200")) << chosen;
    }
    tls::client without(w.gateway().port());
    EXPECT_EQ(without.shake_hands(), "");
    EXPECT_EQ(without.protocol(), "");
}

TEST_F(Tls, AuditYPlainHttpIsToldInPlainWordsAndClosed) {
    for (const char* line : {"GET / HTTP/1.1", "POST /v1/files HTTP/1.1", "DELETE /v1/users/a HTTP/1.1",
                             "OPTIONS * HTTP/1.1", "get /", "PRI * HTTP/2.0"}) {
        harness::raw_socket plain(w.gateway().port(), w.heard());
        plain.send(line + std::string("\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
                   + std::string(5'000, 'x'));
        const auto got = harness::parse_answer(plain.receive_answer());
        EXPECT_EQ(got.status, 400) << line << got.raw;
        EXPECT_EQ(got.code(), "malformed_request") << got.raw;
        EXPECT_THAT(got.text_at("error"), HasSubstr("https")) << got.raw;
        EXPECT_EQ(got.header("connection"), "close");
        EXPECT_FALSE(got.header("x-request-id").empty());
        EXPECT_TRUE(plain.is_closed_by_peer(seconds{5})) << line;
    }
    EXPECT_EQ(api().get("/v1/users").status, 200);
}

TEST_F(Tls, AuditYWhatIsNeitherTlsNorTextIsClosed) {
    for (const std::string& bytes : {std::string("\0\0\0\0", 4), std::string("\x80\x2e\x01\x03\x01"),
                                     std::string("\x16\x03\x01\xff\xff"), std::string("\x16\x09")}) {
        harness::raw_socket odd(w.gateway().port(), w.heard());
        odd.send(bytes);
        EXPECT_EQ(odd.receive_all(seconds{5}), "") << bytes;
        EXPECT_TRUE(odd.is_closed_by_peer(seconds{1}));
    }
}

TEST_F(Tls, AHelloInManyPiecesIsTaken) {
    tls::client slow(w.gateway().port());
    for (const char c : slow.hello())
        slow.socket().send(std::string(1, c));
    EXPECT_EQ(slow.shake_hands(), "");
    EXPECT_THAT(slow.ask(request()), StartsWith("HTTP/1.1 200"));
}

TEST_F(Tls, C21AuditUOnlyTheThreeCheapGroupsAreTaken) {
    for (const char* group : {"X25519", "P-256", "P-384"})
        EXPECT_EQ(refusal_of(tls::groups(group)), "") << group;
    for (const char* group :
         {"ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192", "P-521", "X448"})
        EXPECT_THAT(refusal_of(tls::groups(group)), HasSubstr("handshake failure")) << group;
    EXPECT_EQ(refusal_of(tls::groups("ffdhe8192:X25519")), "") << "one that is taken is among them";
}

TEST_F(Tls, AuditUOnlySuitesWithAnAeadAndAFreshKeyAreTaken) {
    for (const char* suite :
         {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"})
        EXPECT_EQ(refusal_of(tls::suites_of_1_2(suite)), "") << suite;
    for (const char* suite :
         {"ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA",
          "ECDHE-ECDSA-AES256-SHA", "AES128-GCM-SHA256", "AES256-SHA256", "DHE-RSA-AES128-GCM-SHA256"})
        EXPECT_THAT(refusal_of(tls::suites_of_1_2(suite)), HasSubstr("handshake failure")) << suite;
}

/// Each ClientHello is made once and sent many times, as by a sender to whom it costs nothing.
TEST_F(Tls, C21AuditUHellosWithCostlyGroupsCostNoMoreThanOthers) {
    constexpr int times = 100;
    const auto cost_of = [this](const char* group) {
        const auto hello = tls::client(w.gateway().port(), tls::groups(group)).hello();
        const auto before = cpu_time();
        for (int i = 0; i < times; ++i) {
            harness::raw_socket sender(w.gateway().port());
            sender.send(hello);
            EXPECT_NE(sender.receive(), "") << group; // a ServerHello or an alert
        }
        return cpu_time() - before;
    };
    static_cast<void>(cost_of("X25519")); // what is made once
    for (const char* group : {"ffdhe2048", "ffdhe8192"}) {
        // The gateway's own work in the background counts too, and its share of a round is larger on a busy
        // machine: a group is cheap if one pair of rounds says so. A costly one is costly in each.
        const auto is_cheap = [&] {
            const auto cheap = cost_of("X25519");
            // Two ticks of the clock that counts it, and one handshake of ffdhe8192 alone takes six.
            return cost_of(group) <= cheap + std::chrono::milliseconds{20};
        };
        bool one_was = false;
        for (int rounds = 0; rounds < 5 && !one_was; ++rounds)
            one_was = is_cheap();
        EXPECT_TRUE(one_was) << group;
    }
}

} // namespace
