#include "base/url_rules.hpp"

#include <gtest/gtest.h>

namespace gateway {
namespace {

TEST(WebAddress, IsTakenApart) {
    const web_url whole{true, "app.example", 8443, "/back/to~it;x=%20"};
    EXPECT_EQ(read_web_address("https://App.Example:8443/back/to~it;x=%20"), whole);
    const web_url short_one{false, "localhost", 80, ""};
    EXPECT_EQ(read_web_address("http://localhost"), short_one);
    const web_url six{true, "[2001:db8::1]", 443, "/"};
    EXPECT_EQ(read_web_address("https://[2001:DB8::1]/"), six);
}

TEST(WebAddress, G01RefusesWhatTwoParsersCouldReadDifferently) {
    for (const char* url : {"",
                            "https://",
                            "https:///x",
                            "https:a.example",
                            "ftp://a.example",
                            "HTTPS://a.example",
                            "//a.example",
                            "https://a..b",
                            "https://.a",
                            "https://a.",
                            "https://-a.example",
                            "https://a-.example",
                            "https://a_b.example",
                            "https://%61.example",
                            "https://*",
                            "https://*.example",
                            "https://[[[%%%",
                            "https://[::1",
                            "https://::1",
                            "https://[::1]x",
                            "https://[1.2.3.4]",
                            "https://[fe80::1%25eth0]",
                            "https://a:b:c",
                            "https://a:99999",
                            "https://a:0",
                            "https://a:",
                            "https://a:+1",
                            "https://a: 1",
                            "https://1.2.3",
                            "https://0x7f.1",
                            "https://2130706433",
                            "https://127.1",
                            "https://256.1.1.1",
                            "https://a.example.1",
                            "https://user@a.example",
                            "https://a.example?x",
                            "https://a.example/?x",
                            "https://a.example/#x",
                            "https://a.example#x",
                            "https://a.example/a b",
                            "https://a.example/*",
                            "https://a.example/..",
                            "https://a.example/./x",
                            "https://a.example/%2e%2E/x",
                            "https://a.example/%2Fx",
                            "https://a.example/%5cx",
                            "https://a.example/%zz",
                            "https://a.example/%2",
                            "https://a.example\\x",
                            "https://a.example/\xc3\xa4",
                            "https://b\xc3\xbc.example"})
        EXPECT_FALSE(read_web_address(url)) << url;
    EXPECT_FALSE(read_web_address("https://" + std::string(64, 'a') + ".example"));
}

TEST(WebAddress, FaultCARuleAboutAPathLooksAtThePathOnly) {
    EXPECT_TRUE(read_web_address("https://a.example/v1%2e2/a.b..c"));
    EXPECT_FALSE(read_web_address("https://a.example/a?next=%2Fapp")) << "a query has no place in a prefix";
    EXPECT_FALSE(read_web_address("https://a.example?next=/app"));
}

TEST(WebAddress, KnowsLoopbackByTheWholeHost) {
    for (const char* url :
         {"http://localhost:1/", "http://127.0.0.1", "http://127.9.9.9:80", "http://[::1]:5/x"})
        EXPECT_TRUE(read_web_address(url)->on_loopback()) << url;
    for (const char* url : {"http://127.0.0.1.evil.example", "http://localhost.evil.example",
                            "http://128.0.0.1", "http://[::2]", "http://a.example"})
        EXPECT_FALSE(read_web_address(url)->on_loopback()) << url;
}

} // namespace
} // namespace gateway
