#include "tiktok.hpp"

#include <boost/json/array.hpp>

#include <set>

namespace gateway::simulator::testing {

namespace {

class Display : public tiktok {
protected:
    std::string token = tokens_for("demo").access_token;
    answer list(const std::string& body, const std::string& fields = "id,create_time") {
        return post_json("/v2/video/list/?fields=" + fields, token, body);
    }
};

} // namespace

TEST_F(Display, GivesOnlyTheFieldsAskedFor) {
    const answer out = get("/v2/user/info/?fields=open_id,follower_count", token);
    ASSERT_EQ(out.status, 200);
    const auto user = data_of(out).at("user").as_object();
    EXPECT_EQ(user.size(), 2U);
    EXPECT_EQ(user.at("follower_count").as_int64(), 1'200);
    EXPECT_EQ(code_of(out), "ok");
}

TEST_F(Display, RefusesMissingAndUnknownFields) {
    for (const char* query :
         {"", "?fields=", "?fields=open_id,,union_id", "?fields=profile_web_link", "?fields=id"}) {
        const answer out = get(std::string("/v2/user/info/") + query, token);
        EXPECT_EQ(out.status, 400) << query;
        EXPECT_EQ(code_of(out), "invalid_params") << query;
    }
}

TEST_F(Display, JudgesAFieldWithoutItsScopeAsTheSwitchSays) {
    const std::string narrow = tokens_for("demo", {"user.info.basic"}).access_token;
    const std::string target = "/v2/user/info/?fields=open_id,username";
    EXPECT_EQ(get(target, narrow).status, 401);
    EXPECT_EQ(code_of(get(target, narrow)), "scope_not_authorized");
    w.config.choice.missing_field_scope = "permission_missed";
    EXPECT_EQ(get(target, narrow).status, 400);
    EXPECT_EQ(code_of(get(target, narrow)), "scope_permission_missed");
    w.config.choice.missing_field_scope = "empty";
    EXPECT_EQ(data_of(get(target, narrow)).at("user").as_object().at("username").as_string(), "");
}

TEST_F(Display, RefusesBadTokensWithOneAnswer) {
    EXPECT_EQ(get("/v2/user/info/?fields=open_id", "act.no").status, 401);
    EXPECT_EQ(code_of(send("GET", "/v2/user/info/?fields=open_id", {}, "")), "access_token_invalid");
    pass(seconds{7'200});
    EXPECT_EQ(code_of(get("/v2/user/info/?fields=open_id", token)), "access_token_invalid");
}

TEST_F(Display, AnswersTheWrongMethodAndUnknownPathsWith404) {
    EXPECT_EQ(post_json("/v2/user/info/?fields=open_id", token, "").status, 404);
    EXPECT_EQ(get("/v2/video/list/?fields=id", token).status, 404);
    for (const char* path :
         {"/v2/post/publish/video/publish/", "/v2/oauth/token/refresh/", "/v2/video/init/"}) {
        EXPECT_EQ(post_json(path, token, "{}").status, 404) << path;
    }
}

TEST_F(Display, PagesThroughAllVideosNewestFirst) {
    std::set<std::string> seen;
    std::int64_t newest = INT64_MAX;
    std::string body = "{}";
    for (int page = 0; page < 3; ++page) {
        const auto data = data_of(list(body));
        for (const auto& one : data.at("videos").as_array()) {
            seen.insert(std::string(one.as_object().at("id").as_string()));
            EXPECT_LT(one.as_object().at("create_time").as_int64(), newest);
            newest = one.as_object().at("create_time").as_int64();
        }
        EXPECT_EQ(data.at("has_more").as_bool(), page < 2);
        body = "{\"cursor\":" + std::to_string(data.at("cursor").as_int64()) + "}";
    }
    EXPECT_EQ(seen.size(), 25U);
}

TEST_F(Display, KeepsSayingThereIsMoreOnShortPages) {
    w.config.choice.short_pages = "yes";
    const auto data = data_of(list(R"({"max_count":20})"));
    EXPECT_EQ(data.at("videos").as_array().size(), 10U);
    EXPECT_TRUE(data.at("has_more").as_bool());
}

TEST_F(Display, RefusesPagesItDoesNotHave) {
    for (const char* body : {R"({"max_count":-1})", R"({"max_count":21})", R"({"max_count":"5"})",
                             R"({"cursor":"1"})", R"({"cursor":-1})", "[]", "nonsense"}) {
        EXPECT_EQ(code_of(list(body)), "invalid_params") << body;
    }
    w.config.choice.max_count_out_of_range = "clamp";
    EXPECT_EQ(data_of(list(R"({"max_count":21})")).at("videos").as_array().size(), 20U);
}

TEST_F(Display, FaultSTheZeroOfAnOptionalNumberIsAsIfItWereAbsent) {
    const auto ids = [](const answer& out) {
        string_list all;
        const auto data = data_of(out);
        for (const auto& one : data.at("videos").as_array())
            all.emplace_back(one.as_object().at("id").as_string());
        return all;
    };
    const answer first = list("{}");
    ASSERT_EQ(ids(first).size(), 10U);
    for (const char* body :
         {R"({"cursor":0})", R"({"cursor":null})", R"({"max_count":0})", R"({"max_count":null})",
          R"({"cursor":0,"max_count":0})", R"({"cursor":0,"max_count":10})", R"({"cursor":-0})"}) {
        const answer out = list(body);
        ASSERT_EQ(out.status, 200) << body << out.body;
        EXPECT_EQ(ids(out), ids(first)) << body;
        EXPECT_EQ(data_of(out).at("cursor"), data_of(first).at("cursor")) << body;
        EXPECT_TRUE(data_of(out).at("has_more").as_bool()) << body;
    }
    w.config.choice.max_count_out_of_range = "clamp";
    EXPECT_EQ(ids(list(R"({"max_count":0})")).size(), 10U) << "it is absent, not too small";
    EXPECT_EQ(ids(list(R"({"max_count":-1})")).size(), 1U);
}

TEST_F(Display, FaultSAClientThatBeginsWithCursorZeroSeesAllVideos) {
    std::set<std::string> seen;
    std::int64_t cursor = 0;
    bool more = true;
    for (int page = 0; more && page < 10; ++page) {
        const auto data = data_of(list(R"({"max_count":20,"cursor":)" + std::to_string(cursor) + "}"));
        for (const auto& one : data.at("videos").as_array())
            seen.insert(std::string(one.as_object().at("id").as_string()));
        cursor = data.at("cursor").as_int64();
        more = data.at("has_more").as_bool();
    }
    EXPECT_FALSE(more);
    EXPECT_EQ(seen.size(), 25U);
}

TEST_F(Display, FaultSAnEmptyFirstPageNamesATimeToGoOnFrom) {
    w.find_account("demo")->videos.clear();
    for (const char* body : {"{}", R"({"cursor":0})", R"({"cursor":null})"}) {
        const auto data = data_of(list(body));
        EXPECT_EQ(data.at("cursor").as_int64(), unix_ms(w.now())) << body;
        EXPECT_FALSE(data.at("has_more").as_bool()) << body;
    }
}

TEST_F(Display, FindsVideosByIdAndLeavesOutThoseOfOthers) {
    const std::string mine = w.find_account("demo")->videos.front().id;
    const std::string foreign = w.find_account("second")->videos.front().id;
    const auto data =
        data_of(post_json("/v2/video/query/?fields=id", token,
                          R"({"filters":{"video_ids":[")" + mine + R"(",")" + foreign + R"("]}})"));
    ASSERT_EQ(data.at("videos").as_array().size(), 1U);
    EXPECT_EQ(data.at("videos").as_array()[0].as_object().at("id").as_string(), mine);
}

TEST_F(Display, TakesTwentyIdsAndNoMore) {
    std::string ids = "\"1\"";
    for (int i = 0; i < 20; ++i) {
        ids += ",\"1\"";
    }
    const std::string target = "/v2/video/query/?fields=id";
    EXPECT_EQ(code_of(post_json(target, token, R"({"filters":{"video_ids":[)" + ids + "]}}")),
              "invalid_params");
    EXPECT_EQ(code_of(post_json(target, token, "{}")), "invalid_params");
}

TEST_F(Display, WantsTheScopeBeforeItLooksAtTheRequest) {
    const std::string narrow = tokens_for("demo", {"user.info.basic"}).access_token;
    const answer out = post_json("/v2/video/list/?fields=nonsense", narrow, "nonsense");
    EXPECT_EQ(out.status, 401);
    EXPECT_EQ(code_of(out), "scope_not_authorized");
}

TEST_F(Display, ClosesTheWindowPerAppAndEndpoint) {
    w.config.limits.display_per_minute = 2;
    const std::string other = tokens_for("second").access_token;
    EXPECT_EQ(list("{}").status, 200);
    EXPECT_EQ(post_json("/v2/video/list/?fields=id", other, "{}").status, 200);
    EXPECT_EQ(list("{}").status, 429);
    EXPECT_EQ(code_of(list("{}")), "rate_limit_exceeded");
    EXPECT_EQ(get("/v2/user/info/?fields=open_id", token).status, 200);
    pass(milliseconds{60'000});
    EXPECT_EQ(list("{}").status, 200);
}

TEST_F(Display, SendsRetryAfterOnlyWhenAskedTo) {
    w.config.limits.display_per_minute = 0;
    EXPECT_TRUE(list("{}").headers.empty());
    w.config.choice.retry_after = "sent";
    EXPECT_EQ(list("{}").headers.at(0).first, "Retry-After");
    EXPECT_EQ(list("{}").headers.at(0).second, "60");
}

} // namespace gateway::simulator::testing
