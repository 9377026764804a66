#include "user_api/display_name.hpp"

#include <gtest/gtest.h>

namespace gateway::user_api {
namespace {

std::string named(const std::string& name) {
    return display_name_in(R"({"user":{"display_name":")" + name + R"("}})");
}

TEST(DisplayName, IsTextWithoutControlCharacters) {
    EXPECT_EQ(named("Alice"), "Alice");
    EXPECT_EQ(named(R"(A\u0000l\ni\u007fce)"), "Alice");
    EXPECT_EQ(named("\u00e9\u00e8"), "\u00e9\u00e8");
}

TEST(DisplayName, HasAHundredCharactersAtMost) {
    EXPECT_EQ(named(std::string(101, 'x')), std::string(100, 'x'));
    std::string long_name, cut;
    for (int letter = 0; letter < 150; ++letter) {
        long_name += "\u00e9";
        if (letter < 100) cut += "\u00e9";
    }
    EXPECT_EQ(named(long_name), cut);
}

TEST(DisplayName, IsEmptyWhereTikTokToldNone) {
    for (const char* data : {"", "[]", "{}", R"({"user":null})", R"({"user":["display_name"]})",
                             R"({"user":{}})", R"({"user":{"display_name":7}})"})
        EXPECT_EQ(display_name_in(data), "") << data;
}

} // namespace
} // namespace gateway::user_api
