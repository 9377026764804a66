#include "base/url_rules.hpp"

#include <gtest/gtest.h>

using namespace gateway;

namespace {

bool fine(std::string_view url, const std::vector<std::string>& prefixes = {}) {
    return !refuse_url(url, prefixes);
}

} // namespace

TEST(UrlRules, TakesPlainHttpsUrls) {
    for (const char* url :
         {"https://cdn.example.com/v/1.mp4?sig=a%2Fb&x=1", "HTTPS://CDN.Example.COM:443/",
          "https://a.example", "https://xn--bcher-kva.example/a//b", "https://3com.example/x",
          "https://1.2.3.4.example/x", "https://a.example/a.b..c"})
        EXPECT_TRUE(fine(url)) << url;
}

TEST(UrlRules, S01RefusesEverythingElse) {
    for (const char* url : {"",
                            "http://a.example/",
                            "ftp://a.example/",
                            "https:/a.example",
                            "https:a.example",
                            "//a.example/",
                            "https://",
                            "https:///x",
                            "https://user@a.example/",
                            "https://user:pw@a.example/",
                            "https://a.example:8443/",
                            "https://a.example:/",
                            "https://a.example:0443/",
                            "https://a.example/#x",
                            "https://a.example\\@b.example/",
                            "https://a.example/\\x",
                            "https://a.example/a\tb",
                            "https://a.example/a\n",
                            " https://a.example/",
                            "https://a.example/ ",
                            "https://b\xc3\xbc"
                            "cher.example/",
                            "https://a.example/\xc3\xa9",
                            "https://a.example/%",
                            "https://a.example/%g0",
                            "https://a_b.example/",
                            "https://-a.example/",
                            "https://a..example/",
                            "https://.example/",
                            "https://a.example./",
                            "https://localhost/",
                            "https://a.example/a/../b",
                            "https://a.example/%2e%2E/b",
                            "https://a.example/.%2e",
                            "https://a.example/a%00b",
                            "https://a.example/?a\\b",
                            "https://a.example/?a\tb",
                            "https://a.example/?\xc3\xa9",
                            "https://a.example/?a#b",
                            "https://a.example?x=1#b",
                            "https://a%2eexample/",
                            "https://a.example,b.example/",
                            "https://a.example/<",
                            "https://a.example/|"})
        EXPECT_FALSE(fine(url)) << url;
    EXPECT_TRUE(fine("https://a.example/" + std::string(4096 - 18, 'a')));
    EXPECT_FALSE(fine("https://a.example/" + std::string(4097 - 18, 'a')));
}

TEST(UrlRules, FaultCARuleAboutAPathLooksAtThePathOnly) {
    // What is not allowed in a path is allowed in a query, and neither changes the host.
    const char* const odd[] = {"..",         "/../",
                               "/./",        "%2e%2e/",
                               "%2F",        "%2f%2e%2e%2f",
                               "%5c",        "%00",
                               "//",         "%",
                               "%zz",        "[]",
                               "a[]=1",      "{x}",
                               "|",          "^",
                               "`",          "<b>",
                               "\"q\"",      "?",
                               "??a=/",      "https://b.example/../",
                               "@b.example", ":8443",
                               "user:pw@"};
    for (const char* text : odd) {
        for (const char* before : {"https://a.example/v.mp4?", "https://a.example?",
                                   "https://a.example/v?next=", "https://a.example/?a=1&"})
            EXPECT_TRUE(fine(before + std::string(text))) << before << text;
        EXPECT_FALSE(fine("https://" + std::string(text) + "a.example/v.mp4")) << text;
    }
    for (const char* path :
         {"%2F", "a%2fb", "a%5Cb", "a%2f..%2fb", "%2e%2fa", "//", "a.b..c", "a%2Eb", "@b.example", ":8443"})
        EXPECT_TRUE(fine("https://a.example/" + std::string(path))) << path;
    for (const char* path :
         {"..", "a/..", "./a", "%2e", "a/%2E%2e/b", ".%2e", "%", "%zz", "[", "{x}", "|", "%00"})
        EXPECT_FALSE(fine("https://a.example/" + std::string(path))) << path;
}

