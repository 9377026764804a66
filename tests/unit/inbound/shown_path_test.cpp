#include "inbound/shown_path.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gateway::inbound {
namespace {

TEST(ShownPath, DeathLKeepsWordsSoThatAMisspeltRouteIsRecognized) {
    for (const char* path : {"/v1/users/anna/vidoes", "/v1/user/basic-info", "/v2/users", "/favicon.ico", "/",
                             "/v1/actions/TIKTOK_FETCH_PUBLISH_STATUS", "", "/v1//users/"})
        EXPECT_EQ(shown_path(path), path);
}

TEST(ShownPath, G03DeathLReplacesWhatCouldBeASecretOrAPartOfOne) {
    const std::string key = "tgk_0123456789abcdef0123456789abcdef";
    EXPECT_EQ(shown_path("/v1/" + key + "/videos"), "/v1/*/videos");
    EXPECT_EQ(shown_path("/callback/act.Q1w2E3r4T5y6U7i8O9p0"), "/callback/*");
    EXPECT_EQ(shown_path("/media/c2VjcmV0LXdpdGgtc2xhc2hlcw"), "/media/*");
    EXPECT_EQ(shown_path("/x/" + std::string(40, 'a')), "/x/*") << "too long for a word";
    EXPECT_EQ(shown_path("/a%20b/key%3Dvalue"), "/*/*");
    EXPECT_EQ(shown_path("/code=1/a;b/\x1b[2J"), "/*/*/*");
    // base64 in pieces
    EXPECT_EQ(shown_path("/q1W2e3R4/t5Y6u7I8/o9P0a1S2"), "/q1W2e3R4/*/*");
}

TEST(ShownPath, DeathLIsShortWhateverComes) {
    std::string path;
    while (path.size() < 8'000)
        path += "/ab";
    EXPECT_LE(shown_path(path).size(), 256U);
}

} // namespace
} // namespace gateway::inbound
