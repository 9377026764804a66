// Which addresses hosts that are named by others may have.
#include "outbound/address_rules.hpp"

#include "unit/outbound/net_test.hpp"

namespace gateway::outbound {
namespace {

boost::asio::ip::address ip(const char* text) {
    return boost::asio::ip::make_address(text);
}

TEST(AddressRules, S04AnAddressThatIsNotOfThePublicInternetIsRefused) {
    for (const char* text : {"0.0.0.0",
                             "0.1.2.3",
                             "10.0.0.1",
                             "10.255.255.255",
                             "100.64.0.1",
                             "100.127.255.255",
                             "127.0.0.1",
                             "127.255.255.254",
                             "169.254.169.254",
                             "172.16.0.1",
                             "172.31.255.255",
                             "192.0.0.1",
                             "192.0.2.1",
                             "192.88.99.1",
                             "192.168.0.1",
                             "198.18.0.1",
                             "198.19.255.255",
                             "198.51.100.1",
                             "203.0.113.9",
                             "224.0.0.1",
                             "239.255.255.255",
                             "240.0.0.1",
                             "255.255.255.255",
                             "::",
                             "::1",
                             "::127.0.0.1",
                             "::ffff:10.0.0.1",
                             "::ffff:127.0.0.1",
                             "::ffff:169.254.169.254",
                             "64:ff9b::10.0.0.1",
                             "64:ff9b::a9fe:a9fe",
                             "64:ff9b:1::1",
                             "100::1",
                             "2001::1",
                             "2001:20::1",
                             "2001:db8::1",
                             "2002:a00:1::1",
                             "2002:7f00:1::1",
                             "3fff::1",
                             "5f00::1",
                             "fc00::1",
                             "fd12:3456::1",
                             "fe80::1",
                             "fe80::1%1",
                             "fec0::1",
                             "ff02::1"})
        EXPECT_FALSE(is_public_address(ip(text))) << text;
    for (const char* text : {"1.1.1.1",          "8.8.8.8",         "9.255.255.255",
                             "11.0.0.1",         "100.63.255.255",  "100.128.0.1",
                             "126.1.1.1",        "128.0.0.1",       "169.253.1.1",
                             "172.15.1.1",       "172.32.0.1",      "192.0.1.1",
                             "192.167.1.1",      "192.169.1.1",     "198.17.1.1",
                             "198.20.1.1",       "223.255.255.255", "::ffff:8.8.8.8",
                             "64:ff9b::8.8.8.8", "2001:200::1",     "2001:4860:4860::8888",
                             "2002:808:808::1",  "2606:4700::1111", "2a00:1450::1",
                             "3ffe::1"})
        EXPECT_TRUE(is_public_address(ip(text))) << text;
}

TEST(AddressRules, S04OneBadAddressAmongGoodOnesRefusesAll) {
    const address_rules rules({"*.svc.example", "10.1.2.3"});
    EXPECT_TRUE(rules.permit("shop.example", {ip("1.1.1.1"), ip("2606:4700::1111")}));
    EXPECT_FALSE(rules.permit("shop.example", {ip("1.1.1.1"), ip("10.0.0.1")}));
    EXPECT_TRUE(rules.permit("a.svc.example", {ip("10.0.0.1")})) << "allowed by name";
    EXPECT_FALSE(rules.permit("a.svc.example.evil.example", {ip("10.0.0.1")}));
}

class AddressChecks : public NetTest {};

TEST_F(AddressChecks, S05TheAddressThatWasCheckedIsTheOneThatIsConnectedTo) {
    const auto server = serve([](peer& p) {
        p.read_head();
        p.write(answer("hi"));
        p.wait_for_end();
    });
    const address_rules strict({}), lax({"tiktok.test"});
    client_limits limits;
    limits.addresses = &strict;
    const auto refused = get(with(limits), *server);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::forbidden);
    EXPECT_EQ(server->connections(), 0);
    limits.addresses = &lax;
    EXPECT_TRUE(get(with(limits), *server));
}

/// A name server that gives a public address first and loopback then; each lookup is checked by itself.
TEST_F(AddressChecks, S05ANameThatChangesIsCheckedAtEachConnection) {
    const auto server = serve([](peer& p) { p.wait_for_end(); });
    int asked = 0;
    resolver_options options;
    options.refresh_after = milliseconds{0};
    options.keep_last_good = milliseconds{0};
    options.lookup = [&asked](const std::string&) -> result<addresses> {
        return addresses{ip(asked++ == 0 ? "192.0.2.1" : "127.0.0.1")};
    };
    resolver changing(options);
    const address_rules strict({});
    client_limits limits;
    limits.addresses = &strict;
    client c(home, tls, changing, limits);
    for (int round = 0; round < 3; ++round) {
        const auto got = run_on(home, ask(c, {"tiktok.test", server->port()}, request, soon()));
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code(), errc::forbidden) << round;
    }
    EXPECT_EQ(server->connections(), 0);
}

} // namespace
} // namespace gateway::outbound
