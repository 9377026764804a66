// Dry runs: every check of a post, all its reasons at once, and nothing posted, kept or counted
// (docs/contract.md §5, §12).
#include "flow/action_test.hpp"
#include "harness/sqlite_file.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

#include <future>

namespace {

using testing::HasSubstr;

class DryRun : public action_test {
protected:
    DryRun() {
        w.options.settings = "";
        w.options.variables["TIKTOK_GATEWAY__LIMITS__TIKTOK__PENDING_SHARES_PER_DAY"] = "2";
    }

    static harness::fields key(const std::string& text) { return {{"Idempotency-Key", text}}; }
    harness::answer dry(const std::string& user, const boost::json::object& inputs,
                        const harness::fields& more = {}, const std::string& route = "/videos") {
        auto given = inputs;
        given["dry_run"] = true;
        return w.api().post(path_of(user, route), given, more);
    }
    /// `code field` of each reason.
    static std::vector<std::string> reasons_of(const harness::answer& got) {
        EXPECT_EQ(got.status, 200) << got.raw;
        std::vector<std::string> out;
        const auto reasons = got.at("data.verdict.reasons");
        for (const auto& each : reasons.as_array()) {
            const auto& reason = each.as_object();
            EXPECT_FALSE(text_in(reason, "reason").empty());
            const bool has_field = !reason.at("field").is_null();
            out.push_back(text_in(reason, "code") + (has_field ? ' ' + text_in(reason, "field") : ""));
        }
        EXPECT_EQ(got.at("data.verdict.would_post").as_bool() && !out.empty(), false);
        return out;
    }
    static void expect_would_post(const harness::answer& got) {
        EXPECT_EQ(reasons_of(got), std::vector<std::string>{}) << got.raw;
        EXPECT_TRUE(got.at("data.verdict.would_post").as_bool()) << got.raw;
    }
    std::size_t inits() {
        return calls_of("/v2/post/publish/video/init/") + calls_of("/v2/post/publish/inbox/video/init/")
               + calls_of("/v2/post/publish/content/init/");
    }
    std::string count_of(const std::string& table) {
        return harness::run_sqlite((w.folder().path() / "gateway.db").string(),
                                   "SELECT count(*) FROM " + table);
    }
    std::string draft_of(const std::string& user) {
        const auto id = upload(user, mp4(5'000)).text_at("data.publish_id");
        settled_post(id, "SEND_TO_USER_INBOX");
        EXPECT_EQ(w.api().get(path_of(user, "/posts/" + id)).text_at("data.state"), "in_inbox");
        return id;
    }

    const boost::json::object url{{"video_url", "https://media.example.com/a.mp4"}};
    const boost::json::object photos{{"photo_images", {"https://media.example.com/1.jpg"}},
                                     {"photo_cover_index", 0}};
};

TEST_F(DryRun, WhatWouldBePostedIsNotPosted) {
    const auto user = another_user();
    const auto file = stage(mp4(50'000));
    expect_would_post(upload(user, mp4(50'000), "dry_run=true"));
    expect_would_post(upload(user, mp4(50'000), "dry_run=true&publish=true", key("k")));
    expect_would_post(dry(user, {{"file_to_upload", {{"file_id", file}}}}));
    expect_would_post(dry(user, url));
    expect_would_post(dry(user, photos, key("k2"), "/photos"));
    const std::string form =
        "--b\r\nContent-Disposition: form-data; name=\"input\"\r\n\r\n{\"dry_run\":true,\"publish\":true}"
        "\r\n--b\r\nContent-Disposition: form-data; name=\"file_to_upload\"; filename=\"a.mp4\"\r\n\r\n"
        + mp4(50'000) + "\r\n--b--\r\n";
    expect_would_post(upload(
        user, form, "", {{"Content-Type", "multipart/form-data; boundary=b"}, {"Idempotency-Key", "k3"}}));
    EXPECT_EQ(inits(), 0U);
    EXPECT_EQ(count_of("posts"), "0");
    EXPECT_EQ(count_of("idempotency_keys"), "0");
    EXPECT_EQ(count_of("files"), "1") << "the one that was staged";
}

TEST_F(DryRun, ABodyNeedNotArriveWhole) {
    const auto user = another_user();
    harness::raw_socket client(w.gateway().port(), w.heard());
    client.send("POST " + path_of(user, "/videos?dry_run=true")
                + " HTTP/1.1\r\nHost: localhost\r\nx-api-key: " + w.caller_key()
                + "\r\nContent-Type: video/mp4\r\nContent-Length: 4000000000\r\n\r\n" + mp4(5'000));
    EXPECT_THAT(client.receive_answer(), HasSubstr("\"would_post\":true"));
}

TEST_F(DryRun, AllReasonsAreToldAtOnce) {
    const auto user = another_user();
    w.tiktok().control().post("/accounts", {{"username", "alice"}, {"privacy", "private"}});
    const auto got = dry(user, {{"video_url", "http://media.example.com/a.mp4"},
                                {"publish", true},
                                {"caption", std::string(2'201, 'a')},
                                {"privacy_level", "PUBLIC_TO_EVERYONE"},
                                {"video_cover_timestamp_ms", -1}});
    EXPECT_EQ(reasons_of(got), (std::vector<std::string>{"invalid_input video_url", "invalid_input caption",
                                                         "invalid_input video_cover_timestamp_ms",
                                                         "privacy_level_not_allowed privacy_level"}))
        << got.raw;
    const auto bytes =
        upload(user, "this is no video", "dry_run=true&publish=true&brand_content_toggle=true");
    EXPECT_EQ(reasons_of(bytes), (std::vector<std::string>{"invalid_input brand_content_toggle",
                                                           "invalid_input file_to_upload"}))
        << bytes.raw;
    const auto private_brand =
        upload(user, mp4(40), "dry_run=true&publish=true&brand_content_toggle=true&privacy_level=SELF_ONLY");
    EXPECT_EQ(reasons_of(private_brand), std::vector<std::string>{"invalid_input brand_content_toggle"})
        << private_brand.raw; // by two steps, told once
    EXPECT_EQ(reasons_of(dry(user, {{"file_to_upload", {{"file_id", "file_01JD0000000000000000000000"}}}})),
              std::vector<std::string>{"no_such_file"});
    EXPECT_EQ(reasons_of(dry(user, {})), std::vector<std::string>{"invalid_input file_to_upload"});
    EXPECT_EQ(inits(), 0U);
}

TEST_F(DryRun, FaultsOfTheRequestItselfStayRefusals) {
    const auto user = another_user();
    EXPECT_EQ(dry(user, {{"video_url", "https://a.example/v.mp4"}, {"colour", "red"}}).code(),
              "invalid_input");
    EXPECT_EQ(upload(user, mp4(40), "dry_run=true&dry_run=true").code(), "invalid_input");
    EXPECT_EQ(dry(user, {{"files_to_upload", boost::json::array{}}}, {}, "/videos/batch").code(),
              "invalid_input");
    EXPECT_EQ(dry("nobody", url).code(), "user_not_connected");
    EXPECT_EQ(dry(user, url, key("")).code(), "invalid_input");
    EXPECT_EQ(w.stranger().post(path_of(user, "/videos"), {{"dry_run", true}}).code(), "unauthenticated");
    EXPECT_EQ(w.api().post(path_of(user, "/videos"), {{"dry_run", "yes"}}).code(), "invalid_input");
}

TEST_F(DryRun, AMissingScopeIsAReasonAmongOthers) {
    const auto user = another_user({{"scopes", {"user.info.basic", "video.upload"}}});
    EXPECT_EQ(reasons_of(dry(user, {{"video_url", "https://media.example.com/a.mp4"},
                                    {"publish", true},
                                    {"caption", "a\tb"}})),
              (std::vector<std::string>{"invalid_input caption", "missing_scope video.publish"}));
    expect_would_post(dry(user, url));
    EXPECT_EQ(calls_of("/v2/post/publish/creator_info/query/"), 0U);
}

TEST_F(DryRun, AConnectionThatHasEndedIsAReason) {
    const auto user = another_user();
    w.tiktok().control().post("/tokens/revoke", {{"account", "alice"}});
    const boost::json::object direct{{"video_url", "https://media.example.com/a.mp4"}, {"publish", true}};
    EXPECT_EQ(reasons_of(dry(user, direct)), std::vector<std::string>{"reconnect_required"})
        << "TikTok says so";
    const auto known = dry(user, {{"video_url", "http://media.example.com/a.mp4"}});
    EXPECT_EQ(reasons_of(known), (std::vector<std::string>{"invalid_input video_url", "reconnect_required"}));
    EXPECT_TRUE(known.at("data.verdict.limits.tiktok_user").is_null()) << known.raw;
}

TEST_F(DryRun, TikToksRefusalsAreReasons) {
    const auto user = another_user();
    const boost::json::object direct{{"video_url", "https://media.example.com/a.mp4"}, {"publish", true}};
    const std::pair<const char*, const char*> refusals[] = {
        {"spam_risk_too_many_posts", "rate_limited"},
        {"spam_risk_user_banned_from_posting", "posting_refused"}};
    for (const auto& [theirs, ours] : refusals) {
        tiktok_refuses("/v2/post/publish/creator_info/query/", 200, theirs);
        EXPECT_EQ(reasons_of(dry(user, direct)), std::vector<std::string>{ours}) << theirs;
        w.tiktok().clear_faults();
    }
    tiktok_refuses("/v2/post/publish/creator_info/query/", 500, "internal_error");
    EXPECT_EQ(reasons_of(dry(user, direct)), std::vector<std::string>{"tiktok_error"});
}

TEST_F(DryRun, TheWindowIsToldAndNotUsed) {
    const auto user = another_user();
    for (int i = 0; i < 8; ++i) {
        const auto got = upload(user, mp4(5'000), "dry_run=true&publish=true");
        expect_would_post(got);
        EXPECT_EQ(got.at("data.verdict.limits.tiktok_user.left"), 6) << got.raw;
    }
    for (int i = 0; i < 6; ++i)
        EXPECT_EQ(upload(user, mp4(5'000), "publish=true").status, 200);
    const auto used_up = upload(user, mp4(5'000), "dry_run=true&publish=true");
    EXPECT_EQ(reasons_of(used_up), std::vector<std::string>{"rate_limited"}) << used_up.raw;
    EXPECT_EQ(used_up.at("data.verdict.limits.tiktok_user.left"), 0);
    EXPECT_GT(used_up.at("data.verdict.limits.tiktok_user.seconds").to_number<int>(), 0);
    EXPECT_EQ(used_up.at("data.verdict.limits.direct_posts_left_today"), 9);
    EXPECT_EQ(upload(user, mp4(5'000), "publish=true").code(), "rate_limited");
}

TEST_F(DryRun, PendingSharesThatTikTokWouldRefuseAreAReason) {
    const auto user = another_user();
    expect_would_post(dry(user, url));
    draft_of(user);
    EXPECT_EQ(dry(user, url).at("data.verdict.limits.pending_shares_left"), 1);
    draft_of(user);
    const auto got = dry(user, url);
    EXPECT_EQ(reasons_of(got), std::vector<std::string>{"rate_limited"});
    EXPECT_EQ(got.at("data.verdict.limits.pending_shares_left"), 0);
    EXPECT_EQ(reasons_of(dry(user, photos, {}, "/photos")), std::vector<std::string>{"rate_limited"});
}

TEST_F(DryRun, TheKeyIsLookedAtAndNotClaimed) {
    const auto user = another_user();
    const auto send = [&](const std::string& query) {
        return upload(user, mp4(5'000), "publish=true" + query, key("k"));
    };
    EXPECT_TRUE(upload(user, mp4(5'000), "publish=true&dry_run=true").at("data.verdict.key").is_null());
    const auto before = send("&dry_run=true");
    expect_would_post(before);
    EXPECT_EQ(before.text_at("data.verdict.key"), "free");
    w.tiktok().add_fault(
        {{"match", {{"path", "/v2/post/publish/video/init/"}}}, {"do", {{"delay_ms", 1'500}}}});
    auto running = std::async(std::launch::async, [&] { return send("&dry_run=false"); });
    while (calls_of("/v2/post/publish/video/init/") == 0) {
    } // each poll is a round trip
    const auto meanwhile = send("&dry_run=true");
    EXPECT_EQ(meanwhile.text_at("data.verdict.key"), "in_progress") << meanwhile.raw;
    EXPECT_EQ(reasons_of(meanwhile), std::vector<std::string>{"in_progress"});
    const auto posted = running.get();
    ASSERT_EQ(posted.status, 200) << posted.raw;
    const auto after = send("&dry_run=true");
    EXPECT_EQ(after.text_at("data.verdict.key"), "finished");
    EXPECT_EQ(reasons_of(after), std::vector<std::string>{});
    EXPECT_FALSE(after.at("data.verdict.would_post").as_bool()) << "the answer is there already";
    const auto other = upload(user, mp4(5'001), "publish=true&dry_run=true", key("k"));
    EXPECT_EQ(other.text_at("data.verdict.key"), "finished");
    EXPECT_EQ(reasons_of(other), std::vector<std::string>{"idempotency_key_reused"});
    EXPECT_EQ(send("").header("idempotent-replayed"), "true") << "dry_run is no part of what is asked for";
    EXPECT_EQ(inits(), 1U);
}

TEST_F(DryRun, APublishIsTriedInEachState) {
    const auto user = another_user();
    const auto publish = [&](const std::string& id, const boost::json::object& more = {}) {
        return dry(user, more, {}, "/posts/" + id + "/publish");
    };
    EXPECT_EQ(reasons_of(publish("v_inbox_file~v2.1")), std::vector<std::string>{"no_such_post"});
    const auto kept = draft_of(user);
    expect_would_post(publish(kept));
    EXPECT_EQ(reasons_of(publish(kept, {{"direct_post", false}})),
              std::vector<std::string>{"creator_action_required"});
    EXPECT_EQ(reasons_of(publish(kept, {{"privacy_level", "FOLLOWER_OF_CREATOR"}})),
              std::vector<std::string>{"privacy_level_not_allowed privacy_level"});
    EXPECT_EQ(reasons_of(publish(kept, {{"brand_content_toggle", true}})),
              std::vector<std::string>{"invalid_input brand_content_toggle"});
    EXPECT_EQ(count_of("draft_claims"), "0");
    const auto posted = w.api().post(path_of(user, "/posts/" + kept + "/publish"), boost::json::object{});
    ASSERT_EQ(posted.status, 200) << posted.raw;
    settled_post(posted.text_at("data.publish_id"), "PUBLISH_COMPLETE");
    const auto again = publish(kept);
    EXPECT_EQ(reasons_of(again), std::vector<std::string>{});
    EXPECT_FALSE(again.at("data.verdict.would_post").as_bool()) << again.raw;
    EXPECT_EQ(again.text_at("data.verdict.post.publish_id"), posted.text_at("data.publish_id"));
    EXPECT_EQ(again.text_at("data.verdict.post.state"), "published");
    const auto failed = upload(user, mp4(5'000), "publish=true").text_at("data.publish_id");
    w.tiktok().control().post("/posts/" + failed + "/state",
                              {{"state", "FAILED"}, {"fail_reason", "duration_check_failed"}});
    EXPECT_EQ(reasons_of(publish(failed)), std::vector<std::string>{"post_failed"});
    EXPECT_EQ(inits(), 3U);
}

} // namespace
