// Uploads with faults of the network, of TikTok's upload host or of the client: no byte is sent twice or left
// out, no unwanted post, no file left behind (docs/promises.md §7).
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t three_chunks = 30'000'000; // of 10,000,000 bytes each

class UploadFaults : public action_test {
protected:
    /// Adds a fault to the nth PUT at the upload host from now on.
    void upload_host_does(int nth, const boost::json::object& what) {
        w.tiktok().add_fault(boost::json::object{
            {"match", {{"listener", "upload"}, {"method", "PUT"}, {"nth", nth}}}, {"do", what}});
    }
    void upload_host_always(const boost::json::object& what) {
        w.tiktok().add_fault(boost::json::object{
            {"match", {{"listener", "upload"}, {"method", "PUT"}}}, {"times", -1}, {"do", what}});
    }
    /// The upload succeeded in spite of the fault, and TikTok has exactly the bytes.
    void expect_whole(const harness::answer& got, const std::string& video) {
        ASSERT_EQ(got.status, 200) << got.raw;
        EXPECT_EQ(got.text_at("data.sha256"), sha256_of(video));
        const auto post = w.tiktok().post(got.text_at("data.publish_id"));
        EXPECT_EQ(text_in(post, "sha256"), sha256_of(video));
        EXPECT_EQ(post.at("uploaded_bytes"), video.size());
    }
    std::size_t puts_seen() {
        const auto history = w.tiktok().history();
        std::size_t count = 0;
        for (const auto& each : history.at("requests").as_array())
            if (text_in(each.as_object(), "method") == "PUT") ++count;
        return count;
    }
    /// The number of files in files.directory.
    std::size_t files_kept() {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& each :
             std::filesystem::directory_iterator(w.folder().path() / "files"))
            ++count;
        return count;
    }
    /// The gateway's peak memory.
    std::int64_t peak_kib() {
        std::ifstream status("/proc/" + std::to_string(w.gateway().process().pid()) + "/status");
        for (std::string line; std::getline(status, line);)
            if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6));
        return 0;
    }
    std::size_t posts_at_tiktok() { return w.tiktok().history().at("posts").as_array().size(); }
};

TEST_F(UploadFaults, M02AResetInAnyChunkCostsNothingButARepeat) {
    for (const int nth : {1, 2, 3}) {
        SCOPED_TRACE(nth);
        const auto user = another_user();
        const auto video = mp4(three_chunks);
        const auto before = puts_seen();
        upload_host_does(nth, {{"reset_after_request_bytes", 3'000'000}});
        expect_whole(upload(user, video), video);
        EXPECT_EQ(puts_seen() - before, 4U);
        w.tiktok().clear_faults();
    }
}

TEST_F(UploadFaults, M02AnUploadHostInTroubleIsAskedAgain) {
    const auto user = another_user();
    const auto video = mp4(three_chunks);
    for (const int nth : {1, 3, 4})
        upload_host_does(nth, {{"apply", false}, {"status", 503}, {"body", ""}});
    expect_whole(upload(user, video), video);
    EXPECT_GE(puts_seen(), 5U);
}

TEST_F(UploadFaults, M03AChunkWhoseAnswerWasLostIsNeitherDoubledNorSkipped) {
    for (const int nth : {1, 2, 3}) {
        SCOPED_TRACE(nth);
        const auto user = another_user();
        const auto video = mp4(three_chunks);
        const auto before = puts_seen();
        upload_host_does(nth, {{"reset_before_answer", true}});
        expect_whole(upload(user, video), video);
        EXPECT_EQ(puts_seen() - before, 3U); // the status query showed that TikTok had the chunk
        w.tiktok().clear_faults();
    }
}

TEST_F(UploadFaults, M03ItResumesInsideAChunkOfWhichTikTokKeptAPart) {
    const auto user = another_user();
    w.tiktok().change({{"switches", {{"partial_chunk", "kept"}}}});
    const auto video = mp4(three_chunks);
    upload_host_does(2, {{"reset_after_request_bytes", 4'321'000}});
    expect_whole(upload(user, video), video);
}

