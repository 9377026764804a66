// Requests that a browser marks as sent for another site.
#include "inbound/other_sites.hpp"

#include <gtest/gtest.h>

namespace gateway::inbound {
namespace {

bool passes(const std::string& fields, std::string_view own_url = "https://gateway.example/base",
            std::string_view host = "localhost:8080") {
    return refuse_other_sites("GET /v1/users HTTP/1.1\r\n" + fields + "\r\n", host, own_url).has_value();
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

TEST(OtherSites, AuditGAHostWithoutAPortIsThatOfItsScheme) {
    EXPECT_TRUE(passes("Origin: http://127.0.0.1\r\n", "no URL", "127.0.0.1"));
    EXPECT_TRUE(passes("Origin: http://127.0.0.1:80\r\n", "no URL", "127.0.0.1"));
    EXPECT_TRUE(passes("Origin: https://[::1]\r\n", "no URL", "[::1]"));
    EXPECT_FALSE(passes("Origin: http://127.0.0.1:8080\r\n", "no URL", "127.0.0.1"));
    EXPECT_FALSE(passes("Origin: http://127.0.0.1\r\n", "no URL", ""));
}

} // namespace
} // namespace gateway::inbound
