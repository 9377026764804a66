#include "posting.hpp"

namespace gateway::simulator::testing {

TEST_F(Posting, ShowsTheCreatorsOptionsByAccountType) {
    const auto open = data_of(ask("creator_info/query/", ""));
    EXPECT_EQ(open.at("privacy_level_options").as_array()[0].as_string(), "PUBLIC_TO_EVERYONE");
    EXPECT_FALSE(open.at("duet_disabled").as_bool());
    token = tokens_for("quiet").access_token;
    const auto closed = data_of(ask("creator_info/query/", ""));
    EXPECT_EQ(closed.at("privacy_level_options").as_array()[0].as_string(), "FOLLOWER_OF_CREATOR");
    EXPECT_TRUE(closed.at("duet_disabled").as_bool());
}

TEST_F(Posting, CreatorInfoRefusesWithHttp200) {
    w.find_account("demo")->facts.banned = true;
    const answer out = ask("creator_info/query/", "");
    EXPECT_EQ(out.status, 200);
    EXPECT_EQ(code_of(out), "spam_risk_user_banned_from_posting");
}

TEST_F(Posting, NamesItsPostsAfterTheirKind) {
    EXPECT_TRUE(id_of(direct()).starts_with("v_pub_file~v2-1."));
    EXPECT_TRUE(id_of(draft()).starts_with("v_inbox_file~v2."));
    EXPECT_TRUE(id_of(photos("DIRECT_POST")).starts_with("p_pub_url~v2."));
    const answer out = ask("inbox/video/init/", R"({"source_info":{"source":"PULL_FROM_URL",)"
                                                R"("video_url":"https://media.example.test/v.mp4"}})");
    EXPECT_TRUE(id_of(out).starts_with("v_inbox_url~v2."));
    EXPECT_FALSE(data_of(out).contains("upload_url"));
    EXPECT_EQ(w.out.pulls.size(), 2U);
}

TEST_F(Posting, ChecksTokenScopeRateParametersAndCapsInThatOrder) {
    w.find_account("demo")->facts.banned = true;
    w.config.limits.init_per_minute = 1;
    const std::string good = token;
    token = "act.no";
    EXPECT_EQ(code_of(ask("video/init/", "nonsense")), "access_token_invalid");
    token = tokens_for("demo", {"video.upload"}).access_token;
    EXPECT_EQ(code_of(ask("video/init/", "nonsense")), "scope_not_authorized");
    token = good;
    EXPECT_EQ(code_of(ask("video/init/", "nonsense")), "invalid_params");
    EXPECT_EQ(code_of(ask("video/init/", "nonsense")), "rate_limit_exceeded");
    w.windows.clear();
    EXPECT_EQ(code_of(direct("PUBLIC_TO_ALL")), "privacy_level_option_mismatch");
    w.windows.clear();
    EXPECT_EQ(code_of(direct()), "spam_risk_user_banned_from_posting");
}

TEST_F(Posting, CountsSixInitsAMinutePerTokenAndEndpoint) {
    w.config.limits.posts_per_day = 100;
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(direct().status, 200);
    }
    EXPECT_EQ(direct().status, 429);
    EXPECT_EQ(draft().status, 200);
    token = tokens_for("demo").access_token;
    EXPECT_EQ(direct().status, 200);
}

TEST_F(Posting, RefusesLevelsTheCreatorDoesNotHave) {
    const answer out = direct("FOLLOWER_OF_CREATOR");
    EXPECT_EQ(out.status, 403);
    EXPECT_EQ(code_of(out), "privacy_level_option_mismatch");
    EXPECT_EQ(code_of(ask("video/init/", std::string(R"({"post_info":{},)") + file_source + "}")),
              "privacy_level_option_mismatch");
    w.config.choice.privacy_mismatch_status = 400;
    EXPECT_EQ(direct("FOLLOWER_OF_CREATOR").status, 400);
}

TEST_F(Posting, UnauditedAppsPostPrivatelyToPrivateAccountsOnly) {
    w.config.apps.front().audited = false;
    EXPECT_EQ(code_of(direct("SELF_ONLY")), "unaudited_client_can_only_post_to_private_accounts");
    EXPECT_EQ(draft().status, 200);
    token = tokens_for("quiet").access_token;
    EXPECT_EQ(code_of(direct("FOLLOWER_OF_CREATOR")), "unaudited_client_can_only_post_to_private_accounts");
    EXPECT_EQ(direct("SELF_ONLY").status, 200);
}

TEST_F(Posting, CapsPostsDraftsAndCreatorsPerDay) {
    w.find_account("demo")->facts.posts_used = 14;
    EXPECT_EQ(direct().status, 200);
    EXPECT_EQ(code_of(direct()), "spam_risk_too_many_posts");
    EXPECT_EQ(direct().status, 403);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(draft().status, 200);
    }
    w.windows.clear();
    EXPECT_EQ(code_of(draft()), "spam_risk_too_many_pending_share");
    EXPECT_EQ(code_of(photos("MEDIA_UPLOAD")), "spam_risk_too_many_pending_share");
    w.find_account("demo")->facts.posts_used = 0;
    pass(std::chrono::hours{1});
    token = tokens_for("demo").access_token;
    EXPECT_EQ(direct().status, 200);
    pass(std::chrono::hours{24});
    token = tokens_for("demo").access_token;
    EXPECT_EQ(draft().status, 200);
}