TEST_F(UploadFaults, M03WhereTikTokCannotBeAskedItsRefusalOfTheRangeTells) {
    for (const char* reading : {"last_index", "count"}) {
        SCOPED_TRACE(reading);
        const auto user = another_user();
        w.tiktok().change({{"switches", {{"progress_header", reading}}}});
        const auto video = mp4(three_chunks);
        tiktok_refuses("/v2/post/publish/status/fetch/", 503, "internal_error");
        const auto before = puts_seen();
        upload_host_does(2, {{"reset_before_answer", true}});
        expect_whole(upload(user, video), video);
        EXPECT_EQ(puts_seen() - before, 4U);
        w.tiktok().clear_faults();
    }
}

TEST_F(UploadFaults, M02AnEarlyAnswerStopsTheChunkAndARepeatSavesIt) {
    const auto user = another_user();
    const auto video = mp4(three_chunks);
    upload_host_does(2, {{"early", true}, {"apply", false}, {"status", 503}, {"body", ""}});
    expect_whole(upload(user, video), video);
}

TEST_F(UploadFaults, M07AnUploadAddressThatExpiresIsAProblemWithoutTheAddress) {
    const auto user = another_user();
    const auto video = mp4(three_chunks);
    upload_host_does(2, {{"apply", false}, {"status", 403}, {"body", ""}});
    const auto got = upload(user, video, "publish=true");
    EXPECT_EQ(got.status, 502) << got.raw;
    EXPECT_EQ(got.code(), "tiktok_error");
    EXPECT_THAT(got.text_at("error"), testing::HasSubstr("10000000 of 30000000"));
    EXPECT_THAT(got.text_at("error"), testing::HasSubstr("start it again"));
    EXPECT_THAT(got.raw, testing::Not(testing::HasSubstr("upload_token")));
    EXPECT_THAT(got.raw, testing::Not(testing::HasSubstr("upload_id")));
}

TEST_F(UploadFaults, M02AHostThatNeverRecoversIsGivenUpWithTheOffset) {
    const auto user = another_user();
    upload_host_always({{"apply", false}, {"status", 500}, {"body", ""}});
    const auto got = upload(user, mp4(1'000'000));
    EXPECT_EQ(got.status, 502) << got.raw;
    EXPECT_EQ(got.code(), "tiktok_error");
    EXPECT_EQ(files_kept(), 0U); // the copy was removed with the upload
}

TEST_F(UploadFaults, I05ADirectPostWhoseLastAnswerIsLostForGoodIsUnknown) {
    const auto user = another_user();
    tiktok_refuses("/v2/post/publish/status/fetch/", 503, "internal_error");
    upload_host_always({{"apply", false}, {"reset_before_answer", true}});
    const auto got = upload(user, mp4(1'000'000), "publish=true");
    EXPECT_EQ(got.status, 409) << got.raw;
    EXPECT_EQ(got.code(), "outcome_unknown");
    EXPECT_EQ(got.header("x-should-retry"), "false");
}

TEST_F(UploadFaults, I05ARefusedRepeatOfTheLastChunkSaysNothingAboutItsFirstSending) {
    const auto video = mp4(1'000'000);
    for (const int refusal : {403, 404, 400}) {
        for (const bool status_can_be_asked : {true, false}) {
            SCOPED_TRACE(std::to_string(refusal) + (status_can_be_asked ? " with status" : ""));
            const auto user = another_user();
            const auto before = posts_at_tiktok();
            upload_host_does(
                1, {{"status", 500}, {"body", ""}}); // TikTok has the video but answers that it failed
            upload_host_does(
                1, {{"apply", false}, {"status", refusal}, {"body", ""}}); // counted from the remaining ones
            if (!status_can_be_asked) tiktok_refuses("/v2/post/publish/status/fetch/", 503, "internal_error");
            const harness::fields key{{"Idempotency-Key", "key-of-" + user}};
            const auto got = upload(user, video, "publish=true", key);
            EXPECT_EQ(got.code(), status_can_be_asked ? "" : "outcome_unknown") << got.raw;
            EXPECT_EQ(got.header("x-should-retry"), "false");
            w.tiktok().clear_faults();
            EXPECT_EQ(upload(user, video, "publish=true", key).header("idempotent-replayed"), "true");
            EXPECT_EQ(posts_at_tiktok(), before + 1);
        }
    }
}

