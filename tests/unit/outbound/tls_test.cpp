// The TLS rules for the peer, the parameters we send, and cheap reconnects.
#include "unit/outbound/net_test.hpp"

#include <openssl/ssl.h>

namespace gateway::outbound {
namespace {

class Tls : public NetTest {
protected:
    static void play_one(peer& p) {
        for (;;) {
            p.read_head();
            p.write(answer(p.server_name() + (p.resumed() ? " resumed" : " full")));
        }
    }
    errc refusal_of(const gateway::testing::identity& who, const tls_client_context& rules,
                    const server_options& options = {}) {
        const loopback_server server(who, play_one, options);
        client c(home, rules, names, client_limits());
        const auto got = get(c, server);
        EXPECT_FALSE(got);
        EXPECT_TRUE(nothing_open(c));
        if (!got) {
            EXPECT_FALSE(got.error().details() && got.error().details()->may_have_reached_tiktok);
        }
        return got ? errc::internal : got.error().code();
    }
};

TEST_F(Tls, SendsTheServersNameAndVerifiesIt) {
    const auto server = serve(play_one);
    const auto got = get(with(client_limits()), *server);
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ("tiktok.test full", got->body());
}

TEST_F(Tls, VerifiesAnAddressAsAnAddress) {
    const loopback_server server(authority.issue("127.0.0.1"), play_one);
    const origin to{"127.0.0.1", server.port()};
    client& c = with(client_limits());
    const auto got = run_on(home, ask(c, to, request, soon()));
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ(" full", got->body()); // an address is not sent as SNI
    const loopback_server named(authority.issue("tiktok.test"), play_one);
    const origin wrong{"127.0.0.1", named.port()};
    const auto refused = run_on(home, ask(c, wrong, request, soon()));
    ASSERT_FALSE(refused);
    EXPECT_EQ(errc::tiktok_tls, refused.error().code());
}

TEST_F(Tls, U06RefusesAnUnknownAuthority) {
    const certificate_authority stranger;
    EXPECT_EQ(errc::tiktok_tls, refusal_of(stranger.issue("tiktok.test"), tls));
}

TEST_F(Tls, U06RefusesAWrongName) {
    EXPECT_EQ(errc::tiktok_tls, refusal_of(authority.issue("other.test"), tls));
}

TEST_F(Tls, U06AuditVNamesComeFromTheSanAlone) {
    gateway::testing::certificate_options in_the_subject;
    in_the_subject.names_in_san = false;
    for (const char* name : {"tiktok.test", "*.test"})
        EXPECT_EQ(errc::tiktok_tls, refusal_of(authority.issue(name, in_the_subject), tls)) << name;
    const loopback_server by_address(authority.issue("127.0.0.1", in_the_subject), play_one);
    const origin to{"127.0.0.1", by_address.port()};
    const auto refused = run_on(home, ask(with(client_limits()), to, request, soon()));
    ASSERT_FALSE(refused);
    EXPECT_EQ(errc::tiktok_tls, refused.error().code());
}

TEST_F(Tls, U06AuditVAWildcardStandsForOneWholeLabel) {
    EXPECT_EQ(errc::tiktok_tls, refusal_of(authority.issue("*.tiktok.test"), tls));
    EXPECT_EQ(errc::tiktok_tls, refusal_of(authority.issue("tik*.test"), tls));
}

TEST_F(Tls, U06RefusesAnExpiredCertificate) {
    EXPECT_EQ(errc::tiktok_tls, refusal_of(authority.issue("tiktok.test", -1), tls));
}

TEST_F(Tls, U06RefusesARevokedCertificate) {
    const auto revoked = authority.issue("tiktok.test"), good = authority.issue("tiktok.test");
    const tls_client_context rules(folder.write("crl.pem", authority.pem() + authority.revoke(revoked)));
    EXPECT_EQ(errc::tiktok_tls, refusal_of(revoked, rules));
    const loopback_server server(good, play_one);
    client c(home, rules, names, client_limits());
    EXPECT_TRUE(get(c, server));
}

TEST_F(Tls, U06RefusesAnOlderTls) {
    server_options old;
    old.version_max = TLS1_1_VERSION;
    EXPECT_EQ(errc::tiktok_tls, refusal_of(authority.issue("tiktok.test"), tls, old));
}

TEST_F(Tls, RefusesATrustFileThatIsNone) {
    EXPECT_THROW(tls_client_context(folder.write("no.pem", "hello")), std::runtime_error);
    EXPECT_THROW(tls_client_context("/does/not/exist.pem"), std::runtime_error);
}

TEST_F(Tls, ResumesTheSessionOnAReconnect) {
    for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        server_options options;
        options.version_max = version;
        const auto server = serve(play_one, options);
        {
            client first(home, tls, names, client_limits());
            const auto got = get(first, *server);
            ASSERT_TRUE(got) << got.error().message();
            EXPECT_EQ("tiktok.test full", got->body());
        }
        client second(home, tls, names, client_limits());
        const auto got = get(second, *server);
        ASSERT_TRUE(got) << got.error().message();
        EXPECT_TRUE(got->body().ends_with("resumed")) << got->body();
        EXPECT_EQ(2, server->connections());
    }
}

TEST_F(Tls, KeepsSessionsOfOneOriginFromAnother) {
    const auto one = serve(play_one), two = serve(play_one);
    client& c = with(client_limits());
    ASSERT_TRUE(get(c, *one));
    const auto got = get(c, *two);
    ASSERT_TRUE(got);
    EXPECT_EQ("tiktok.test full", got->body());
}

} // namespace
} // namespace gateway::outbound
