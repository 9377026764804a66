// What the list of posts tells (docs/promises.md M10).
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

namespace {

using testing::HasSubstr;

class PostEnds : public action_test {
protected:
    static harness::fields key(const std::string& text) { return {{"Idempotency-Key", text}}; }
    harness::answer status_of(const std::string& user, const std::string& id) {
        return w.api().get(path_of(user, "/posts/" + id));
    }
    boost::json::array posts_of(const std::string& user) {
        const auto got = w.api().get(path_of(user, "/posts"));
        EXPECT_EQ(got.status, 200) << got.raw;
        return got.at("data.posts").as_array();
    }
    static constexpr const char* status_path = "/v2/post/publish/status/fetch/";
    static constexpr const char* photos_init = "/v2/post/publish/content/init/";
    const boost::json::value photos{{"photo_images", {"https://media.example.com/1.jpg"}},
                                    {"photo_cover_index", 0},
                                    {"post_mode", "DIRECT_POST"}};
};

TEST_F(PostEnds, DeathCTheListKnowsTheEndOfAPrivatePost) {
    const auto user = another_user();
    const auto posted = upload(user, mp4(5'000), "publish=true"); // SELF_ONLY
    ASSERT_EQ(posted.status, 200) << posted.raw;
    const auto id = posted.text_at("data.publish_id");
    EXPECT_EQ(text_in(posts_of(user).at(0).as_object(), "state"), "processing");
    EXPECT_TRUE(posts_of(user).at(0).at("ended_at").is_null());
    settled_post(id, "PUBLISH_COMPLETE");
    ASSERT_EQ(status_of(user, id).text_at("data.state"), "published");

    const auto listed = posts_of(user).at(0).as_object();
    EXPECT_EQ(text_in(listed, "state"), "published");
    EXPECT_EQ(text_in(listed, "status"), "PUBLISH_COMPLETE");
    EXPECT_EQ(listed.at("publicaly_available_post_id"), boost::json::array{});
    EXPECT_GE(text_in(listed, "ended_at"), text_in(listed, "created_at"));
    const auto asked_before = calls_of(status_path);
    EXPECT_EQ(status_of(user, id).text_at("data.state"), "published");
    EXPECT_EQ(calls_of(status_path), asked_before) << "no id can come any more";
}

TEST_F(PostEnds, DeathCTheEndOfAPublicPostIsKnownBeforeItsIdsAre) {
    const auto user = another_user();
    const auto id =
        upload(user, mp4(5'000), "publish=true&privacy_level=PUBLIC_TO_EVERYONE").text_at("data.publish_id");
    settled_post(id, "PUBLISH_COMPLETE");
    const boost::json::array none;
    w.tiktok().add_fault(
        {{"match", {{"path", status_path}}},
         {"times", -1},
         {"do",
          {{"merge", {{"data", {{"status", "PUBLISH_COMPLETE"}, {"publicaly_available_post_id", none}}}}}}}});
    ASSERT_EQ(status_of(user, id).text_at("data.state"), "published");
    const auto early = posts_of(user).at(0).as_object();
    EXPECT_EQ(text_in(early, "state"), "published");
    EXPECT_FALSE(early.at("ended_at").is_null());
    w.tiktok().clear_faults();
    w.tiktok().add_fault(
        {{"match", {{"path", status_path}}},
         {"times", -1},
         {"do",
          {{"merge",
            {{"data",
              {{"status", "PUBLISH_COMPLETE"}, {"publicaly_available_post_id", 7602997517160123666}}}}}}}});
    EXPECT_EQ(status_of(user, id).text_at("data.publicaly_available_post_id.0"), "7602997517160123666");
    const auto late = posts_of(user).at(0).as_object();
    EXPECT_EQ(late.at("publicaly_available_post_id"), boost::json::array{"7602997517160123666"})
        << "TikTok told it as a number, and not as a list";
    EXPECT_EQ(late.at("ended_at"), early.at("ended_at"));
}

TEST_F(PostEnds, DeathNWhatWasRefusedIsNoPost) {
    w.options.settings =
        "limits:\n  tiktok: {video_init_per_minute: 1, inbox_init_per_minute: 1, "
        "content_init_per_minute: 3}\n";
    const auto user = another_user();
    const auto first = upload(user, mp4(5'000), "publish=true");
    ASSERT_EQ(first.status, 200) << first.raw;
    const auto draft = upload(user, mp4(6'000)).text_at("data.publish_id");
    settled_post(draft, "SEND_TO_USER_INBOX");
    for (const auto& own_key : {harness::fields{}, key("a")}) { // our window is full
        EXPECT_EQ(upload(user, mp4(5'000), "publish=true", own_key).code(), "rate_limited");
        EXPECT_EQ(
            w.api().post(path_of(user, "/posts/" + draft + "/publish"), {{"caption", "x"}}, own_key).code(),
            "rate_limited");
    }
    tiktok_refuses(photos_init, 403, "spam_risk_user_banned_from_posting", 1);
    EXPECT_EQ(w.api().post(path_of(user, "/photos"), photos).status, 403);
    w.tiktok().add_fault({{"match", {{"path", photos_init}}}, {"do", {{"reset_before_answer", true}}}});
    EXPECT_EQ(w.api().post(path_of(user, "/photos"), photos).code(), "outcome_unknown");

    const auto listed = posts_of(user);
    ASSERT_EQ(listed.size(), 3U) << listed;
    EXPECT_EQ(text_in(listed.at(0).as_object(), "state"), "unconfirmed");
    EXPECT_EQ(text_in(listed.at(1).as_object(), "publish_id"), draft);
    EXPECT_EQ(text_in(listed.at(2).as_object(), "publish_id"), first.text_at("data.publish_id"));
    const auto page = w.api().get(path_of(user, "/posts?limit=3"));
    EXPECT_TRUE(page.at("data.next_cursor").is_null()) << page.raw;
    EXPECT_THAT(w.admin().get("/metrics").body,
                HasSubstr("tiktok_gateway_posts_total{outcome=\"failed\"} 5\n"));
    // The draft is free for the next try.
    EXPECT_EQ(w.api().post(path_of(user, "/posts/" + draft + "/publish"), {{"caption", "x"}}).code(),
              "rate_limited");
}

} // namespace