TEST_F(Posting, CapsTheCreatorsOfAnUnauditedApp) {
    w.config.apps.front().audited = false;
    w.config.limits.unaudited_users_per_day = 1;
    for (const char* name : {"one", "two"}) {
        account_settings facts;
        facts.username = name;
        facts.privacy = "private";
        w.put_account(facts);
    }
    token = tokens_for("one").access_token;
    EXPECT_EQ(direct().status, 200);
    EXPECT_EQ(direct().status, 200);
    token = tokens_for("two").access_token;
    EXPECT_EQ(code_of(direct()), "reached_active_user_cap");
}

TEST_F(Posting, CountsCaptionsInCodeUnits) {
    std::string long_title(2'198, 'a');
    EXPECT_EQ(direct("SELF_ONLY", long_title + "😀").status, 200);
    EXPECT_EQ(code_of(direct("SELF_ONLY", long_title + "😀a")), "invalid_params");
    w.config.choice.long_text = "cut";
    EXPECT_EQ(w.posts.find(id_of(direct("SELF_ONLY", long_title + "😀a")))->caption, long_title + "😀");
}

TEST_F(Posting, RefusesWhatIsNotAPlanOrNotASource) {
    for (const char* source :
         {R"({})", R"({"source":"FAX"})", R"({"source":"FILE_UPLOAD"})",
          R"({"source":"FILE_UPLOAD","video_size":"12","chunk_size":12,"total_chunk_count":1})",
          R"({"source":"FILE_UPLOAD","video_size":12.5,"chunk_size":12,"total_chunk_count":1})",
          R"({"source":"FILE_UPLOAD","video_size":12,"chunk_size":12})", R"({"source":"PULL_FROM_URL"})"}) {
        w.windows.clear();
        EXPECT_EQ(code_of(ask("inbox/video/init/", std::string(R"({"source_info":)") + source + "}")),
                  "invalid_params")
            << source;
    }
    w.windows.clear();
    w.config.choice.invalid_params_spelling = "singular";
    EXPECT_EQ(code_of(ask("inbox/video/init/", "{}")), "invalid_param");
}

TEST_F(Posting, RefusesUrlsTheAppDoesNotOwn) {
    for (const char* url :
         {"https://elsewhere.test/p.jpg", "http://media.example.test/p.jpg", "https://127.0.0.1/p"}) {
        const answer out = photos("DIRECT_POST", url);
        EXPECT_EQ(out.status, 403) << url;
        EXPECT_EQ(code_of(out), "url_ownership_unverified") << url;
    }
}

TEST_F(Posting, PhotosWantTheScopeOfTheirMode) {
    token = tokens_for("demo", {"video.upload"}).access_token;
    EXPECT_EQ(code_of(photos("DIRECT_POST")), "scope_not_authorized");
    EXPECT_EQ(photos("MEDIA_UPLOAD").status, 200);
    EXPECT_EQ(code_of(photos("DIRECT POST")), "invalid_params");
    w.find_account("demo")->facts.app_too_old = true;
    EXPECT_EQ(code_of(photos("MEDIA_UPLOAD")), "app_version_check_failed");
}

TEST_F(Posting, APublicPostIsProcessedPublishedModeratedAndListed) {
    const std::string id = id_of(direct("PUBLIC_TO_EVERYONE", "shown"));
    EXPECT_EQ(state(id), "PROCESSING_UPLOAD");
    upload_whole(id);
    pass(milliseconds{999});
    EXPECT_EQ(state(id), "PROCESSING_UPLOAD");
    pass(milliseconds{1});
    EXPECT_EQ(state(id), "PUBLISH_COMPLETE");
    EXPECT_TRUE(status(id).at("publicaly_available_post_id").as_array().empty());
    pass(milliseconds{1'000});
    ASSERT_EQ(status(id).at("publicaly_available_post_id").as_array().size(), 1U);
    EXPECT_TRUE(status(id).at("publicaly_available_post_id").as_array()[0].is_int64());
    EXPECT_EQ(w.find_account("demo")->videos.front().title, "shown");
    EXPECT_EQ(events(), (string_list{"post.publish.complete", "post.publish.publicly_available"}));
    w.config.choice.post_ids = "strings";
    EXPECT_TRUE(status(id).at("publicaly_available_post_id").as_array()[0].is_string());
    w.config.choice.post_ids = "scalar";
    EXPECT_TRUE(status(id).at("publicaly_available_post_id").is_int64());
}

TEST_F(Posting, APrivatePostNeverGetsAPublicId) {
    const std::string id = id_of(direct());
    upload_whole(id);
    pass(std::chrono::hours{1});
    EXPECT_TRUE(status(id).at("publicaly_available_post_id").as_array().empty());
    EXPECT_EQ(events(), string_list{"post.publish.complete"});
}

TEST_F(Posting, ADraftWaitsInTheInboxUntilTheCreatorPostsIt) {
    const std::string id = id_of(draft());
    upload_whole(id);
    pass(std::chrono::hours{1});
    token = tokens_for("demo").access_token;
    EXPECT_EQ(state(id), "SEND_TO_USER_INBOX");
    EXPECT_EQ(control_call("POST", "/posts/" + id + "/state", R"({"state":"PUBLISH_COMPLETE"})").status, 200);
    pass(milliseconds{1'000});
    EXPECT_EQ(state(id), "PUBLISH_COMPLETE");
    EXPECT_EQ(events(), (string_list{"post.publish.inbox_delivered", "post.publish.complete",
                                     "post.publish.publicly_available"}));
    EXPECT_NE(w.past.webhooks().back().content.find(R"("publish_type":"INBOX_SHARE")"), std::string::npos);
}

TEST_F(Posting, AFileThatIsNoVideoFailsAfterTheUpload) {
    const std::string id = id_of(direct());
    upload_whole(id);
    w.posts.find(id)->head = "<html><body>";
    pass(milliseconds{1'000});
    EXPECT_EQ(state(id), "FAILED");
    EXPECT_EQ(status(id).at("fail_reason").as_string(), "file_format_check_failed");
    EXPECT_EQ(events(), string_list{"post.publish.failed"});
}

TEST_F(Posting, AnUploadThatNeverComesFailsWithItsUrl) {
    const std::string id = id_of(draft());
    pass(milliseconds{3'599'999});
    EXPECT_EQ(state(id), "PROCESSING_UPLOAD");
    pass(milliseconds{1});
    EXPECT_EQ(status(id).at("fail_reason").as_string(), "internal");
}

TEST_F(Posting, CancelsOnlyWhatIsStillBeingPulled) {
    const std::string id = id_of(photos("DIRECT_POST"));
    EXPECT_EQ(state(id), "PROCESSING_DOWNLOAD");
    const answer out = ask("cancel/", R"({"publish_id":")" + id + "\"}");
    EXPECT_EQ(out.status, 200);
    EXPECT_FALSE(json(out).contains("data"));
    EXPECT_EQ(status(id).at("fail_reason").as_string(), "publish_cancelled");
    EXPECT_FALSE(note_pulled_bytes(w, id, 1));
    EXPECT_EQ(code_of(ask("cancel/", R"({"publish_id":")" + id + "\"}")), "publish_not_cancellable");
    EXPECT_EQ(code_of(ask("cancel/", R"({"publish_id":")" + id_of(draft()) + "\"}")),
              "publish_not_cancellable");
}

TEST_F(Posting, APullEndsWithTheBytesItGotOrWithItsReason) {
    const std::string good = id_of(photos("DIRECT_POST")), bad = id_of(photos("DIRECT_POST")),
                      gone = id_of(photos("DIRECT_POST"));
    note_pulled(w, good, {"https://media.example.test/p.jpg", "aa", "", 5}, "\xFF\xD8\xFF\xE0");
    note_pulled(w, bad, {"https://media.example.test/p.jpg", "aa", "", 5}, "\x89PNG\r\n\x1A\n");
    note_pull_failed(w, gone);
    pass(milliseconds{1'000});
    EXPECT_EQ(state(good), "PUBLISH_COMPLETE");
    EXPECT_EQ(status(bad).at("fail_reason").as_string(), "file_format_check_failed");
    EXPECT_EQ(status(gone).at("fail_reason").as_string(), "photo_pull_failed");
}

TEST_F(Posting, KnowsWhosePostItIs) {
    const std::string id = id_of(draft());
    token = tokens_for("second").access_token;
    EXPECT_EQ(code_of(ask("status/fetch/", R"({"publish_id":")" + id + "\"}")),
              "token_not_authorized_for_specified_publish_id");
    EXPECT_EQ(code_of(ask("status/fetch/", R"({"publish_id":"v_pub_file~v2-1.1"})")), "invalid_publish_id");
    EXPECT_EQ(code_of(ask("status/fetch/", "{}")), "invalid_params");
}

TEST_F(Posting, WithdrawingConsentFailsWhatRuns) {
    const std::string id = id_of(draft());
    EXPECT_EQ(control_call("POST", "/tokens/revoke", R"({"account":"demo"})").status, 200);
    EXPECT_EQ(w.posts.find(id)->fail_reason, "auth_removed");
    EXPECT_EQ(direct().status, 401);
}

TEST_F(Posting, AnAccountCanBeToldToFailItsPosts) {
    control_call("POST", "/accounts", R"({"username":"demo","fail_posts_with":"spam_risk_text"})");
    const std::string id = id_of(direct());
    upload_whole(id);
    pass(milliseconds{1'000});
    EXPECT_EQ(status(id).at("fail_reason").as_string(), "spam_risk_text");
    EXPECT_EQ(w.find_account("demo")->videos.size(), 25U);
}

} // namespace gateway::simulator::testing
