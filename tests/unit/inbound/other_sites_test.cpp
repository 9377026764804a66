// Requests that a browser marks as sent for another site.
#include "inbound/other_sites.hpp"

#include <gtest/gtest.h>

namespace gateway::inbound {
namespace {

bool passes(const std::string& fields, std::string_view own_url = "https://gateway.example/base") {
    return refuse_other_sites("GET /v1/users HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n", own_url)
        .has_value();
}

TEST(OtherSites, AuditGProgramsAndOwnPagesPass) {
    for (const char* fields :
         {"", "Origin: http://localhost\r\n", "Origin: http://localhost:8080\r\n",
          "Origin: https://127.0.0.1:8443\r\n", "Origin: http://127.8.8.8\r\n",
          "Origin: http://[::1]:8080\r\n", "Origin: https://gateway.example\r\n",
          "ORIGIN: https://gateway.example\r\n", "Origin: https://gateway.example:443\r\n",
          "Sec-Fetch-Site: same-origin\r\n", "Sec-Fetch-Site: none\r\n",
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
                               "Origin: http://localhost/page\r\n",
                               "Origin: http://localhost, https://evil.example\r\n",
                               "Origin: http://localhost\r\nOrigin: https://evil.example\r\n",
                               "Sec-Fetch-Site: cross-site\r\n",
                               "Sec-Fetch-Site: same-site\r\n",
                               "Sec-Fetch-Site: what\r\n",
                               "Sec-Fetch-Site:\r\n",
                               "sec-fetch-site: none\r\nSec-Fetch-Site: cross-site\r\n",
                               "Origin: http://localhost\r\nSec-Fetch-Site: cross-site\r\n",
                               "Origin: https://evil.example\r\nSec-Fetch-Site: same-origin\r\n"})
        EXPECT_FALSE(passes(fields)) << fields;
}

TEST(OtherSites, AuditGAPublicUrlWithAPortHasAnOriginWithIt) {
    EXPECT_TRUE(passes("Origin: https://gateway.example:8443\r\n", "https://gateway.example:8443"));
    EXPECT_FALSE(passes("Origin: https://gateway.example\r\n", "https://gateway.example:8443"));
    EXPECT_FALSE(passes("Origin: https://gateway.example\r\n", "no URL"));
}

} // namespace
} // namespace gateway::inbound
