// Requests that a browser marks as sent for another site.
#include "inbound/other_sites.hpp"

#include <gtest/gtest.h>

namespace gateway::inbound {
namespace {

bool passes(const std::string& fields, std::string_view own_url = "https://gateway.example/base",
            std::string_view host = "localhost:8080", bool tls = false) {
    const own_address here{host, tls, own_url};
    return refuse_other_sites("GET /v1/users HTTP/1.1\r\n" + fields + "\r\n", here).has_value();
}

TEST(OtherSites, AuditGProgramsAndOwnPagesPass) {
    for (const char* fields :
         {"", "Origin: http://localhost:8080\r\n", "Origin: https://LOCALHOST:8080\r\n",
          "Origin: https://gateway.example\r\n", "ORIGIN: https://gateway.example\r\n",
          "Origin: https://gateway.example:443\r\n", "Sec-Fetch-Site: same-origin\r\n",
          "Sec-Fetch-Site: none\r\n",
          "Origin: https://gateway.example\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n",
          "X-Origin: https://evil.example\r\nReferer: https://evil.example/\r\n"})
        EXPECT_TRUE(passes(fields)) << fields;
}

TEST(OtherSites, AuditGEveryOtherMarkIsRefused) {
    for (const char* fields : {"Origin: https://evil.example\r\n",
                               "origin: https://evil.example\r\n",
                               "Origin: null\r\n",
                               "Origin:\r\n",
                               "Origin: http://gateway.example\r\n",
                               "Origin: https://gateway.example:8443\r\n",
                               "Origin: https://gateway.example.evil.example\r\n",
                               "Origin: https://evil.gateway.example\r\n",
                               "Origin: http://localhost.evil.example\r\n",
                               "Origin: http://localhost@evil.example\r\n",
                               "Origin: http://127.0.0.1.evil.example\r\n",
                               "Origin: http://localhost:80:evil\r\n",
                               "Origin: http://2130706433\r\n",
                               "Origin: localhost\r\n",
                               "Origin: file://localhost\r\n",
                               "Origin: chrome-extension://abcdefgh\r\n",
                               "Origin: http://localhost:8080/page\r\n",
                               "Origin: http://localhost:8080, https://evil.example\r\n",
                               "Origin: http://localhost:8080\r\nOrigin: https://evil.example\r\n",
                               "Sec-Fetch-Site: cross-site\r\n",
                               "Sec-Fetch-Site: same-site\r\n",
                               "Sec-Fetch-Site: what\r\n",
                               "Sec-Fetch-Site:\r\n",
                               "sec-fetch-site: none\r\nSec-Fetch-Site: cross-site\r\n",
                               "Origin: http://localhost:8080\r\nSec-Fetch-Site: cross-site\r\n",
                               "Origin: https://evil.example\r\nSec-Fetch-Site: same-origin\r\n"})
        EXPECT_FALSE(passes(fields)) << fields;
}

TEST(OtherSites, AuditGAPublicUrlWithAPortHasAnOriginWithIt) {
    EXPECT_TRUE(passes("Origin: https://gateway.example:8443\r\n", "https://gateway.example:8443"));
    EXPECT_FALSE(passes("Origin: https://gateway.example\r\n", "https://gateway.example:8443"));
    EXPECT_FALSE(passes("Origin: https://gateway.example\r\n", "no URL"));
}

TEST(OtherSites, AuditGAnotherServerOfThisHostIsAnotherSite) {
    for (const char* origin : {"http://localhost", "http://localhost:3000", "https://localhost",
                               "http://127.0.0.1:8080", "http://[::1]:8080", "https://localhost:8443"})
        EXPECT_FALSE(passes("Origin: " + std::string(origin) + "\r\n")) << origin;
}

TEST(OtherSites, AuditGAHostWithoutAPortIsThatOfTheListenersScheme) {
    const auto own = [](const std::string& origin, const char* host, bool tls) {
        return passes("Origin: " + origin + "\r\n", "no URL", host, tls);
    };
    EXPECT_TRUE(own("http://127.0.0.1", "127.0.0.1", false));
    EXPECT_TRUE(own("http://127.0.0.1:80", "127.0.0.1", false));
    EXPECT_TRUE(own("https://[::1]", "[::1]", true));
    EXPECT_TRUE(own("https://localhost:443", "localhost", true));
    EXPECT_FALSE(own("https://localhost", "localhost", false)) << "port 443, and this is 80";
    EXPECT_FALSE(own("http://localhost", "localhost", true)) << "and the other way round";
    EXPECT_FALSE(own("http://127.0.0.1:8080", "127.0.0.1", false));
    EXPECT_FALSE(own("http://127.0.0.1", "", false));
}

} // namespace
} // namespace gateway::inbound
