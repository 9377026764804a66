// Observed behaviour of TikTok's posting that differs from its documentation: texts of refusals, ignored
// values, and values that come late or never.
#include "posting.hpp"

namespace gateway::simulator::testing {

namespace {

std::string message_of(const answer& out) {
    const auto body = boost::json::parse(out.body).as_object();
    return std::string(body.at("error").as_object().at("message").as_string());
}

class PostingSwitches : public Posting {
protected:
    PostingSwitches() { w.config.limits.init_per_minute = w.config.limits.posts_per_day = 1'000; }
    void expect_refused(const answer& out, const std::string& message, const std::string& what) {
        EXPECT_EQ(out.status, 400) << what;
        EXPECT_EQ(code_of(out), "invalid_params") << what;
        EXPECT_EQ(message_of(out), message) << what;
    }
    static std::string content(const std::string& mode, const std::string& source) {
        return "{" + mode + R"("post_info":{"privacy_level":"SELF_ONLY"},"source_info":)" + source + "}";
    }
    std::string pulled_video() {
        return id_of(ask("inbox/video/init/", R"({"source_info":{"source":"PULL_FROM_URL",)"
                                              R"("video_url":"https://media.example.test/v.mp4"}})"));
    }
    /// The ids of the status as JSON; "absent" when the key is.
    std::string ids_of(const std::string& id) {
        const auto data = status(id);
        const auto* ids = data.if_contains("publicaly_available_post_id");
        return ids ? boost::json::serialize(*ids) : "absent";
    }
};

constexpr const char* photo_mode = R"("media_type":"PHOTO","post_mode":"DIRECT_POST",)";
constexpr const char* one_photo = R"({"source":"PULL_FROM_URL","photo_cover_index":0,)"
                                  R"("photo_images":["https://media.example.test/p.jpg"]})";

} // namespace

TEST_F(PostingSwitches, FaultVAnInboxInitWithPostInfoIsTakenAndThePostInfoIgnored) {
    for (const char* info : {R"({"title":"t","privacy_level":"PUBLIC_TO_EVERYONE"})", R"({"title":7})",
                             R"("nonsense")", "null", "[]", R"({"privacy_level":"NOBODY"})"}) {
        const answer out =
            ask("inbox/video/init/", std::string("{\"post_info\":") + info + "," + file_source + "}");
        ASSERT_EQ(out.status, 200) << info << out.body;
        const post& one = *w.posts.find(id_of(out));
        EXPECT_EQ(one.caption, "") << info;
        EXPECT_EQ(one.privacy_level, "") << info;
        w.posts.fail(*w.posts.find(id_of(out)), "internal"); // five drafts may wait at a time
    }
}

TEST_F(PostingSwitches, FaultVContentInitRefusesInTikToksWords) {
    for (const char* mode :
         {"", R"("media_type":"PHOTO",)", R"("post_mode":"DIRECT_POST",)",
          R"("media_type":"VIDEO","post_mode":"DIRECT_POST",)",
          R"("media_type":"PHOTO","post_mode":"DIRECT POST",)", R"("media_type":"PHOTO","post_mode":7,)",
          R"("media_type":7,"post_mode":"MEDIA_UPLOAD",)"})
        expect_refused(ask("content/init/", content(mode, one_photo)), "Invalid media_type or post_mode",
                       mode);
    std::string too_many = "\"https://media.example.test/p.jpg\"";
    for (int i = 0; i < 35; ++i)
        too_many += ",\"https://media.example.test/p.jpg\"";
    for (const std::string& source :
         {std::string("null"), std::string("7"), std::string("{}"),
          std::string(R"({"source":"FILE_UPLOAD"})"),
          std::string(R"({"source":"PULL_FROM_URL","photo_cover_index":0})"),
          std::string(R"({"source":"PULL_FROM_URL","photo_cover_index":0,"photo_images":[]})"),
          std::string(R"({"source":"PULL_FROM_URL","photo_cover_index":0,"photo_images":[7]})"),
          std::string(R"({"source":"PULL_FROM_URL","photo_cover_index":0,"photo_images":"x"})"),
          R"({"source":"PULL_FROM_URL","photo_cover_index":0,"photo_images":[)" + too_many + "]}"})
        expect_refused(ask("content/init/", content(photo_mode, source)),
                       "The request source info is empty or incorrect", source);
    EXPECT_EQ(ask("content/init/", content(photo_mode, one_photo)).status, 200);
}

TEST_F(PostingSwitches, FaultVACoverThatIsNotInTheListIsRefused) {
    for (const char* index : {"1", "-1", "\"0\"", "0.5", "null"}) {
        const std::string source = std::string(R"({"source":"PULL_FROM_URL","photo_cover_index":)") + index
                                   + R"(,"photo_images":["https://media.example.test/p.jpg"]})";
        expect_refused(ask("content/init/", content(photo_mode, source)), "The photo_cover_index is invalid",
                       index);
    }
    EXPECT_EQ(code_of(ask("content/init/",
                          content(photo_mode, R"({"source":"PULL_FROM_URL",)"
                                              R"("photo_images":["https://media.example.test/p.jpg"]})"))),
              "invalid_params");
}

TEST_F(PostingSwitches, FaultSTheZeroOfAnOptionalNumberSpoilsNoInit) {
    const std::string info = R"("post_info":{"privacy_level":"SELF_ONLY","video_cover_timestamp_ms":0})";
    EXPECT_EQ(ask("video/init/", "{" + info + "," + file_source + "}").status, 200);
    EXPECT_EQ(
        ask("video/init/", "{" + info
                               + R"(,"source_info":{"source":"PULL_FROM_URL","video_size":0,"chunk_size":0,)"
                                 R"("total_chunk_count":0,"video_url":"https://media.example.test/v.mp4"}})")
            .status,
        200);
}

TEST_F(PostingSwitches, FaultVFormsAreRefusedOnApiCallsAndJsonNeedsNoName) {
    const auto with_type = [&](const char* type, const std::string& body) {
        header_list headers{{"authorization", "Bearer " + token}};
        if (*type != '\0') headers.emplace_back("content-type", type);
        return send("POST", "/v2/video/list/?fields=id", std::move(headers), body);
    };
    const std::string json = R"({"max_count":3})";
    for (const char* form :
         {"application/x-www-form-urlencoded", "application/x-www-form-urlencoded;charset=UTF-8",
          "Application/X-WWW-Form-Urlencoded", "multipart/form-data; boundary=x"}) {
        expect_refused(with_type(form, json), "The body is not valid JSON.", form);
        expect_refused(with_type(form, "max_count=3"), "The body is not valid JSON.", form);
    }
    for (const char* type : {"application/json", "application/json; charset=UTF-8", "Application/JSON", "",
                             "text/plain;charset=UTF-8"}) {
        EXPECT_EQ(with_type(type, json).status, 200) << type;
        expect_refused(with_type(type, "max_count=3"), "The body is not valid JSON.", type);
    }
    w.config.choice.json_type = "enforced";
    EXPECT_EQ(with_type("application/json", json).status, 200);
    expect_refused(with_type("text/plain", json), "The body is not valid JSON.", "text/plain");
    expect_refused(with_type("", json), "The body is not valid JSON.", "no type");
}

TEST_F(PostingSwitches, FaultVNumbersAsVideoIdsAndUnknownFieldsAreRefused) {
    const std::string id = w.find_account("demo")->videos.front().id;
    const std::string query = "/v2/video/query/?fields=id";
    const auto ids = [](const std::string& list) { return R"({"filters":{"video_ids":[)" + list + "]}}"; };
    EXPECT_EQ(post_json(query, token, ids("\"" + id + "\"")).status, 200);
    for (const std::string& list : {id, "\"" + id + "\"," + id, std::string("null"), std::string("[]")})
        EXPECT_EQ(code_of(post_json(query, token, ids(list))), "invalid_params") << list;
    for (const char* fields : {"id,nothing", "open_id", "id,,title", "ID"}) {
        EXPECT_EQ(code_of(post_json(std::string("/v2/video/query/?fields=") + fields, token, ids("\"1\""))),
                  "invalid_params")
            << fields;
        EXPECT_EQ(code_of(post_json(std::string("/v2/video/list/?fields=") + fields, token, "{}")),
                  "invalid_params")
            << fields;
    }
}

TEST_F(PostingSwitches, FaultVPostIdsComeInTimeLateOrNever) {
    const std::string id = id_of(direct("PUBLIC_TO_EVERYONE"));
    upload_whole(id);
    pass(milliseconds{1'000});
    EXPECT_EQ(ids_of(id), "[]");
    w.config.choice.no_post_ids = "absent";
    EXPECT_EQ(ids_of(id), "absent");
    pass(milliseconds{1'000});
    const std::string in_time = ids_of(id);
    EXPECT_EQ(in_time, "[" + std::to_string(w.posts.find(id)->post_ids.at(0)) + "]");
    w.config.choice.post_ids_come = "late";
    EXPECT_EQ(ids_of(id), "absent");
    pass(milliseconds{w.config.timing.post_ids_late_ms - 1});
    EXPECT_EQ(ids_of(id), "absent");
    pass(milliseconds{1});
    EXPECT_EQ(ids_of(id), in_time);
    w.config.choice.post_ids_come = "never";
    EXPECT_EQ(ids_of(id), "absent");
    w.config.choice.no_post_ids = "empty";
    w.config.choice.post_ids = "scalar";
    EXPECT_EQ(ids_of(id), "[]");
    EXPECT_EQ(events().back(), "post.publish.publicly_available") << "the event had it all the time";
}

TEST_F(PostingSwitches, FaultVALatePostIdOfADraftPostedTwiceIsJudgedByItself) {
    const std::string id = id_of(draft());
    upload_whole(id);
    pass(milliseconds{1'000});
    w.config.choice.post_ids_come = "late";
    const auto post_it = [&] {
        control_call("POST", "/posts/" + id + "/state", R"({"state":"PUBLISH_COMPLETE"})");
        pass(milliseconds{1'000});
    };
    post_it();
    pass(milliseconds{w.config.timing.post_ids_late_ms});
    post_it();
    ASSERT_EQ(w.posts.find(id)->post_ids.size(), 2U);
    EXPECT_EQ(ids_of(id), "[" + std::to_string(w.posts.find(id)->post_ids.at(0)) + "]");
    control_call("POST", "/posts/" + id + "/state", R"({"state":"PRIVATE"})");
    EXPECT_EQ(ids_of(id), "[]");
}

TEST_F(PostingSwitches, FaultVAPullMayNeverEnd) {
    const std::string usual = pulled_video();
    EXPECT_EQ(w.out.pulls.size(), 1U);
    w.config.choice.endless_pulls = "videos";
    const std::string stuck = pulled_video();
    EXPECT_EQ(w.out.pulls.size(), 1U);
    EXPECT_EQ(photos("DIRECT_POST").status, 200);
    EXPECT_EQ(w.out.pulls.size(), 2U) << "photos are pulled";
    w.config.choice.endless_pulls = "all";
    const std::string photo = id_of(photos("DIRECT_POST"));
    const std::string uploaded = id_of(draft());
    upload_whole(uploaded);
    pass(std::chrono::hours{24 * 30});
    token = tokens_for("demo").access_token;
    EXPECT_EQ(status(usual).at("fail_reason").as_string(), "video_pull_failed");
    EXPECT_EQ(state(stuck), "PROCESSING_DOWNLOAD");
    EXPECT_EQ(state(photo), "PROCESSING_DOWNLOAD");
    EXPECT_EQ(state(uploaded), "SEND_TO_USER_INBOX");
    EXPECT_EQ(ask("cancel/", R"({"publish_id":")" + stuck + "\"}").status, 200);
    EXPECT_EQ(status(stuck).at("fail_reason").as_string(), "publish_cancelled");
}

TEST_F(PostingSwitches, FaultVADraftLivesForEverOrForADay) {
    const std::string for_ever = id_of(draft());
    upload_whole(for_ever);
    pass(milliseconds{1'000});
    control_call("POST", "/settings", R"({"timing":{"draft_lifetime_ms":86400000}})");
    const std::string for_a_day = id_of(draft());
    upload_whole(for_a_day);
    pass(milliseconds{1'000});
    pass(std::chrono::hours{24} - milliseconds{1});
    token = tokens_for("demo").access_token;
    EXPECT_EQ(state(for_a_day), "SEND_TO_USER_INBOX");
    pass(milliseconds{1});
    EXPECT_EQ(state(for_a_day), "FAILED");
    EXPECT_EQ(state(for_ever), "SEND_TO_USER_INBOX");
}

TEST_F(PostingSwitches, FaultVAuditedAppsMeetACapOfCreatorsToo) {
    EXPECT_EQ(direct().status, 200);
    token = tokens_for("second").access_token;
    EXPECT_EQ(direct().status, 200) << "no cap by default";
    w.config.limits.audited_users_per_day = 1;
    const answer out = direct();
    EXPECT_EQ(out.status, 403);
    EXPECT_EQ(code_of(out), "reached_active_user_cap");
    EXPECT_EQ(ask("creator_info/query/", "").status, 200) << "with the refusal in its body";
    EXPECT_EQ(code_of(ask("creator_info/query/", "")), "reached_active_user_cap");
}

TEST_F(PostingSwitches, FaultVARefusalMayHaveNoData) {
    EXPECT_TRUE(json(direct("NOBODY")).at("data").as_object().empty());
    w.config.choice.refused_data = "absent";
    EXPECT_FALSE(json(direct("NOBODY")).contains("data"));
    EXPECT_EQ(code_of(direct("NOBODY")), "privacy_level_option_mismatch");
    EXPECT_TRUE(json(direct()).contains("data"));
}

} // namespace gateway::simulator::testing
