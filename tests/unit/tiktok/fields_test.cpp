#include "tiktok/fields.hpp"

#include "base/lists.hpp"

#include <gtest/gtest.h>

namespace gateway::tiktok {
namespace {

using names = std::vector<std::string>;
const names everything{"user.info.basic", "user.info.profile", "user.info.stats", "video.list"};

TEST(Fields, EveryUserFieldHasAScopeAndEveryDefaultIsAField) {
    for (const std::string& field : split_list(all_user_fields()))
        EXPECT_NE(scope_of_user_field(field), "");
    for (const user_view view : {user_view::basic_info, user_view::profile, user_view::stats})
        for (const std::string& field : split_list(default_fields(view)))
            EXPECT_NE(scope_of_user_field(field), "") << field;
    for (const std::string& field : split_list(default_video_fields()))
        EXPECT_TRUE(is_video_field(field));
    EXPECT_EQ(split_list(all_user_fields()).size(), 14U);
    EXPECT_EQ(split_list(all_video_fields()).size(), 16U);
}

TEST(Fields, GivesEachViewItsDefaults) {
    EXPECT_EQ(*user_fields(user_view::basic_info, {}, everything),
              "open_id,union_id,avatar_url,display_name");
    EXPECT_EQ(*user_fields(user_view::profile, {}, everything),
              "username,bio_description,profile_deep_link,is_verified");
    EXPECT_EQ(*user_fields(user_view::stats, {}, everything),
              "follower_count,following_count,likes_count,video_count");
}

TEST(Fields, RefusesDefaultsOfWhichNothingRemains) {
    const auto refused = user_fields(user_view::stats, {}, names{"user.info.basic"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::missing_scope);
    EXPECT_EQ(refused.error().details()->fields.size(), 4U);
}

TEST(Fields, NamesEachAskedFieldWhoseScopeIsMissing) {
    const names asked{"open_id", "username", "video_count"};
    const auto refused = user_fields(user_view::basic_info, asked, names{"user.info.basic"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::missing_scope);
    ASSERT_EQ(refused.error().details()->fields.size(), 2U);
    EXPECT_EQ(refused.error().details()->fields[0].field, "username");
    EXPECT_EQ(refused.error().details()->fields[1].field, "video_count");
    EXPECT_EQ(*user_fields(user_view::stats, {"username", "open_id", "username"}, everything),
              "username,open_id");
}

TEST(Fields, C24NamesEachUnknownField) {
    const auto refused = user_fields(user_view::profile, {"profile_web_link", "open_id", ""}, everything);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::invalid_input);
    ASSERT_EQ(refused.error().details()->fields.size(), 2U);
    EXPECT_EQ(refused.error().details()->fields[0].field, "fields[0]");
    EXPECT_EQ(refused.error().details()->fields[1].field, "fields[2]");
    EXPECT_EQ(video_fields({"id", "secret"}, everything).error().code(), errc::invalid_input);
}

TEST(Fields, VideosNeedTheirScope) {
    EXPECT_EQ(video_fields({}, names{"user.info.basic"}).error().code(), errc::missing_scope);
    EXPECT_EQ(*video_fields({}, everything), default_video_fields());
    EXPECT_EQ(*video_fields({"id", "is_aigc"}, everything), "id,is_aigc");
}

} // namespace
} // namespace gateway::tiktok
