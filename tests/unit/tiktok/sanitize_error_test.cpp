#include "tiktok/sanitize_error.hpp"

#include <gtest/gtest.h>

using namespace gateway;

TEST(PlainWords, G03RemovesWhatLooksLikeACredential) {
    EXPECT_EQ(tiktok::without_secrets("bad token act.abc!123 here", {}), "bad token [removed] here");
    EXPECT_EQ(tiktok::without_secrets("see https://up.example/video/?upload_id=1&upload_token=X.", {}),
              "see [removed]");
    EXPECT_EQ(tiktok::without_secrets("(\"opaque-77\")", "opaque-77"), "(\"[removed]\")");
    EXPECT_EQ(tiktok::without_secrets("The chunk size is invalid", "opaque-77"), "The chunk size is invalid");
    EXPECT_EQ(tiktok::without_secrets("", "opaque-77"), "");
}

TEST(PlainWords, CutsALongMessageBetweenCharacters) {
    std::string text(tiktok::message_bytes_max - 1, 'x');
    text += "ä and more";
    EXPECT_EQ(tiktok::without_secrets(text, {}).size(), tiktok::message_bytes_max - 1);
}

TEST(PlainWords, G03TakesCodesAndLogIdsInTheirOwnShapeOnly) {
    EXPECT_EQ(tiktok::plain_code("spam_risk_too_many_posts"), "spam_risk_too_many_posts");
    EXPECT_EQ(tiktok::plain_code("act.abc"), "");
    EXPECT_EQ(tiktok::plain_code(std::string(65, 'a')), "");
    EXPECT_EQ(tiktok::plain_log_id("202210112248442CB9319E1FB30C1073F3", "tok"),
              "202210112248442CB9319E1FB30C1073F3");
    EXPECT_EQ(tiktok::plain_log_id("Ltoken7", "token7"), "");
    EXPECT_EQ(tiktok::plain_log_id("a b", {}), "");
}
