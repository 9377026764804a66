// kill -9 in the middle of a write, and the same call again after the start: done, not done, or in doubt, and
// never a second post (docs/promises.md I04, P03).
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <csignal>
#include <functional>
#include <future>

namespace {

using testing::HasSubstr;

class Crash : public action_test {
protected:
    const harness::fields key{{"Idempotency-Key", "once"}};

    /// TikTok does not answer a matching request. Once it has received it (`seen`: completely), the gateway
    /// is killed; the next call starts it again.
    void kill_while_waiting_for(
        const boost::json::object& match, bool applies, const std::function<harness::answer()>& call,
        const std::function<bool()>& seen = [] { return true; }) {
        w.tiktok().add_fault({{"match", match}, {"do", {{"apply", applies}, {"hang", true}}}});
        const auto before = faulted();
        auto lost = std::async(std::launch::async, call);
        const auto end = gateway::steady_now() + gateway::seconds{20};
        while ((faulted() == before || !seen()) && gateway::steady_now() < end) {
        }
        EXPECT_EQ(w.stop_gateway(SIGKILL), 128 + SIGKILL);
        EXPECT_EQ(lost.get().status, 0);
        w.tiktok().clear_faults();
    }
    /// The number of requests that met a fault so far.
    std::size_t faulted() {
        std::size_t count = 0;
        const auto history = w.tiktok().history();
        for (const auto& each : history.at("requests").as_array()) {
            const auto* met = each.as_object().if_contains("faulted");
            if (met && met->is_bool() && met->as_bool()) ++count;
        }
        return count;
    }
    std::size_t posts_at_tiktok() { return w.tiktok().history().at("posts").as_array().size(); }
    /// The start settles the interrupted calls; their answers are ready shortly after its first line.
    harness::answer once_settled(const std::function<harness::answer()>& call) {
        const auto end = gateway::steady_now() + gateway::seconds{10};
        auto got = call();
        while (got.code() == "in_progress" && gateway::steady_now() < end)
            got = call();
        return got;
    }
};

TEST_F(Crash, I04PhotosInFlightAreInDoubtAndNeverPostedAgain) {
    const auto user = another_user();
    const auto post = [&] {
        return w.api().post(path_of(user, "/photos"),
                            {{"photo_images", {"https://media.example.com/1.jpg"}},
                             {"photo_cover_index", 0},
                             {"post_mode", "DIRECT_POST"}},
                            key);
    };
    kill_while_waiting_for({{"path", "/v2/post/publish/content/init/"}}, true, post);
    const auto again = once_settled(post);
    EXPECT_EQ(again.status, 409) << again.raw;
    EXPECT_EQ(again.code(), "outcome_unknown");
    EXPECT_EQ(again.header("idempotent-replayed"), "true");
    EXPECT_EQ(again.header("x-should-retry"), "false");
    EXPECT_EQ(posts_at_tiktok(), 1U);
    EXPECT_EQ(w.api().get(path_of(user, "/posts")).text_at("data.posts.0.state"), "unconfirmed");
    EXPECT_THAT(w.admin().get("/metrics").body,
                HasSubstr("tiktok_gateway_posts_total{outcome=\"outcome_unknown\"} 1\n"));
}

TEST_F(Crash, I04AnUploadWhoseBytesNeverLeftIsDoneAsIfForTheFirstTime) {
    const auto user = another_user();
    const auto video = mp4(50'000);
    for (const bool applies : {false, true}) {
        const harness::fields own_key{{"Idempotency-Key", applies ? "applied" : "not-applied"}};
        const auto send = [&] { return upload(user, video, "publish=true", own_key); };
        kill_while_waiting_for({{"path", "/v2/post/publish/video/init/"}}, applies, send);
        const auto again = once_settled(send);
        EXPECT_EQ(again.status, 200) << again.raw;
        EXPECT_EQ(again.header("idempotent-replayed"), "");
        EXPECT_EQ(text_in(settled_post(again.text_at("data.publish_id"), "PUBLISH_COMPLETE"), "sha256"),
                  sha256_of(video));
    }
    std::size_t with_bytes = 0;
    const auto history = w.tiktok().history();
    for (const auto& each : history.at("posts").as_array())
        if (each.as_object().at("uploaded_bytes") == video.size()) ++with_bytes;
    EXPECT_EQ(with_bytes, 2U) << "one for each key";
}

TEST_F(Crash, I04DeathHAnUploadInMidChunkIsInDoubtUntilItsStatusIsAsked) {
    const auto user = another_user();
    const auto send = [&] { return upload(user, mp4(50'000), "publish=true", key); };
    kill_while_waiting_for({{"listener", "upload"}}, true, send, [&] {
        return w.tiktok().history().at("posts").as_array().back().at("uploaded_bytes") == 50'000;
    });
    const auto again = once_settled(send);
    EXPECT_EQ(again.code(), "outcome_unknown") << again.raw;
    const auto id = w.api().get(path_of(user, "/posts")).text_at("data.posts.0.publish_id");
    EXPECT_THAT(again.text_at("error"), HasSubstr(path_of(user, "/posts/" + id)));
    EXPECT_EQ(again.text_at("data.publish_id"), id);
    EXPECT_EQ(again.text_at("data.status_path"), path_of(user, "/posts/" + id));
    settled_post(id, "PUBLISH_COMPLETE");
    const auto status = w.api().get(path_of(user, "/posts/" + id));
    EXPECT_EQ(status.text_at("data.state"), "published") << status.raw;
    const auto known = send();
    EXPECT_EQ(known.status, 200) << known.raw;
    EXPECT_EQ(known.text_at("data.publish_id"), id);
    EXPECT_EQ(known.text_at("data.privacy_level"), "SELF_ONLY");
    EXPECT_THAT(known.raw, HasSubstr("No privacy_level was given"));
    EXPECT_EQ(known.header("idempotent-replayed"), "true");
    EXPECT_EQ(posts_at_tiktok(), 1U);
}

TEST_F(Crash, I04ABatchGoesOnWithTheFilesThatWereNotDone) {
    const auto user = another_user();
    const boost::json::value files = boost::json::array{{{"name", "a.mp4"}, {"file_id", stage(mp4(40'000))}},
                                                        {{"name", "b.mp4"}, {"file_id", stage(mp4(50'000))}}};
    const auto send = [&] {
        return w.api().post(path_of(user, "/videos/batch"), {{"files_to_upload", files}, {"max_workers", 1}},
                            key);
    };
    kill_while_waiting_for({{"path", "/v2/post/publish/inbox/video/init/"}, {"nth", 2}}, false, send);
    const auto first = w.tiktok().history().at("posts").as_array().at(0).at("publish_id");
    const auto again = once_settled(send);
    EXPECT_EQ(again.status, 200) << again.raw;
    EXPECT_EQ(again.at("data.results.0.publish_id"), first) << again.raw;
    EXPECT_EQ(again.text_at("data.results.0.file_name"), "a.mp4");
    EXPECT_TRUE(again.at("data.results.1.successful").as_bool()) << again.raw;
    EXPECT_EQ(posts_at_tiktok(), 2U);
}

TEST_F(Crash, I04APublishThatDiedBeforeItsBytesLeftDoesNotHoldTheDraft) {
    const auto user = another_user();
    const auto draft = upload(user, mp4(50'000)).text_at("data.publish_id");
    settled_post(draft, "SEND_TO_USER_INBOX");
    const auto publish = [&] {
        return w.api().post(path_of(user, "/posts/" + draft + "/publish"), {{"caption", "late"}});
    };
    kill_while_waiting_for({{"path", "/v2/post/publish/video/init/"}}, false, publish);
    const auto again = once_settled(publish);
    EXPECT_EQ(again.status, 200) << again.raw;
    EXPECT_EQ(posts_at_tiktok(), 2U); // the draft and one post
}

TEST_F(Crash, P03AFinishedAnswerIsTheSameAfterTheStart) {
    const auto user = another_user();
    const auto send = [&] { return upload(user, mp4(50'000), "publish=true", key); };
    const auto first = send();
    ASSERT_EQ(first.status, 200) << first.raw;
    EXPECT_EQ(w.stop_gateway(SIGKILL), 128 + SIGKILL);
    const auto again = send();
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.header("idempotent-replayed"), "true");
}

} // namespace
