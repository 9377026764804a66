// What ledger and keys tell of a post once its end is known, and what the list tells at all
// (docs/promises.md I04, M10).
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <future>

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
    /// From now on TikTok has the bytes, answers none of them, and tells no status.
    void lose_answers_of_uploads() {
        w.tiktok().add_fault(
            {{"match", {{"listener", "upload"}}}, {"times", -1}, {"do", {{"reset_before_answer", true}}}});
        tiktok_refuses(status_path, 503, "internal_error");
    }
    /// From now on the simulator sends its events to the gateway.
    void connect_webhooks() {
        const std::string url = "http://127.0.0.1:" + std::to_string(w.gateway().port()) + "/webhooks/tiktok";
        boost::json::array apps{boost::json::object{{"client_key", harness::simulator_process::client_key},
                                                    {"webhook_url", url}}};
        w.tiktok().change(boost::json::object{{"apps", std::move(apps)}});
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
    // Its creator makes it public.
    w.tiktok().add_fault(
        {{"match", {{"path", status_path}}},
         {"do", {{"merge", {{"data", {{"publicaly_available_post_id", {7602997517160123666}}}}}}}}});
    EXPECT_EQ(status_of(user, id).text_at("data.publicaly_available_post_id.0"), "7602997517160123666");
    const auto asked_before = calls_of(status_path);
    EXPECT_EQ(status_of(user, id).text_at("data.publicaly_available_post_id.0"), "7602997517160123666");
    EXPECT_EQ(calls_of(status_path), asked_before) << "nothing more can come";
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

TEST_F(PostEnds, DeathHAKeyWhoseAnswerWasLostAnswersWithTheEndOfItsPost) {
    const auto user = another_user();
    const auto video = mp4(50'000);
    lose_answers_of_uploads();
    for (const char* name : {"published", "failed"}) {
        const auto lost = upload(user, video, "publish=true", key(name));
        EXPECT_EQ(lost.code(), "outcome_unknown") << lost.raw;
        const auto id = lost.text_at("data.publish_id");
        EXPECT_EQ(lost.text_at("data.status_path"), path_of(user, "/posts/" + id));
        EXPECT_EQ(upload(user, video, "publish=true", key(name)).body, lost.body);
        EXPECT_EQ(text_in(posts_of(user).at(0).as_object(), "state"), "processing") << "as its status says";
    }
    w.tiktok().clear_faults();
    const auto rows = posts_of(user);
    const auto failed = text_in(rows.at(0).as_object(), "publish_id");
    const auto published = text_in(rows.at(1).as_object(), "publish_id");
    settled_post(published, "PUBLISH_COMPLETE");
    w.tiktok().control().post("/posts/" + failed + "/state",
                              {{"state", "FAILED"}, {"fail_reason", "duration_check_failed"}});
    EXPECT_EQ(upload(user, video, "publish=true", key("published")).code(), "outcome_unknown")
        << "nobody has asked TikTok yet";
    for (const auto& id : {published, failed})
        EXPECT_EQ(w.api().get(path_of(user, "/posts/" + id)).status, 200);

    for (int times = 0; times < 2; ++times) {
        const auto good = upload(user, video, "publish=true", key("published"));
        EXPECT_EQ(good.status, 200) << good.raw;
        EXPECT_EQ(good.text_at("data.publish_id"), published);
        EXPECT_EQ(good.text_at("data.status"), "PUBLISH_COMPLETE");
        EXPECT_EQ(good.header("idempotent-replayed"), "true");
        const auto bad = upload(user, video, "publish=true", key("failed"));
        EXPECT_EQ(bad.code(), "post_failed") << bad.raw;
        EXPECT_THAT(bad.text_at("error"), HasSubstr("duration_check_failed"));
    }
    EXPECT_EQ(calls_of("/v2/post/publish/video/init/"), 2U);
}

TEST_F(PostEnds, DeathHAlsoWhereAWebhookToldTheEndAndForAFileOfABatch) {
    const auto user = another_user();
    const boost::json::value batch{
        {"files_to_upload", boost::json::array{boost::json::object{{"file_id", stage(mp4(40'000))}}}},
        {"publish", true}};
    const auto send = [&] { return w.api().post(path_of(user, "/videos/batch"), batch, key("batch")); };
    lose_answers_of_uploads();
    const auto lost = send();
    EXPECT_EQ(lost.code(), "partial_failure") << lost.raw;
    EXPECT_EQ(lost.text_at("data.results.0.problem.code"), "outcome_unknown");
    const auto id = lost.text_at("data.results.0.publish_id");
    EXPECT_EQ(lost.text_at("data.results.0.status_path"), path_of(user, "/posts/" + id));
    connect_webhooks();
    const boost::json::object content{{"publish_id", id}, {"publish_type", "DIRECT_PUBLISH"}};
    const boost::json::object event{
        {"event", "post.publish.complete"}, {"content", content}, {"account", "alice"}};
    EXPECT_EQ(w.tiktok().control().post("/webhooks", event).status, 200);
    const auto end = gateway::steady_now() + gateway::seconds{20};
    auto again = send();
    while (again.status == 200 && !again.at("successful").as_bool() && gateway::steady_now() < end)
        again = send();
    EXPECT_TRUE(again.at("successful").as_bool()) << again.raw;
    EXPECT_EQ(again.text_at("data.results.0.publish_id"), id);
    EXPECT_EQ(send().body, again.body);
    EXPECT_EQ(calls_of("/v2/post/publish/video/init/"), 1U);
}

TEST_F(PostEnds, DeathHACallThatStillRunsNamesItsPost) {
    const auto user = another_user();
    w.tiktok().add_fault({{"match", {{"listener", "upload"}}}, {"do", {{"delay_ms", 3'000}}}});
    auto first =
        std::async(std::launch::async, [&] { return upload(user, mp4(50'000), "publish=true", key("a")); });
    const auto end = gateway::steady_now() + gateway::seconds{20};
    while (calls_of("/v2/post/publish/video/init/") == 0 && gateway::steady_now() < end) {
    }
    harness::answer again;
    do
        again = upload(user, mp4(50'000), "publish=true", key("a"));
    while (again.raw.find("status_path") == std::string::npos && again.status == 409
           && gateway::steady_now() < end);
    EXPECT_EQ(again.code(), "in_progress") << again.raw;
    const auto got = first.get();
    EXPECT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(again.text_at("data.publish_id"), got.text_at("data.publish_id"));
    EXPECT_EQ(again.text_at("data.status_path"), path_of(user, "/posts/" + got.text_at("data.publish_id")));
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

TEST_F(PostEnds, HourNWhatTikTokTookCountsAsAcceptedWhateverBecomesOfIt) {
    const auto user = another_user();
    const auto posted = upload(user, mp4(5'000), "publish=true");
    ASSERT_EQ(posted.status, 200) << posted.raw;
    const auto metrics = w.admin().get("/metrics").body;
    EXPECT_THAT(metrics, HasSubstr("tiktok_gateway_posts_total{outcome=\"begun\"} 1\n"));
    EXPECT_THAT(metrics, HasSubstr("tiktok_gateway_posts_total{outcome=\"accepted\"} 1\n"));
    EXPECT_THAT(metrics, HasSubstr("tiktok_gateway_posts_total{outcome=\"failed\"} 0\n"));
    EXPECT_THAT(metrics, HasSubstr("tiktok_gateway_posts_total{outcome=\"outcome_unknown\"} 0\n"));
}

} // namespace
