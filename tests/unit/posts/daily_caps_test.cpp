// What is left of TikTok's daily caps, by the posts of the ledger.
#include "posts/daily_caps.hpp"

#include <gtest/gtest.h>

namespace gateway::posts {
namespace {

constexpr milliseconds hour{3'600'000};
const wall_time now = from_unix_ms(1'795'000'000'000);

store::post_record post(const std::string& kind, milliseconds age, const std::string& status,
                        const std::string& id = "p1") {
    store::post_record out;
    out.id = publish_id::trusted(id);
    out.kind = kind;
    out.status = status;
    out.created_at = now - age;
    return out;
}

TEST(DailyCaps, ADraftCountsUntilItsEndOrForADay) {
    for (const char* kind : {"inbox_file", "inbox_url", "inbox_photo"}) {
        EXPECT_TRUE(is_pending_share(post(kind, hour, "SEND_TO_USER_INBOX"), now)) << kind;
        EXPECT_TRUE(is_pending_share(post(kind, hour, "PROCESSING_UPLOAD"), now)) << kind;
    }
    EXPECT_FALSE(is_pending_share(post("inbox_file", hour, "PUBLISH_COMPLETE"), now));
    EXPECT_FALSE(is_pending_share(post("inbox_file", hour, "FAILED"), now));
    EXPECT_FALSE(is_pending_share(post("inbox_file", hour, "", ""), now)) << "TikTok may have none";
    EXPECT_FALSE(is_pending_share(post("direct_file", hour, "PROCESSING_UPLOAD"), now));
    EXPECT_TRUE(is_pending_share(post("inbox_file", 24 * hour - milliseconds{1}, "SEND_TO_USER_INBOX"), now));
    EXPECT_FALSE(is_pending_share(post("inbox_file", 24 * hour, "SEND_TO_USER_INBOX"), now));
}

TEST(DailyCaps, ADirectPostCountsForADayUnlessItFailed) {
    for (const char* kind : {"direct_file", "direct_url", "direct_photo"}) {
        EXPECT_TRUE(is_direct_of_today(post(kind, hour, "PUBLISH_COMPLETE"), now)) << kind;
        EXPECT_TRUE(is_direct_of_today(post(kind, hour, "PROCESSING_DOWNLOAD"), now)) << kind;
    }
    EXPECT_FALSE(is_direct_of_today(post("direct_file", hour, "FAILED"), now));
    EXPECT_FALSE(is_direct_of_today(post("direct_file", 24 * hour, "PUBLISH_COMPLETE"), now));
    EXPECT_FALSE(is_direct_of_today(post("inbox_file", hour, "PUBLISH_COMPLETE"), now));
}

TEST(DailyCaps, WhatIsLeftIsNeverLessThanNothingAndACapThatIsNotKnownIsNotTold) {
    const std::vector<store::post_record> recent{post("inbox_file", hour, "SEND_TO_USER_INBOX"),
                                                 post("inbox_photo", hour, "PROCESSING_DOWNLOAD"),
                                                 post("direct_file", hour, "PUBLISH_COMPLETE")};
    const auto usual = left_of({}, recent, now);
    EXPECT_EQ(usual.pending_shares, 3U);
    EXPECT_EQ(usual.direct_posts, 14U);
    EXPECT_FALSE(usual.active_users);
    const auto less = left_of({.pending_shares = 1, .direct_posts = 0, .active_users = 0}, recent, now);
    EXPECT_EQ(less.pending_shares, 0U);
    EXPECT_FALSE(less.direct_posts);
}

TEST(DailyCaps, TheRefusalTellsWhenTheOldestDraftIsADayOld) {
    const auto why = too_many_pending_shares(
        {post("inbox_file", hour, "SEND_TO_USER_INBOX"), post("inbox_file", 23 * hour, "SEND_TO_USER_INBOX")},
        2, now);
    EXPECT_EQ(why.code(), errc::rate_limited);
    EXPECT_EQ(why.details()->scope, limit_scope::tiktok_daily);
    EXPECT_EQ(why.details()->retry_after, hour);
    EXPECT_NE(why.message().find("in 60 minutes."), std::string::npos) << why.message();
}

} // namespace
} // namespace gateway::posts