TEST_F(UploadFaults, I05ADraftWhosePublishWasLostIsNeverPostedASecondTime) {
    const auto user = another_user();
    const auto draft = upload(user, mp4(50'000));
    ASSERT_EQ(draft.status, 200) << draft.raw;
    const auto id = draft.text_at("data.publish_id");
    settled_post(id, "SEND_TO_USER_INBOX");
    // TikTok accepts the bytes, but its answer is lost.
    const auto target = path_of(user, "/posts/" + id + "/publish");
    w.tiktok().add_fault({{"match", {{"path", "/v2/post/publish/status/fetch/"}, {"nth", 2}}},
                          {"times", -1},
                          {"do", {{"apply", false}, {"status", 503}, {"body", ""}}}});
    upload_host_always({{"reset_before_answer", true}});
    const auto lost = w.api().post(target, boost::json::object{});
    EXPECT_TRUE(lost.code() == "outcome_unknown" || lost.status == 200) << lost.raw;
    w.tiktok().clear_faults();
    const auto again = w.api().post(target, boost::json::object{});
    EXPECT_EQ(again.status, 200) << again.raw;
    EXPECT_EQ(calls_of("/v2/post/publish/video/init/"), 1U);
    EXPECT_EQ(posts_at_tiktok(), 2U); // the draft and one post
}

TEST_F(UploadFaults, I05CallsThatPublishOneDraftAtOnceMakeOnePost) {
    const auto user = another_user();
    const auto draft = upload(user, mp4(2'000'000));
    const auto id = draft.text_at("data.publish_id");
    settled_post(id, "SEND_TO_USER_INBOX");
    std::vector<harness::answer> got(6);
    std::vector<std::thread> callers;
    for (auto& each : got)
        callers.emplace_back([&, client = w.api()] {
            each = client.post(path_of(user, "/posts/" + id + "/publish"), boost::json::object{});
        });
    for (auto& each : callers)
        each.join();
    EXPECT_EQ(calls_of("/v2/post/publish/video/init/"), 1U);
    EXPECT_EQ(posts_at_tiktok(), 2U);
    for (const auto& each : got)
        EXPECT_TRUE(each.status == 200 || each.code() == "in_progress") << each.raw;
}

TEST_F(UploadFaults, M08UploadsThatDoNotFitIntoMemoryAreRefusedAtOnce) {
    w.options.settings += "uploads: {memory_bytes: 25000000}\n";
    const auto user = another_user();
    const std::string video = mp4(19'000'000);
    harness::raw_socket first(w.gateway().port(), w.heard());
    first.send(
        "POST " + path_of(user, "/videos") + " HTTP/1.1\r\nHost: localhost\r\nx-api-key: " + w.caller_key()
        + "\r\nContent-Type: video/mp4\r\nContent-Length: " + std::to_string(video.size()) + "\r\n\r\n");
    first.send(std::string_view(video).substr(0, 1'000'000));
    const auto end = gateway::steady_now() + gateway::seconds{20};
    while (puts_seen() == 0 && posts_at_tiktok() == 0 && gateway::steady_now() < end) {
    }
    const auto second = upload(user, video);
    EXPECT_EQ(second.status, 503) << second.raw;
    EXPECT_EQ(second.code(), "overloaded");
    EXPECT_FALSE(second.header("retry-after").empty());
    first.send(std::string_view(video).substr(1'000'000));
    EXPECT_THAT(first.receive_answer(), testing::HasSubstr(sha256_of(video)));
    EXPECT_EQ(upload(user, video).status, 200); // the memory is free again
}

TEST_F(UploadFaults, M04MemoryStaysSmallWhateverTheSizeAndHoweverSlowTikTokIs) {
    const auto user = another_user();
    const std::string video = mp4(150'000'000);
    ASSERT_EQ(upload(user, mp4(40)).status, 200); // warm-up
    const auto before = peak_kib();
    upload_host_always({{"read_delay_ms", 1}});
    expect_whole(upload(user, video), video);
    EXPECT_LT(peak_kib() - before, 64 * 1024);
}

TEST_F(UploadFaults, M01AClientThatGoesLeavesNothingBehind) {
    const std::string video = mp4(20'000'000);
    const auto user = another_user();
    (void)w.gateway();
    for (const std::size_t sent : {std::size_t{0}, video.size() / 100, video.size() / 2, video.size() - 1}) {
        SCOPED_TRACE(sent);
        harness::raw_socket client(w.gateway().port(), w.heard());
        client.send("POST " + path_of(user, "/videos") + " HTTP/1.1\r\nHost: localhost\r\nx-api-key: "
                    + w.caller_key() + "\r\nContent-Type: video/mp4\r\nContent-Length: "
                    + std::to_string(video.size()) + "\r\n\r\n");
        client.send(std::string_view(video).substr(0, sent));
        client.reset();
    }
    // Wait until no upload is counted any more.
    const auto end = gateway::steady_now() + gateway::seconds{20};
    bool none_left = false;
    while (!none_left && gateway::steady_now() < end)
        none_left =
            w.admin().get("/metrics").body.find("tiktok_gateway_requests_in_flight 0") != std::string::npos;
    EXPECT_TRUE(none_left);
    EXPECT_EQ(files_kept(), 0U);
    const auto history = w.tiktok().history();
    for (const auto& post : history.at("posts").as_array())
        EXPECT_EQ(text_in(post.as_object(), "state"), "PROCESSING_UPLOAD");
}

TEST_F(UploadFaults, M06AStreamedFormWithAnotherEndThanItsLengthLetsExpectIsRefusedBeforeTheLastChunkLeaves) {
    const auto user = another_user();
    const std::string video = mp4(12'000'000);
    const std::string form =
        "--b0\r\nContent-Disposition: form-data; name=\"file_to_upload\"; filename=\"a.mp4\"\r\n"
        "Content-Length: 12000000\r\nContent-Type: video/mp4\r\n\r\n"
        + video + "\r\n--b1--\r\n";
    const auto got = upload(user, form, {}, {{"Content-Type", "multipart/form-data; boundary=b0"}});
    EXPECT_EQ(got.status, 400) << got.raw;
    EXPECT_EQ(got.code(), "malformed_request");
    const auto history = w.tiktok().history();
    for (const auto& post : history.at("posts").as_array())
        EXPECT_EQ(post.at("uploaded_bytes"), 0);
    EXPECT_EQ(files_kept(), 0U);
}

TEST_F(UploadFaults, I05AnInboxInitWhoseAnswerWasLostMayBeTriedAgain) {
    const auto user = another_user();
    w.tiktok().add_fault({{"match", {{"path", "/v2/post/publish/inbox/video/init/"}}},
                          {"do", {{"reset_before_answer", true}}}});
    const auto got = upload(user, mp4(40));
    EXPECT_EQ(got.status, 502) << got.raw;
    EXPECT_EQ(got.code(), "tiktok_unreachable");
    EXPECT_TRUE(got.at("problem.retryable").as_bool());
    EXPECT_EQ(calls_of("/v2/post/publish/inbox/video/init/"), 1U);
    EXPECT_EQ(upload(user, mp4(40)).status, 200);
}

TEST_F(UploadFaults, I05PhotosWhoseAnswerWasLostAreNeverSentTwice) {
    for (const boost::json::object& what :
         {boost::json::object{{"reset_before_answer", true}},
          boost::json::object{{"status", 500}, {"body", ""}},
          boost::json::object{{"raw", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\noops"}},
          boost::json::object{{"truncate_at_byte", 40}}}) {
        const auto user = another_user();
        const auto posts = posts_at_tiktok();
        w.tiktok().add_fault({{"match", {{"path", "/v2/post/publish/content/init/"}}}, {"do", what}});
        const auto got =
            w.api().post(path_of(user, "/photos"), {{"photo_images", {"https://media.example.com/1.jpg"}},
                                                    {"photo_cover_index", 0},
                                                    {"post_mode", "DIRECT_POST"}});
        EXPECT_EQ(got.status, 409) << got.raw;
        EXPECT_EQ(got.code(), "outcome_unknown");
        EXPECT_EQ(got.header("x-should-retry"), "false");
        EXPECT_EQ(posts_at_tiktok(), posts + 1); // posted exactly once
        w.tiktok().clear_faults();
    }
}

} // namespace