TEST(UrlRules, FaultCEscapedSlashesMatterOnlyWhereAPrefixDecidesByThePath) {
    const std::vector<std::string> by_path{"https://good.example/videos/"};
    EXPECT_TRUE(fine("https://good.example/videos/1.mp4?next=%2F..%2f", by_path));
    EXPECT_TRUE(fine("https://good.example/videos/1.mp4?/../", by_path));
    EXPECT_TRUE(fine("https://good.example/videos?x=1", {"https://good.example/videos"}));
    EXPECT_TRUE(fine("https://good.example?x=/videos2", {"https://good.example/"}));
    for (const char* url : {"https://good.example/videos/a%2fb", "https://good.example/videos/..%2f..%2fx",
                            "https://good.example/videos/a%5cb"})
        EXPECT_EQ(refuse_url(url, by_path),
                  "must not hold escaped slashes, since a verified URL prefix decides by the path")
            << url;
    for (const char* url : {"https://good.example/videos%2fa", "https://good.example/%2fvideos/a",
                            "https://good.example/?/videos/a"})
        EXPECT_EQ(refuse_url(url, by_path), "is not under a verified URL prefix of the TikTok app") << url;
    for (const char* by_host : {"good.example", "https://good.example", "https://good.example/"})
        EXPECT_TRUE(fine("https://good.example/videos/a%2fb", {by_host})) << by_host;
    EXPECT_TRUE(fine("https://good.example/videos/a%2fb", {"https://good.example/videos/", "good.example"}));
    EXPECT_TRUE(refuse_url_prefix("https://good.example/a%2fb/"));
}

TEST(UrlRules, FaultHAUrlSignedWithASessionTokenIsTaken) {
    const std::string url = "https://bucket.s3.eu-central-1.amazonaws.com/v/1.mp4?X-Amz-Security-Token=";
    EXPECT_TRUE(fine(url + std::string(2100 - url.size(), 'A')));
    EXPECT_TRUE(fine(url + std::string(4096 - url.size(), 'A')));
    EXPECT_EQ(refuse_url(url + std::string(4097 - url.size(), 'A'), {}),
              "must not be longer than 4096 bytes");
}

TEST(UrlRules, S02ComparesPrefixesLabelByLabel) {
    const std::vector<std::string> prefix{"https://good.example/videos/"};
    EXPECT_TRUE(fine("https://good.example/videos/1.mp4", prefix));
    EXPECT_TRUE(fine("https://GOOD.example:443/videos/1.mp4", prefix));
    for (const char* url :
         {"https://good.example.evil.example/videos/1", "https://good.example@evil.example/videos/1",
          "https://good.example./videos/1", "https://evilgood.example/videos/1",
          "https://sub.good.example/videos/1", "https://good.example/Videos/1", "https://good.example/videos",
          "https://good.example/videos/../x", "https://good.example/?/videos/"})
        EXPECT_FALSE(fine(url, prefix)) << url;
    EXPECT_TRUE(fine("https://good.example/videos/1", {"https://good.example/videos"}));
    EXPECT_FALSE(fine("https://good.example/videos2/1", {"https://good.example/videos"}));
    EXPECT_TRUE(fine("https://good.example", {"https://good.example"}));
}

TEST(UrlRules, S02TakesAVerifiedDomainWithItsSubdomains) {
    const std::vector<std::string> domain{"Good.example"};
    EXPECT_TRUE(fine("https://good.example/x", domain));
    EXPECT_TRUE(fine("https://a.b.good.example/x", domain));
    EXPECT_FALSE(fine("https://evilgood.example/x", domain));
    EXPECT_FALSE(fine("https://good.example.evil.example/x", domain));
}

TEST(UrlRules, S03RefusesAddressesInEveryNotation) {
    for (const char* host : {"127.0.0.1",
                             "2130706433",
                             "0x7f000001",
                             "0x7f.0.0.1",
                             "0177.0.0.1",
                             "017700000001",
                             "127.1",
                             "127.0.1",
                             "0",
                             "0x0",
                             "[::1]",
                             "[::ffff:127.0.0.1]",
                             "[::127.0.0.1]",
                             "[fe80::1%25eth0]",
                             "[64:ff9b::7f00:1]",
                             "[2002:7f00:1::]",
                             "::1",
                             "127.0.0.1.",
                             "a.127",
                             "1.2.3.4.5",
                             "a.0x7f",
                             "%31%32%37.0.0.1"})
        EXPECT_FALSE(fine("https://" + std::string(host) + "/x")) << host;
}

TEST(UrlRules, JudgesThePrefixesOfTheSettings) {
    EXPECT_FALSE(refuse_url_prefix("https://a.example/videos/"));
    EXPECT_FALSE(refuse_url_prefix("example.com"));
    for (const char* bad :
         {"", "http://a.example/", "https://127.0.0.1/", "https://a.example/?x", "10.0.0.1", "a b"})
        EXPECT_TRUE(refuse_url_prefix(bad)) << bad;
}
