// Uploading and posting: all bytes arrive, answers are right, drafts become posts.
#include "flow/action_test.hpp"
#include "harness/sqlite_file.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <future>

namespace {

using testing::HasSubstr;

class Posting : public action_test {};

TEST_F(Posting, ARawBodyGoesToTheInboxWithAWarningAboutItsCaption) {
    const auto user = another_user();
    const auto video = mp4(100'000);
    const auto got = upload(user, video, "caption=Day%20three%0Aof%20rye");
    ASSERT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(got.text_at("data.sha256"), sha256_of(video));
    EXPECT_EQ(got.at("data.size"), 100'000);
    EXPECT_EQ(got.at("data.total_chunk_count"), 1);
    EXPECT_EQ(got.at("data.upload_status_code"), 201);
    EXPECT_EQ(got.at("data.warnings").as_array().size(), 1U);
    EXPECT_FALSE(got.text_at("data.file_id").empty()); // kept for a later publish
    const auto post = settled_post(got.text_at("data.publish_id"), "SEND_TO_USER_INBOX");
    EXPECT_EQ(text_in(post, "state"), "SEND_TO_USER_INBOX");
    EXPECT_EQ(text_in(post, "sha256"), sha256_of(video));
    EXPECT_THAT(got.raw, testing::Not(HasSubstr("upload_token")));
}

TEST_F(Posting, EverySizeArrivesWholeInTheChunksOfThePlan) {
    struct size_case {
        std::size_t size;
        const char* hint;
        std::int64_t chunk, count;
    };
    const size_case cases[] = {{40, "", 40, 1},
                               {5'000'000, "", 5'000'000, 1},
                               {9'000'000, "chunk_size_bytes=5242880", 9'000'000, 1},
                               {10'485'760, "chunk_size_bytes=5242880", 5'242'880, 2},
                               {64'000'000, "", 10'000'000, 6},
                               {64'000'001, "", 10'000'000, 6},
                               {150'000'000, "", 10'000'000, 15},
                               {150'000'000, "chunk_size_bytes=64000000", 64'000'000, 2}};
    for (const auto& each : cases) {
        SCOPED_TRACE(each.size);
        const auto user = another_user();
        const auto video = mp4(each.size);
        const auto got = upload(user, video, each.hint);
        ASSERT_EQ(got.status, 200) << got.raw;
        EXPECT_EQ(got.at("data.chunk_size"), each.chunk);
        EXPECT_EQ(got.at("data.total_chunk_count"), each.count);
        const auto post = w.tiktok().post(got.text_at("data.publish_id"));
        EXPECT_EQ(text_in(post, "sha256"), sha256_of(video));
        EXPECT_EQ(post.at("chunks").as_array().size(), static_cast<std::size_t>(each.count));
    }
}

TEST_F(Posting, ADirectPostCarriesItsSettings) {
    const auto user = another_user();
    const auto got = upload(user, mp4(5'000),
                            "publish=true&caption=Hello%20%23rye&privacy_level=PUBLIC_TO_EVERYONE"
                            "&disable_duet=true&is_aigc=true");
    ASSERT_EQ(got.status, 200) << got.raw;
    const auto post = settled_post(got.text_at("data.publish_id"), "PUBLISH_COMPLETE");
    EXPECT_EQ(text_in(post, "caption"), "Hello #rye");
    EXPECT_EQ(text_in(post, "privacy_level"), "PUBLIC_TO_EVERYONE");
    EXPECT_EQ(post.at("is_aigc"), true);
    const auto status = w.api().get(path_of(user, "/posts/" + got.text_at("data.publish_id")));
    EXPECT_EQ(status.text_at("data.state"), "published") << status.raw;
    EXPECT_EQ(status.text_at("data.publish_id"), got.text_at("data.publish_id"));
}

TEST_F(Posting, WithoutAPrivacyLevelNobodyElseSeesIt) {
    const auto user = another_user();
    const auto got = upload(user, mp4(5'000), "publish=true");
    ASSERT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(text_in(w.tiktok().post(got.text_at("data.publish_id")), "privacy_level"), "SELF_ONLY");
}

TEST_F(Posting, APrivacyLevelTheCreatorDoesNotHaveIsRefusedBeforeAnyInit) {
    const auto user = another_user({{"account", "carol"}}); // a private account
    const auto got = upload(user, mp4(5'000), "publish=true&privacy_level=PUBLIC_TO_EVERYONE");
    EXPECT_EQ(got.status, 403) << got.raw;
    EXPECT_EQ(got.code(), "privacy_level_not_allowed");
    EXPECT_EQ(calls_of("/v2/post/publish/video/init/"), 0U);
}

TEST_F(Posting, C24CaptionsReachTikTokByteForByte) {
    const auto user = another_user();
    const std::string caption = "\"q\" \\ /\nzwei \xc3\xa4 \xe2\x80\xae \xf0\x9f\x98\x80 \xe6\x97\xa5";
    const auto got = w.api().post(
        path_of(user, "/videos"),
        {{"file_to_upload", {{"file_id", stage(mp4(5'000))}}}, {"publish", true}, {"caption", caption}});
    ASSERT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(text_in(w.tiktok().post(got.text_at("data.publish_id")), "caption"), caption);
}

TEST_F(Posting, AMultipartFormCarriesInputsAndFile) {
    const auto user = another_user();
    const auto video = mp4(300'000);
    const std::string body =
        "--b0\r\nContent-Disposition: form-data; name=\"input\"\r\nContent-Type: application/json\r\n\r\n"
        "{\"publish\":true,\"caption\":\"form\"}\r\n"
        "--b0\r\nContent-Disposition: form-data; name=\"file_to_upload\"; filename=\"a.mp4\"\r\n"
        "Content-Type: video/mp4\r\n\r\n"
        + video + "\r\n--b0--\r\n";
    const auto got = upload(user, body, {}, {{"Content-Type", "multipart/form-data; boundary=b0"}});
    ASSERT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(got.text_at("data.sha256"), sha256_of(video));
    EXPECT_EQ(text_in(w.tiktok().post(got.text_at("data.publish_id")), "caption"), "form");
}

TEST_F(Posting, AStagedFileCanBeUploadedAndIsItsCallersOnly) {
    const auto user = another_user();
    const auto video = mp4(20'000);
    const auto file = stage(video);
    const auto shown = w.api().get("/v1/files/" + file);
    EXPECT_EQ(shown.text_at("data.sha256"), sha256_of(video)) << shown.raw;
    const auto got =
        w.api().post(path_of(user, "/videos"),
                     {{"file_to_upload", {{"name", "a.mp4"}, {"mimetype", "video/mp4"}, {"s3key", file}}}});
    ASSERT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(got.text_at("data.sha256"), sha256_of(video));
    EXPECT_EQ(w.api().del("/v1/files/" + file).status, 200);
    const auto gone = w.api().get("/v1/files/" + file);
    EXPECT_EQ(gone.status, 404);
    EXPECT_EQ(gone.code(), "no_such_file");
    const auto unknown = w.api().post(path_of(user, "/videos"),
                                      {{"file_to_upload", {{"file_id", "file_01JD0000000000000000000000"}}}});
    EXPECT_EQ(unknown.status, 404) << unknown.raw;
}

TEST_F(Posting, AUrlIsHandedToTikTok) {
    const auto user = another_user();
    const auto got =
        w.api().post(path_of(user, "/videos"), {{"video_url", "https://media.example.com/a.mp4"}});
    ASSERT_EQ(got.status, 200) << got.raw;
    EXPECT_TRUE(got.at("data.sha256").is_null());
    const auto post = w.tiktok().post(got.text_at("data.publish_id"));
    EXPECT_EQ(text_in(post, "source"), "PULL_FROM_URL");
    const auto foreign =
        w.api().post(path_of(user, "/videos"), {{"video_url", "https://elsewhere.example.net/a.mp4"}});
    EXPECT_EQ(foreign.status, 403) << foreign.raw;
    EXPECT_EQ(foreign.code(), "url_ownership_unverified");
}

TEST_F(Posting, WhatIsNoVideoIsRefusedBeforeTikTokHearsOfIt) {
    const auto user = another_user();
    const auto got = upload(user, std::string(5'000, 'x'));
    EXPECT_EQ(got.status, 422) << got.raw;
    EXPECT_EQ(got.code(), "invalid_input");
    EXPECT_EQ(calls_of("/v2/post/publish/inbox/video/init/"), 0U);
}

TEST_F(Posting, UploadNowPublishLaterEndsInAPublicPost) {
    const auto user = another_user();
    const auto video = mp4(50'000);
    const auto draft = upload(user, video, "caption=first%20words");
    ASSERT_EQ(draft.status, 200) << draft.raw;
    const auto draft_id = draft.text_at("data.publish_id");
    settled_post(draft_id, "SEND_TO_USER_INBOX");
    const auto target = path_of(user, "/posts/" + draft_id + "/publish");
    const auto done =
        w.api().post(target, {{"caption", "last words"}, {"privacy_level", "PUBLIC_TO_EVERYONE"}});
    ASSERT_EQ(done.status, 200) << done.raw;
    EXPECT_EQ(done.text_at("data.draft_publish_id"), draft_id);
    EXPECT_FALSE(done.at("data.warnings").as_array().empty()); // the draft stays in the inbox
    const auto post = settled_post(done.text_at("data.publish_id"), "PUBLISH_COMPLETE");
    EXPECT_EQ(text_in(post, "state"), "PUBLISH_COMPLETE");
    EXPECT_EQ(text_in(post, "caption"), "last words");
    EXPECT_EQ(text_in(post, "privacy_level"), "PUBLIC_TO_EVERYONE");
    EXPECT_EQ(text_in(post, "sha256"), sha256_of(video));
    const auto again = w.api().post(target, {{"caption", "other words"}});
    EXPECT_EQ(again.status, 200) << again.raw;
    EXPECT_EQ(again.text_at("data.publish_id"), done.text_at("data.publish_id"));
    EXPECT_EQ(calls_of("/v2/post/publish/video/init/"), 1U);
    const auto listed = w.api().get(path_of(user, "/posts"));
    EXPECT_EQ(listed.at("data.posts").as_array().size(), 2U) << listed.raw;
    EXPECT_EQ(listed.text_at("data.posts.0.state"), "published"); // updated by the second status query
    EXPECT_EQ(listed.text_at("data.posts.0.draft_publish_id"), draft_id);
    EXPECT_EQ(listed.text_at("data.posts.1.state"), "in_inbox");
    EXPECT_EQ(listed.text_at("data.posts.1.published_as"), done.text_at("data.publish_id"));
    EXPECT_THAT(w.admin().get("/metrics").body,
                HasSubstr("tiktok_gateway_upstream_requests_total{endpoint=\"upload\",code=\"ok\"} 2\n"));
}

TEST_F(Posting, APublishThatAnotherCallIsMakingLeavesNoRow) {
    const auto user = another_user();
    const auto id = upload(user, mp4(50'000)).text_at("data.publish_id");
    settled_post(id, "SEND_TO_USER_INBOX");
    const std::string init = "/v2/post/publish/video/init/";
    w.tiktok().add_fault({{"match", {{"path", init}}}, {"do", {{"delay_ms", 1'500}}}});
    const auto publish = [client = w.api(), target = path_of(user, "/posts/" + id + "/publish")] {
        return client.post(target, boost::json::object{});
    };
    auto first = std::async(std::launch::async, publish);
    const auto until = gateway::steady_now() + gateway::seconds{10};
    while (calls_of(init) == 0 && gateway::steady_now() < until) {
    } // each poll is a round trip
    const auto second = publish();
    EXPECT_EQ(second.code(), "in_progress") << second.raw;
    EXPECT_EQ(first.get().status, 200);
    const auto file = (w.folder().path() / "gateway.db").string();
    EXPECT_EQ(harness::run_sqlite(file, "SELECT count(*) FROM posts"), "2") << "the draft and the post";
}

TEST_F(Posting, APublishHasTheTimeOfItsVideosSize) {
    w.options.settings += "deadlines: {upload_base_ms: 1000, upload_bytes_per_second_min: 10000}\n";
    const auto user = another_user();
    const auto draft = upload(user, mp4(100'000));
    ASSERT_EQ(draft.status, 200) << draft.raw;
    const auto id = draft.text_at("data.publish_id");
    settled_post(id, "SEND_TO_USER_INBOX");
    w.tiktok().add_fault(
        {{"match", {{"path", "/v2/post/publish/video/init/"}}}, {"do", {{"delay_ms", 2'500}}}});
    const auto done = w.api().post(path_of(user, "/posts/" + id + "/publish"), boost::json::object{});
    EXPECT_EQ(done.status, 200) << done.raw;
}

TEST_F(Posting, ADraftWhoseBytesAreGoneIsTheCreatorsToFinish) {
    const auto user = another_user();
    const auto draft = upload(user, mp4(5'000), "keep=false");
    const auto id = draft.text_at("data.publish_id");
    EXPECT_TRUE(draft.at("data.file_id").is_null()) << draft.raw;
    settled_post(id, "SEND_TO_USER_INBOX");
    const auto got = w.api().post(path_of(user, "/posts/" + id + "/publish"), boost::json::object{});
    EXPECT_EQ(got.status, 409) << got.raw;
    EXPECT_EQ(got.code(), "creator_action_required");
}

TEST_F(Posting, PhotosAreInitiatedWithTheirSettings) {
    const auto user = another_user();
    const auto got = w.api().post(
        path_of(user, "/photos"),
        {{"photo_images", {"https://media.example.com/1.jpg", "https://media.example.com/2.webp"}},
         {"photo_cover_index", 1},
         {"title", "Rye"},
         {"description", "Two loaves\nand a knife"},
         {"post_mode", "DIRECT_POST"},
         {"privacy_level", "MUTUAL_FOLLOW_FRIENDS"},
         {"auto_add_music", true}});
    ASSERT_EQ(got.status, 200) << got.raw;
    const auto post = w.tiktok().post(got.text_at("data.publish_id"));
    EXPECT_EQ(text_in(post, "kind"), "photo");
    EXPECT_EQ(text_in(post, "mode"), "direct");
    EXPECT_EQ(text_in(post, "description"), "Two loaves\nand a knife");
    EXPECT_EQ(post.at("photo_cover_index"), 1);
    EXPECT_EQ(post.at("urls").as_array().size(), 2U);
}

TEST_F(Posting, ABatchTellsEachFilesFateInOrder) {
    const auto user = another_user();
    const auto one = stage(mp4(5'000)), bad = stage(std::string(5'000, 'x')), two = stage(mp4(6'000));
    boost::json::array files;
    for (const auto& id : {one, bad, two})
        files.push_back({{"name", id == bad ? "bad.mp4" : "good.mp4"}, {"file_id", id}});
    const auto got =
        w.api().post(path_of(user, "/videos/batch"), {{"files_to_upload", files}, {"max_workers", 2}});
    ASSERT_EQ(got.status, 200) << got.raw;
    EXPECT_FALSE(got.at("successful").as_bool());
    EXPECT_EQ(got.code(), "partial_failure");
    EXPECT_TRUE(got.at("data.results.0.successful").as_bool());
    EXPECT_EQ(got.text_at("data.results.1.file_name"), "bad.mp4");
    EXPECT_EQ(got.text_at("data.results.1.problem.code"), "invalid_input");
    EXPECT_TRUE(got.at("data.results.2.successful").as_bool());
    EXPECT_EQ(w.tiktok().post(got.text_at("data.results.2.publish_id")).at("size_bytes"), 6'000);
}

TEST_F(Posting, ABatchKeepsToTikToksPaceAndSaysWhatItHadNoTimeFor) {
    w.options.settings = "limits: {tiktok: {inbox_init_per_minute: 2}}\n";
    const auto user = another_user();
    boost::json::array files;
    for (int i = 0; i < 3; ++i)
        files.push_back(boost::json::object{{"file_id", stage(mp4(5'000))}});
    const auto got =
        w.api().post(path_of(user, "/videos/batch"), {{"files_to_upload", files}, {"max_workers", 1}},
                     {{"X-Request-Timeout", "5"}}); // one at a time, so that the last one runs out of time
    ASSERT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(got.code(), "partial_failure");
    EXPECT_EQ(calls_of("/v2/post/publish/inbox/video/init/"), 2U);
    EXPECT_EQ(got.text_at("data.results.2.problem.code"), "rate_limited") << got.raw;
    EXPECT_EQ(got.text_at("data.results.2.problem.limit_scope"), "tiktok_user");
    EXPECT_FALSE(got.at("data.results.2.problem.retry_after_ms").is_null());
}

} // namespace
