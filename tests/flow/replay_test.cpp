// Idempotency-Key on one process (docs/promises.md I01-I08).
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>

#include <thread>
#include <vector>

namespace {

class Replay : public action_test {
protected:
    static harness::fields key(const std::string& text) { return {{"Idempotency-Key", text}}; }
};

TEST_F(Replay, I03TheSameKeyGivesTheSameBytesAgainWithoutTheBody) {
    const auto user = another_user();
    const auto video = mp4(50'000);
    const auto first = upload(user, video, {}, key("a"));
    ASSERT_EQ(first.status, 200) << first.raw;
    EXPECT_EQ(first.header("idempotent-replayed"), "");
    const auto again = upload(user, video, {}, key("a"));
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.header("idempotent-replayed"), "true");
    EXPECT_EQ(calls_of("/v2/post/publish/inbox/video/init/"), 1U);
}

TEST_F(Replay, I02AnotherRequestUnderTheKeyIsRefused) {
    const auto user = another_user();
    ASSERT_EQ(upload(user, mp4(5'000), {}, key("a")).status, 200);
    for (const auto& other :
         {upload(user, mp4(5'001), {}, key("a")), upload(user, mp4(5'000), "caption=x", key("a")),
          upload(another_user(), mp4(5'000), {}, key("a"))}) {
        EXPECT_EQ(other.status, 422) << other.raw;
        EXPECT_EQ(other.code(), "idempotency_key_reused");
    }
    EXPECT_EQ(calls_of("/v2/post/publish/inbox/video/init/"), 1U);
}

TEST_F(Replay, I01OfManyAtOnceOnePosts) {
    const auto user = another_user();
    const boost::json::value photos{{"photo_images", {"https://media.example.com/1.jpg"}},
                                    {"photo_cover_index", 0}};
    w.tiktok().add_fault({{"match", {{"path", "/v2/post/publish/content/init/"}}},
                          {"do", {{"delay_ms", 500}}},
                          {"times", -1}});
    std::vector<harness::answer> answers(20);
    std::vector<std::thread> callers;
    for (auto& answer : answers)
        callers.emplace_back([&] { answer = w.api().post(path_of(user, "/photos"), photos, key("same")); });
    for (auto& each : callers)
        each.join();
    std::size_t posted = 0;
    for (const auto& answer : answers) {
        if (answer.status == 200) ++posted;
        EXPECT_TRUE(answer.status == 200 || answer.code() == "in_progress") << answer.raw;
    }
    EXPECT_GE(posted, 1U);
    EXPECT_EQ(calls_of("/v2/post/publish/content/init/"), 1U);
}

TEST_F(Replay, I05ALostInitOfPhotosIsOutcomeUnknownAndStaysSo) {
    const auto user = another_user();
    const boost::json::value photos{{"photo_images", {"https://media.example.com/1.jpg"}},
                                    {"photo_cover_index", 0}};
    w.tiktok().add_fault(
        {{"match", {{"path", "/v2/post/publish/content/init/"}}}, {"do", {{"reset_before_answer", true}}}});
    const auto lost = w.api().post(path_of(user, "/photos"), photos, key("a"));
    EXPECT_EQ(lost.status, 409) << lost.raw;
    EXPECT_EQ(lost.code(), "outcome_unknown");
    EXPECT_EQ(lost.header("x-should-retry"), "false");
    const auto again = w.api().post(path_of(user, "/photos"), photos, key("a"));
    EXPECT_EQ(again.body, lost.body);
    EXPECT_EQ(again.header("idempotent-replayed"), "true");
    EXPECT_EQ(calls_of("/v2/post/publish/content/init/"), 1U);
}

TEST_F(Replay, I06WithoutAKeyALostPullIsSaidToBeUnknownAndNotRepeated) {
    const auto user = another_user();
    for (const char* path : {"/v2/post/publish/video/init/", "/v2/post/publish/inbox/video/init/"}) {
        w.tiktok().add_fault({{"match", {{"path", path}}}, {"do", {{"reset_before_answer", true}}}});
        const bool direct = std::string(path).find("inbox") == std::string::npos;
        const auto lost =
            w.api().post(path_of(user, "/videos"),
                         {{"video_url", "https://media.example.com/v.mp4"}, {"publish", direct}});
        EXPECT_EQ(lost.code(), "outcome_unknown") << lost.raw;
        EXPECT_EQ(lost.header("x-should-retry"), "false");
        EXPECT_FALSE(lost.at("problem.retryable").as_bool());
        EXPECT_EQ(calls_of(path), 1U);
    }
}

TEST_F(Replay, RefusalsWithoutEffectAreNotRemembered) {
    const auto user = another_user();
    tiktok_refuses("/v2/post/publish/inbox/video/init/", 403, "spam_risk_text", 1);
    EXPECT_EQ(upload(user, mp4(5'000), {}, key("a")).status, 403);
    EXPECT_EQ(upload(user, std::string(5'000, 'x'), {}, key("b")).status, 422);
    const auto now_good = upload(user, mp4(5'000), {}, key("a"));
    EXPECT_EQ(now_good.status, 200) << now_good.raw;
    EXPECT_EQ(upload(user, mp4(5'000), {}, key("b")).status, 200);
}

TEST_F(Replay, I07OddKeysAreRefused) {
    const auto user = another_user();
    const auto got = upload(user, mp4(5'000), {}, key(std::string(256, 'k')));
    EXPECT_EQ(got.status, 422) << got.raw;
    EXPECT_EQ(got.text_at("problem.fields.0.field"), "Idempotency-Key");
    EXPECT_EQ(upload(user, mp4(5'000), {}, key(std::string(255, 'k'))).status, 200);
}

TEST_F(Replay, I08KeysOfAnotherCallerAreAnotherNameSpace) {
    const std::string other_key = "the-other-key-of-at-least-32-characters";
    w.options.variables["TIKTOK_GATEWAY__CALLERS"] = "[{name: one, key_sha256: " + sha256_of(w.caller_key())
                                                     + "}, {name: two, key_sha256: " + sha256_of(other_key)
                                                     + "}]";
    const auto user = another_user();
    ASSERT_EQ(upload(user, mp4(5'000), {}, key("a")).status, 200);
    auto other = key("a");
    other.emplace("Authorization", "Bearer " + other_key);
    const auto got = upload(user, mp4(5'000), {}, other);
    EXPECT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(got.header("idempotent-replayed"), "");
    EXPECT_EQ(calls_of("/v2/post/publish/inbox/video/init/"), 2U);
}

TEST_F(Replay, EachFileOfABatchHasItsOwnRecord) {
    const auto user = another_user();
    boost::json::array files;
    for (const std::size_t size : {5'000U, 6'000U, 7'000U})
        files.push_back(boost::json::object{{"file_id", stage(mp4(size))}});
    const boost::json::value batch{{"files_to_upload", files}, {"max_workers", 1}};
    // The second init is refused once; the same key finishes the batch and repeats nothing.
    w.tiktok().add_fault(
        {{"match", {{"path", "/v2/post/publish/inbox/video/init/"}, {"nth", 2}}},
         {"do",
          {{"apply", false},
           {"status", 403},
           {"body", {{"error", {{"code", "spam_risk_text"}, {"message", ""}, {"log_id", "l"}}}}}}}});
    const auto first = w.api().post(path_of(user, "/videos/batch"), batch, key("a"));
    EXPECT_EQ(first.code(), "partial_failure") << first.raw;
    const auto second = w.api().post(path_of(user, "/videos/batch"), batch, key("a"));
    EXPECT_TRUE(second.at("successful").as_bool()) << second.raw;
    EXPECT_EQ(second.text_at("data.results.0.publish_id"), first.text_at("data.results.0.publish_id"));
    EXPECT_EQ(second.text_at("data.results.2.publish_id"), first.text_at("data.results.2.publish_id"));
    EXPECT_EQ(calls_of("/v2/post/publish/inbox/video/init/"), 4U);
    const auto third = w.api().post(path_of(user, "/videos/batch"), batch, key("a"));
    EXPECT_EQ(third.body, second.body);
    EXPECT_EQ(third.header("idempotent-replayed"), "true");
}

TEST_F(Replay, I09AnAnswerThatWasGivenIsGivenAgainWithoutAConnection) {
    const auto user = another_user();
    const auto video = mp4(50'000);
    const boost::json::value photos{{"photo_images", {"https://media.example.com/1.jpg"}},
                                    {"photo_cover_index", 0}};
    const auto uploaded = upload(user, video, {}, key("video"));
    ASSERT_EQ(uploaded.status, 200) << uploaded.raw;
    w.tiktok().add_fault(
        {{"match", {{"path", "/v2/post/publish/content/init/"}}}, {"do", {{"reset_before_answer", true}}}});
    const auto lost = w.api().post(path_of(user, "/photos"), photos, key("photos"));
    ASSERT_EQ(lost.code(), "outcome_unknown") << lost.raw;
    ASSERT_EQ(w.api().del(path_of(user, "")).status, 200);

    const auto again = upload(user, video, {}, key("video"));
    EXPECT_EQ(again.status, 200) << again.raw;
    EXPECT_EQ(again.body, uploaded.body);
    EXPECT_EQ(again.header("idempotent-replayed"), "true");
    EXPECT_EQ(w.api().post(path_of(user, "/photos"), photos, key("photos")).body, lost.body);
    EXPECT_EQ(upload(user, mp4(50'001), {}, key("video")).code(), "idempotency_key_reused");
    // What was not answered yet is refused, and its key is free.
    for (int round = 0; round < 2; ++round) {
        const auto refused = upload(user, video, {}, key("new"));
        EXPECT_EQ(refused.status, 404) << refused.raw;
        EXPECT_EQ(refused.code(), "user_not_connected");
        EXPECT_EQ(refused.header("idempotent-replayed"), "");
    }
    EXPECT_EQ(calls_of("/v2/post/publish/inbox/video/init/"), 1U);
    EXPECT_EQ(calls_of("/v2/post/publish/content/init/"), 1U);
}

TEST_F(Replay, I09AlsoWhereTheUserHasLeftAtTikTok) {
    const auto user = another_user();
    const auto video = mp4(50'000);
    const auto first = upload(user, video, {}, key("a"));
    ASSERT_EQ(first.status, 200) << first.raw;
    ASSERT_EQ(w.tiktok().control().post("/tokens/revoke", {{"account", "alice"}}).status, 200);
    EXPECT_EQ(upload(user, video, {}, key("b")).code(), "reconnect_required");
    const auto again = upload(user, video, {}, key("a"));
    EXPECT_EQ(again.body, first.body) << again.raw;
    EXPECT_EQ(again.header("idempotent-replayed"), "true");
}

TEST_F(Replay, I09AlsoOverTikToksWindowAndDuringItsOutage) {
    w.options.settings = "limits:\n  tiktok: {inbox_init_per_minute: 1}\n";
    const auto user = another_user();
    const auto video = mp4(50'000);
    const auto first = upload(user, video, {}, key("a"));
    ASSERT_EQ(first.status, 200) << first.raw;
    EXPECT_EQ(upload(user, video, {}, key("b")).code(), "rate_limited");
    w.tiktok().add_fault({{"match", {{"path", "/v2/post/publish/inbox/video/init/"}}},
                          {"do", {{"status", 500}, {"apply", false}}},
                          {"times", -1}});
    EXPECT_EQ(upload(user, video, {}, key("a")).body, first.body);
}

} // namespace
