// The reading actions: TikTok's data in the answer to the caller.
#include "flow/action_test.hpp"
#include "harness/raw_socket.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

namespace {

using testing::HasSubstr;

class Reading : public action_test {};

TEST_F(Reading, EachUserRouteHasItsDefaultFields) {
    const auto user = another_user();
    const auto keys_of = [&](const char* route) {
        std::string keys;
        const auto got = w.api().get(path_of(user, route));
        EXPECT_EQ(got.status, 200) << got.raw;
        const auto fields = got.at("data.user");
        if (fields.is_object())
            for (const auto& field : fields.as_object())
                (keys += keys.empty() ? "" : ",") += field.key();
        return keys;
    };
    EXPECT_EQ(keys_of("/info"), "open_id,union_id,avatar_url,display_name");
    EXPECT_EQ(keys_of("/profile"), "username,bio_description,profile_deep_link,is_verified");
    EXPECT_EQ(keys_of("/stats"), "follower_count,following_count,likes_count,video_count");
}

TEST_F(Reading, FaultLReadsAreRetriedAgainSomeTimeAfterTheBudgetWasSpent) {
    w.options.variables["TIKTOK_GATEWAY__WORKERS"] = "1"; // each worker has its own memory budget
    const auto user = another_user();
    constexpr const char* path = "/v2/user/info/";
    tiktok_refuses(path, 500, "internal_error");
    constexpr int calls_max = 50;
    int calls = 0;
    for (std::size_t seen = calls_of(path), before = 0; calls < calls_max && seen != before + 1; ++calls) {
        before = seen;
        EXPECT_EQ(w.api().get(path_of(user, "/info")).code(), "tiktok_error");
        seen = calls_of(path);
    }
    ASSERT_LT(calls, calls_max) << "the budget is bounded";
    w.tiktok().clear_faults();

    harness::raw_socket quiet(w.gateway().port(), w.heard());
    EXPECT_EQ(quiet.receive(gateway::milliseconds{2'500}), ""); // without calls meanwhile
    tiktok_refuses(path, 500, "internal_error", 1);
    const auto got = w.api().get(path_of(user, "/info"));
    EXPECT_EQ(got.status, 200) << got.raw;
}

TEST_F(Reading, AnyUserFieldMayBeAskedOnAnyUserRoute) {
    const auto user = another_user();
    const auto got = w.api().get(path_of(user, "/stats?fields=display_name&fields=follower_count"));
    EXPECT_EQ(got.text_at("data.user.display_name"), "Alice");
    EXPECT_EQ(got.at("data.user.follower_count"), 18234);
    EXPECT_TRUE(got.at("successful").as_bool());
    EXPECT_TRUE(got.at("error").is_null());
}

TEST_F(Reading, DefaultsAreCutToWhatWasGrantedAndAWishIsRefusedByName) {
    const auto user = another_user({{"scopes", {"user.info.basic"}}});
    EXPECT_EQ(w.api().get(path_of(user, "/info")).status, 200);
    const auto wish = w.api().get(path_of(user, "/info?fields=open_id,username"));
    EXPECT_EQ(wish.status, 403);
    EXPECT_EQ(wish.code(), "missing_scope");
    EXPECT_EQ(wish.text_at("problem.fields.0.field"), "username");
    const auto stats = w.api().get(path_of(user, "/stats"));
    EXPECT_EQ(stats.code(), "missing_scope");
    const auto videos = w.api().get(path_of(user, "/videos"));
    EXPECT_EQ(videos.code(), "missing_scope");
    EXPECT_THAT(videos.text_at("error"), HasSubstr("video.list"));
    EXPECT_EQ(calls_of("/v2/user/info/"), 2U) << "of the import and of /info; a refusal causes none";
    EXPECT_EQ(calls_of("/v2/video/list/"), 0U);
}

TEST_F(Reading, VideosComePageByPageWithStringCursors) {
    const auto user = another_user();
    const auto first = w.api().get(path_of(user, "/videos"));
    ASSERT_EQ(first.status, 200) << first.raw;
    EXPECT_EQ(first.at("data.videos").as_array().size(), 20U);
    EXPECT_TRUE(first.at("data.has_more").as_bool());
    const auto cursor = first.text_at("data.cursor");
    ASSERT_FALSE(cursor.empty());
    const auto second =
        w.api().get(path_of(user, "/videos?cursor=" + cursor + "&max_count=20&fields=id,title"));
    ASSERT_EQ(second.status, 200) << second.raw;
    EXPECT_EQ(second.at("data.videos").as_array().size(), 5U);
    EXPECT_FALSE(second.at("data.has_more").as_bool());
    EXPECT_FALSE(second.text_at("data.videos.0.id").empty());
}

TEST_F(Reading, SomeVideosCanBeAskedById) {
    const auto user = another_user();
    const auto listed = w.api().get(path_of(user, "/videos?max_count=2"));
    const auto id = listed.text_at("data.videos.1.id");
    const auto found = w.api().post(path_of(user, "/videos/query"),
                                    {{"video_ids", {id, "1"}}, {"fields", {"id", "like_count"}}});
    ASSERT_EQ(found.status, 200) << found.raw;
    ASSERT_EQ(found.at("data.videos").as_array().size(), 1U);
    EXPECT_EQ(found.text_at("data.videos.0.id"), id);
}

TEST_F(Reading, TheCreatorsOptionsAreShown) {
    const auto got = w.api().get(path_of(another_user(), "/creator"));
    ASSERT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(got.text_at("data.privacy_level_options.0"), "PUBLIC_TO_EVERYONE");
}

TEST_F(Reading, CreatorIdChoosesAConnectedUserOrIsRefused) {
    const auto alice = another_user();
    const auto bob = another_user({{"account", "bob"}});
    const auto open_id_of = [&](const std::string& user) {
        return w.api().get("/v1/users/" + user).text_at("data.open_id");
    };
    const auto own = w.api().get(path_of(alice, "/videos?creator_id=" + open_id_of(alice)));
    EXPECT_EQ(own.at("data.videos").as_array().size(), 20U) << own.raw;
    const auto bobs = w.api().get(path_of(alice, "/videos?creator_id=" + open_id_of(bob)));
    ASSERT_EQ(bobs.status, 200) << bobs.raw;
    EXPECT_EQ(bobs.at("data.videos").as_array().size(), 1U);
    const auto stranger =
        w.api().get(path_of(alice, "/videos?creator_id=723f24d7-e717-40f8-a2b6-cb8464cd23b4"));
    EXPECT_EQ(stranger.status, 403);
    EXPECT_EQ(stranger.code(), "creator_not_authorized");
    EXPECT_EQ(calls_of("/v2/video/list/"), 2U);
}

TEST_F(Reading, AnExpiredTokenIsRefreshedOnTheWay) {
    const auto user = another_user();
    EXPECT_EQ(w.api().get(path_of(user, "/info")).status, 200);
    EXPECT_EQ(w.tiktok().control().post("/tokens/expire", {{"account", "alice"}}).status, 200);
    const auto got = w.api().get(path_of(user, "/info"));
    EXPECT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(calls_of("/v2/oauth/token/"), 1U);
}

TEST_F(Reading, ARevokedUserHasToConnectAgain) {
    const auto user = another_user();
    EXPECT_EQ(w.tiktok().control().post("/tokens/revoke", {{"account", "alice"}}).status, 200);
    const auto got = w.api().get(path_of(user, "/info"));
    EXPECT_EQ(got.status, 409);
    EXPECT_EQ(got.code(), "reconnect_required");
}

TEST_F(Reading, C27UnknownUsersAllSoundTheSame) {
    w.options.variables["TIKTOK_GATEWAY__CALLERS"] =
        "[{name: narrow, users: ['shop-*'], key_sha256: " + sha256_of(w.caller_key()) + "}]";
    const harness::fields same_id{{"X-Request-Id", "one-and-the-same"}};
    for (const char* target : {"/info", "/videos", "/posts", "", "/posts/v_pub_file~v2-1.7"}) {
        const auto outside = w.api().get("/v1/users/bank-1" + std::string(target), same_id);
        const auto unknown = w.api().get("/v1/users/shop-1" + std::string(target), same_id);
        EXPECT_EQ(outside.status, 404) << target;
        EXPECT_EQ(outside.code(), "user_not_connected");
        EXPECT_EQ(outside.body, unknown.body) << target;
    }
}

TEST_F(Reading, QuotasAndWindowsAreTold) {
    w.options.settings = "limits: {tiktok: {user_info_per_minute: 3}}\n"; // one is the import's question
    w.options.requests_per_minute = 50;
    const auto user = another_user();
    const auto first = w.api().get(path_of(user, "/info"));
    EXPECT_THAT(first.header("ratelimit-policy"), HasSubstr(R"("caller";q=50;w=60)"));
    EXPECT_THAT(first.header("ratelimit-policy"), HasSubstr(R"("tiktok_user";q=3;w=60)"));
    EXPECT_THAT(first.header("ratelimit"), testing::StartsWith(R"("tiktok_user";r=1;t=)"));
    EXPECT_EQ(w.api().get(path_of(user, "/info")).status, 200);
    const auto third = w.api().get(path_of(user, "/info"));
    EXPECT_EQ(third.status, 429);
    EXPECT_EQ(third.code(), "rate_limited");
    EXPECT_EQ(third.text_at("problem.limit_scope"), "tiktok_user");
    EXPECT_FALSE(third.header("retry-after").empty());
    EXPECT_EQ(calls_of("/v2/user/info/"), 3U);
}

TEST_F(Reading, ACallerHasItsOwnQuota) {
    w.options.requests_per_minute = 3;
    const auto user = another_user(); // the first user
    EXPECT_EQ(w.api().get(path_of(user, "/info")).status, 200);
    EXPECT_EQ(w.api().get(path_of(user, "/info")).status, 200);
    const auto refused = w.api().get(path_of(user, "/info"));
    EXPECT_EQ(refused.status, 429) << refused.raw;
    EXPECT_EQ(refused.text_at("problem.limit_scope"), "caller");
    EXPECT_FALSE(refused.header("retry-after").empty());
}

TEST_F(Reading, AShorterWishIsKept) {
    const auto user = another_user();
    w.tiktok().add_fault({{"match", {{"path", "/v2/user/info/"}}}, {"do", {{"hang", true}}}, {"times", -1}});
    const auto began = gateway::steady_now();
    const auto late = w.api().get(path_of(user, "/info"), {{"X-Request-Timeout", "0.5"}});
    EXPECT_EQ(late.status, 504) << late.raw;
    EXPECT_EQ(late.code(), "deadline_exceeded");
    EXPECT_LT(gateway::steady_now() - began, gateway::seconds{5});
    EXPECT_EQ(w.api().get(path_of(user, "/info"), {{"X-Request-Timeout", "soon"}}).status, 422);
}

TEST_F(Reading, TikTokDownIsSaidAsSuch) {
    const auto user = another_user();
    w.tiktok().add_fault(
        {{"match", {{"path", "/v2/user/info/"}}}, {"do", {{"reset_before_answer", true}}}, {"times", -1}});
    const auto got = w.api().get(path_of(user, "/info"), {{"X-Request-Timeout", "5"}});
    EXPECT_EQ(got.status, 502) << got.raw;
    EXPECT_EQ(got.code(), "tiktok_unreachable");
    EXPECT_TRUE(got.at("problem.retryable").as_bool());
}

} // namespace
