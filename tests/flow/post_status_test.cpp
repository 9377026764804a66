// The status of a post: TikTok's answers, its webhooks, and tokens that expire meanwhile.
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

namespace {

constexpr const char* status_path = "/v2/post/publish/status/fetch/";

class PostStatus : public action_test {
protected:
    std::string draft_of(const std::string& user) {
        const auto got = upload(user, mp4(5'000));
        EXPECT_EQ(got.status, 200) << got.raw;
        return got.text_at("data.publish_id");
    }
    /// A post that TikTok has published without a webhook.
    std::string public_post_of(const std::string& user) {
        const auto got = upload(user, mp4(5'000), "publish=true&privacy_level=PUBLIC_TO_EVERYONE");
        const auto id = got.text_at("data.publish_id");
        EXPECT_EQ(got.status, 200) << got.raw;
        const auto end = gateway::steady_now() + gateway::seconds{20};
        while (w.tiktok().post(id).at("post_ids").as_array().empty() && gateway::steady_now() < end) {
        }
        return id;
    }
    harness::answer status_of(const std::string& user, const std::string& id) {
        return w.api().get(path_of(user, "/posts/" + id));
    }
    /// From now on TikTok answers status queries with this data.
    void tiktok_says(const boost::json::object& data) {
        w.tiktok().add_fault({{"match", {{"path", "/v2/post/publish/status/fetch/"}}},
                              {"times", -1},
                              {"do", {{"merge", {{"data", data}}}}}});
    }
    /// From now on the simulator sends its events to the gateway.
    void connect_webhooks() {
        const std::string url = "http://127.0.0.1:" + std::to_string(w.gateway().port()) + "/webhooks/tiktok";
        boost::json::array apps{boost::json::object{{"client_key", harness::simulator_process::client_key},
                                                    {"webhook_url", url}}};
        w.tiktok().change(boost::json::object{{"apps", std::move(apps)}});
    }
    void tiktok_tells(const char* event, const boost::json::object& content) {
        const boost::json::object body{{"event", event}, {"content", content}, {"account", "alice"}};
        EXPECT_EQ(w.tiktok().control().post("/webhooks", body).status, 200);
        const auto end = gateway::steady_now() + gateway::seconds{20};
        bool delivered = false;
        while (!delivered && gateway::steady_now() < end) {
            const auto history = w.tiktok().history();
            const auto& last = history.at("webhooks").as_array().back().as_object();
            delivered = last.at("delivered").as_bool();
        }
        EXPECT_TRUE(delivered) << event;
    }
};

TEST_F(PostStatus, M10AWordOfTomorrowIsShownAndCountsAsProcessing) {
    const auto user = another_user();
    const auto id = draft_of(user);
    tiktok_says({{"status", "AWAITING_THE_MOON"}, {"a_new_field", {1, 2}}});
    const auto got = status_of(user, id);
    ASSERT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(got.text_at("data.status"), "AWAITING_THE_MOON");
    EXPECT_EQ(got.text_at("data.state"), "processing");
    EXPECT_EQ(got.text_at("data.publish_id"), id);
    const auto publish = w.api().post(path_of(user, "/posts/" + id + "/publish"), boost::json::object{});
    EXPECT_EQ(publish.code(), "not_ready") << publish.raw;
    EXPECT_THAT(publish.raw,
                testing::HasSubstr("still processing this upload (AWAITING_THE_MOON); ask again soon."));
}

TEST_F(PostStatus, PostIdsAreStringsInEveryShapeThatWasSeen) {
    for (const char* shape : {"numbers", "strings", "scalar"}) {
        SCOPED_TRACE(shape);
        const auto user = another_user();
        w.tiktok().change({{"switches", {{"post_ids", shape}}}});
        const auto got = upload(user, mp4(5'000), "publish=true&privacy_level=PUBLIC_TO_EVERYONE");
        const auto id = got.text_at("data.publish_id");
        const auto end = gateway::steady_now() + gateway::seconds{20};
        harness::answer status;
        do
            status = status_of(user, id);
        while (status.raw.find("publicaly_available_post_id\":[\"") == std::string::npos
               && gateway::steady_now() < end);
        EXPECT_TRUE(status.at("data.publicaly_available_post_id.0").is_string()) << status.raw;
        EXPECT_EQ(status.text_at("data.state"), "published");
    }
}

TEST_F(PostStatus, AFailedPostSaysWhyAndCannotBePublished) {
    const auto user = another_user();
    const auto id = draft_of(user);
    w.tiktok().control().post("/posts/" + id + "/state",
                              {{"state", "FAILED"}, {"fail_reason", "duration_check_failed"}});
    const auto got = status_of(user, id);
    EXPECT_EQ(got.text_at("data.state"), "failed") << got.raw;
    EXPECT_EQ(got.text_at("data.fail_reason"), "duration_check_failed");
    const auto publish = w.api().post(path_of(user, "/posts/" + id + "/publish"), boost::json::object{});
    EXPECT_EQ(publish.status, 409) << publish.raw;
    EXPECT_EQ(publish.code(), "post_failed");
    EXPECT_THAT(publish.text_at("error"), testing::HasSubstr("duration_check_failed"));
}

TEST_F(PostStatus, ADraftThatTheCreatorPostedIsNotPostedAgain) {
    const auto user = another_user();
    const auto id = draft_of(user);
    settled_post(id, "SEND_TO_USER_INBOX");
    w.tiktok().control().post("/posts/" + id + "/state",
                              {{"state", "PUBLISH_COMPLETE"}, {"privacy_level", "PUBLIC_TO_EVERYONE"}});
    const auto publish = w.api().post(path_of(user, "/posts/" + id + "/publish"), {{"caption", "late"}});
    EXPECT_EQ(publish.status, 200) << publish.raw;
    EXPECT_EQ(publish.text_at("data.publish_id"), id);
    EXPECT_FALSE(publish.at("data.warnings").as_array().empty()); // the caption was not applied
    EXPECT_EQ(calls_of("/v2/post/publish/video/init/"), 0U);
}

TEST_F(PostStatus, TheLedgerAnswersWhereAWebhookToldTheEnd) {
    const auto user = another_user();
    const auto id = draft_of(user);
    settled_post(id, "SEND_TO_USER_INBOX");
    connect_webhooks();
    tiktok_tells("post.publish.publicly_available",
                 {{"publish_id", id}, {"post_id", "7602997517160123666"}, {"publish_type", "INBOX_SHARE"}});
    const auto asked_before = calls_of("/v2/post/publish/status/fetch/");
    const auto got = status_of(user, id);
    ASSERT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(got.text_at("data.state"), "published");
    EXPECT_EQ(got.text_at("data.publicaly_available_post_id.0"), "7602997517160123666");
    EXPECT_EQ(calls_of("/v2/post/publish/status/fetch/"), asked_before);
}

TEST_F(PostStatus, FaultMAsksTikTokForTheIdsOfAnEndThatAWebhookTold) {
    const boost::json::array none;
    // Whether it was a draft, and whether the end arrives by webhook or by polling.
    struct way {
        bool draft, by_webhook;
        std::string user = {}, id = {};
    };
    std::vector<way> ways{{true, true}, {true, false}, {false, true}, {false, false}};
    for (auto& each : ways) {
        each.user = another_user();
        each.id = each.draft ? draft_of(each.user) : public_post_of(each.user);
        if (each.draft) settled_post(each.id, "SEND_TO_USER_INBOX");
    }
    connect_webhooks(); // connected only now, so TikTok sent no events for them
    for (const auto& [draft, by_webhook, user, id] : ways) {
        SCOPED_TRACE(std::string(draft ? "draft" : "post") + (by_webhook ? " by webhook" : " by asking"));
        tiktok_says({{"status", "PUBLISH_COMPLETE"}, {"publicaly_available_post_id", none}});
        if (by_webhook)
            tiktok_tells("post.publish.complete", {{"publish_id", id}, {"publish_type", "DIRECT_PUBLISH"}});
        for (int i = 0; i < 2; ++i) { // a final status without ids is shown, and TikTok is asked again
            const auto asked_before = calls_of(status_path);
            const auto early = status_of(user, id);
            EXPECT_EQ(early.text_at("data.state"), "published") << early.raw;
            EXPECT_EQ(early.at("data.publicaly_available_post_id"), none) << early.raw;
            EXPECT_EQ(calls_of(status_path), asked_before + 1);
        }
        w.tiktok().clear_faults();
        tiktok_says({{"status", "PUBLISH_COMPLETE"}, {"publicaly_available_post_id", {7602997517160123666}}});
        EXPECT_EQ(status_of(user, id).text_at("data.publicaly_available_post_id.0"), "7602997517160123666");
        const auto asked_before = calls_of(status_path);
        EXPECT_EQ(status_of(user, id).text_at("data.publicaly_available_post_id.0"), "7602997517160123666");
        EXPECT_EQ(calls_of(status_path), asked_before) << "the end is whole now";
        w.tiktok().clear_faults();
    }
}

TEST_F(PostStatus, FaultMShowsAnEndThatWasToldWhateverTikTokSaysWhenAskedForItsIds) {
    const auto user = another_user();
    const auto id = draft_of(user);
    settled_post(id, "SEND_TO_USER_INBOX");
    connect_webhooks();
    tiktok_tells("post.publish.complete", {{"publish_id", id}, {"publish_type", "INBOX_SHARE"}});
    tiktok_says({{"status", "SEND_TO_USER_INBOX"}}); // an outdated answer of TikTok
    EXPECT_EQ(status_of(user, id).text_at("data.state"), "published");
    w.tiktok().clear_faults();
    for (const auto& [status, code] :
         {std::pair{400, "invalid_publish_id"}, {429, "rate_limit_exceeded"}, {500, "internal_error"}}) {
        tiktok_refuses(status_path, status, code);
        const auto got = w.api().get(path_of(user, "/posts/" + id), {{"X-Request-Timeout", "3"}});
        EXPECT_EQ(got.status, 200) << got.raw;
        EXPECT_EQ(got.text_at("data.state"), "published") << code;
        w.tiktok().clear_faults();
    }
}

TEST_F(PostStatus, FaultMAsksForTheIdOfAPrivatePostTooSinceItsCreatorMayMakeItPublic) {
    const auto user = another_user();
    const auto id =
        upload(user, mp4(5'000), "publish=true&privacy_level=SELF_ONLY").text_at("data.publish_id");
    connect_webhooks();
    tiktok_tells("post.publish.complete", {{"publish_id", id}, {"publish_type", "DIRECT_PUBLISH"}});
    const auto asked_before = calls_of(status_path);
    EXPECT_EQ(status_of(user, id).text_at("data.state"), "published");
    EXPECT_EQ(calls_of(status_path), asked_before + 1);
}

TEST_F(PostStatus, U16APostThatIsNoLongerPublicIsShownNowhere) {
    const auto user = another_user();
    const auto id = draft_of(user);
    settled_post(id, "SEND_TO_USER_INBOX");
    connect_webhooks();
    const boost::json::object content{
        {"publish_id", id}, {"post_id", "7602997517160123666"}, {"publish_type", "INBOX_SHARE"}};
    tiktok_tells("post.publish.publicly_available", content);
    tiktok_tells("post.publish.no_longer_publicaly_available", content);
    const boost::json::array none;
    EXPECT_EQ(status_of(user, id).at("data.publicaly_available_post_id"), none);
    const auto listed = w.api().get(path_of(user, "/posts"));
    EXPECT_EQ(listed.at("data.posts.0.publicaly_available_post_id"), none) << listed.raw;
    EXPECT_EQ(listed.text_at("data.posts.0.state"), "published");
}

TEST_F(PostStatus, U16AnUnsignedWebhookIsRefusedAndChangesNothing) {
    const auto user = another_user();
    const auto id = draft_of(user);
    const std::string body =
        R"({"client_key":"flow-client-key","event":"post.publish.failed","create_time":1,)"
        R"("user_openid":"x","content":"{\"publish_id\":\")"
        + id + R"(\",\"reason\":\"internal\"}"})";
    for (const char* signature :
         {"", "t=1633174587,s=5c1b0d1fcd7ea726461cc09abccf16c5ef5e0fb456957d614280eb72b9af3771"}) {
        const auto got =
            w.stranger().call("POST", "/webhooks/tiktok",
                              {{"Content-Type", "application/json"}, {"TikTok-Signature", signature}}, body);
        EXPECT_EQ(got.status, 401) << got.raw;
        EXPECT_EQ(got.code(), "unauthenticated");
    }
    EXPECT_NE(status_of(user, id).text_at("data.state"), "failed");
}

TEST_F(PostStatus, M09AnAccessTokenThatEndsInMidUploadStopsNothing) {
    const auto user = another_user();
    const std::string video = mp4(25'000'000);
    harness::raw_socket client(w.gateway().port(), w.heard());
    client.send(
        "POST " + path_of(user, "/videos") + " HTTP/1.1\r\nHost: localhost\r\nx-api-key: " + w.caller_key()
        + "\r\nContent-Type: video/mp4\r\nContent-Length: " + std::to_string(video.size()) + "\r\n\r\n");
    client.send(std::string_view(video).substr(0, 12'000'000));
    const auto end = gateway::steady_now() + gateway::seconds{20};
    while (calls_of("/video/") == 0 && gateway::steady_now() < end) {
    }
    w.tiktok().control().post("/tokens/expire",
                              boost::json::object{{"account", "alice"}, {"kind", "access"}});
    client.send(std::string_view(video).substr(12'000'000));
    const auto got = harness::parse_answer(client.receive_answer());
    ASSERT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(got.text_at("data.sha256"), sha256_of(video));
    EXPECT_EQ(status_of(user, got.text_at("data.publish_id")).status, 200); // with a fresh token
}

} // namespace
