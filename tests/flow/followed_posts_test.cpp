// Posts come to their ends although nobody asks for them: by TikTok's webhooks, by looks in the background,
// after a restart, and over replicas (docs/promises.md M10).
#include "flow/both_stores_test.hpp"
#include "flow/replicas_test.hpp"

#include <boost/json/array.hpp>

namespace {

constexpr const char* status_path = "/v2/post/publish/status/fetch/";

/// The user's newest post in the list once its state is `state`, or as it is after a while. TikTok is not
/// asked.
boost::json::object listed_post(const harness::http_client& api, const std::string& user,
                                std::string_view state) {
    const auto end = gateway::steady_now() + gateway::seconds{30};
    boost::json::object post;
    do {
        const auto got = api.get("/v1/users/" + user + "/posts");
        if (got.status == 200) post = got.at("data.posts.0").as_object();
    } while (text_in(post, "state") != state && gateway::steady_now() < end);
    return post;
}

/// From now on the simulator sends its events to this gateway.
void send_webhooks(const harness::simulator_process& tiktok, std::uint16_t port) {
    const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/webhooks/tiktok";
    boost::json::array apps{
        boost::json::object{{"client_key", harness::simulator_process::client_key}, {"webhook_url", url}}};
    tiktok.change(boost::json::object{{"apps", std::move(apps)}});
}

class FollowedPostsFlow : public both_stores_test {
protected:
    void end_at_tiktok(const std::string& id, std::string_view state, std::string_view reason = {}) {
        boost::json::object what{{"state", state}};
        if (!reason.empty()) what["fail_reason"] = reason;
        w.tiktok().control().post("/posts/" + id + "/state", what);
    }
};

TEST_P(FollowedPostsFlow, M10APostThatNobodyAsksForComesToItsEnd) {
    const auto user = another_user();
    const auto id = upload(user, mp4(5'000), "publish=true").text_at("data.publish_id");
    settled_post(id, "PUBLISH_COMPLETE");
    const auto post = listed_post(w.api(), user, "published");
    EXPECT_EQ(text_in(post, "state"), "published");
    EXPECT_FALSE(post.at("ended_at").is_null());
    EXPECT_NE(w.admin().get("/metrics").body.find("tiktok_gateway_posts_settled_total{by=\"poll\"} 1"),
              std::string::npos);
}

TEST_P(FollowedPostsFlow, M10TheIdsOfAPublicPostAreFetchedAfterItsModeration) {
    w.simulator_settings = std::string(wide_tiktok) + "timing: {moderation_ms: 3000}\n";
    const auto user = another_user();
    const auto posted = upload(user, mp4(5'000), "publish=true&privacy_level=PUBLIC_TO_EVERYONE");
    ASSERT_EQ(posted.status, 200) << posted.raw;
    const auto end = gateway::steady_now() + gateway::seconds{40};
    boost::json::object post;
    do
        post = listed_post(w.api(), user, "published");
    while (post.at("publicaly_available_post_id").as_array().empty() && gateway::steady_now() < end);
    EXPECT_EQ(post.at("publicaly_available_post_id").as_array().size(), 1U);
}

TEST_P(FollowedPostsFlow, M10AFailedPostIsFoundAfterTheGatewayWasKilled) {
    const auto user = another_user();
    w.simulator_settings += "timing: {processing_ms: 600000}\n";
    const auto id = upload(user, mp4(5'000), "publish=true").text_at("data.publish_id");
    w.stop_gateway(SIGKILL);
    end_at_tiktok(id, "FAILED", "duration_check_failed");
    const auto post = listed_post(w.api(), user, "failed");
    EXPECT_EQ(text_in(post, "state"), "failed");
    EXPECT_EQ(text_in(post, "fail_reason"), "duration_check_failed");
}

TEST_P(FollowedPostsFlow, M10ADraftThatItsCreatorPostsLaterEndsByTheWebhook) {
    const auto user = another_user();
    send_webhooks(w.tiktok(), w.gateway().port());
    const auto id = upload(user, mp4(5'000)).text_at("data.publish_id");
    ASSERT_EQ(text_in(listed_post(w.api(), user, "in_inbox"), "state"), "in_inbox");
    end_at_tiktok(id, "PUBLISH_COMPLETE");
    EXPECT_EQ(text_in(listed_post(w.api(), user, "published"), "state"), "published");
    EXPECT_NE(w.admin().get("/metrics").body.find("tiktok_gateway_posts_settled_total{by=\"webhook\"}"),
              std::string::npos);
}

TEST_P(FollowedPostsFlow, M10TheLooksLeaveAThirdOfTheStatusCallsToTheCallers) {
    w.options.settings =
        "limits:\n  tiktok: {status_fetch_per_minute: 9, video_init_per_minute: 1000, "
        "creator_info_per_minute: 1000}\n";
    w.simulator_settings += "timing: {processing_ms: 600000}\n";
    const auto user = another_user();
    std::string id;
    for (int count = 0; count < 12; ++count)
        id = upload(user, mp4(5'000), "publish=true").text_at("data.publish_id");
    const auto end = gateway::steady_now() + gateway::seconds{20};
    while (calls_of(status_path) < 6 && gateway::steady_now() < end) {
    }
    for (int count = 0; count < 3; ++count)
        EXPECT_EQ(w.api().get(path_of(user, "/posts/" + id)).status, 200);
    EXPECT_LE(calls_of(status_path), 9U);
}

INSTANTIATE_TEST_SUITE_P(Stores, FollowedPostsFlow, testing::Bool(), engine_of);

class FollowedPostsOfReplicas : public replicas_test {
protected:
    FollowedPostsOfReplicas()
        : replicas_test(wide_windows, std::string(wide_tiktok) + "timing: {processing_ms: 600000}\n") {}
};

TEST_F(FollowedPostsOfReplicas, M10TheLooksOfAKilledReplicaAreMadeByTheOthersAndOnceEach) {
    const auto user = another_user();
    std::vector<std::string> ids;
    for (std::size_t count = 0; count < 12; ++count) {
        const auto api = w.api_of(*all[count % all.size()]);
        const auto posted = api.call("POST", path_of(user, "/videos?publish=true"),
                                     {{"Content-Type", "video/mp4"}}, mp4(5'000));
        ASSERT_EQ(posted.status, 200) << posted.raw;
        ids.push_back(posted.text_at("data.publish_id"));
    }
    all[0]->process().signal(SIGKILL);
    for (const auto& id : ids)
        w.tiktok().control().post("/posts/" + id + "/state", {{"state", "PUBLISH_COMPLETE"}});
    const auto api = w.api_of(*all[1]);
    const auto end = gateway::steady_now() + gateway::seconds{30};
    std::size_t published = 0;
    while (published < ids.size() && gateway::steady_now() < end) {
        published = 0;
        const auto got = api.get(path_of(user, "/posts"));
        if (got.status != 200) continue; // the database may end what the killed replica had begun
        const auto posts = got.at("data.posts");
        for (const auto& post : posts.as_array())
            if (text_in(post.as_object(), "state") == "published") ++published;
    }
    EXPECT_EQ(published, ids.size());
}

TEST_F(FollowedPostsOfReplicas, U16AWebhookToOneReplicaIsHeardByWhoeverWaitsAtAnother) {
    const auto user = another_user();
    send_webhooks(w.tiktok(), all[0]->port());
    const auto id =
        w.api_of(*all[0])
            .call("POST", path_of(user, "/videos?publish=true"), {{"Content-Type", "video/mp4"}}, mp4(5'000))
            .text_at("data.publish_id");
    harness::answer waited;
    {
        std::jthread waiting(
            [&] { waited = w.api_of(*all[1]).get(path_of(user, "/posts/" + id + "?wait=50")); });
        const auto end = gateway::steady_now() + gateway::seconds{20};
        while (calls_of("/v2/post/publish/status/fetch/") == 0 && gateway::steady_now() < end) {
        }
        tiktok_refuses("/v2/post/publish/status/fetch/", 503, "internal_error"); // only the webhook tells
        w.tiktok().control().post("/posts/" + id + "/state", {{"state", "PUBLISH_COMPLETE"}});
    }
    EXPECT_EQ(waited.status, 200) << waited.raw;
    EXPECT_EQ(waited.text_at("data.state"), "published");
}

TEST_F(FollowedPostsOfReplicas, TheBytesOfAnUploadAreToldAtAnotherReplica) {
    const auto user = another_user();
    w.tiktok().add_fault({{"match", {{"listener", "upload"}}}, {"do", {{"read_delay_ms", 60}}}});
    harness::answer posted;
    std::string events;
    {
        std::jthread uploading([&] {
            posted = w.api_of(*all[0]).call("POST", path_of(user, "/videos?publish=true"),
                                            {{"Content-Type", "video/mp4"}}, mp4(8'000'000));
        });
        const auto end = gateway::steady_now() + gateway::seconds{20};
        std::string id;
        while (id.empty() && gateway::steady_now() < end) {
            const auto row = w.api_of(*all[1]).get(path_of(user, "/posts")).at("data.posts.0");
            if (row.is_object()) id = text_in(row.as_object(), "publish_id");
        }
        harness::raw_socket stream(all[1]->port(), w.heard());
        ASSERT_TRUE(stream.send("GET " + path_of(user, "/posts/" + id + "/events")
                                + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + w.caller_key()
                                + "\r\n\r\n"));
        events = stream.receive_until("\"size\":8000000}", gateway::seconds{20});
    }
    EXPECT_EQ(posted.status, 200) << posted.raw;
    EXPECT_NE(events.find("event: progress\ndata: {\"bytes_sent\":"), std::string::npos) << events;
}

} // namespace
