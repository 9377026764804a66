#include "tiktok/api_call.hpp"

#include "tiktok/error_table.hpp"
#include "tiktok/requests.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <random>

namespace gateway::tiktok {
namespace {

outbound::reply reply_of(int status, std::string_view body) {
    outbound::reply r;
    r.status = status;
    r.bytes = "HTTP/1.1 xxx\r\n\r\n";
    r.body_at = r.bytes.size();
    r.bytes += body;
    r.log_id = "FromTheHeader";
    return r;
}

constexpr std::string_view good =
    R"({"data":{"user":{"open_id":"o","a_field_of_tomorrow":9007199254740993}},"error":{"code":"ok","message":"","log_id":"L1"}})";

TEST(Call, PassesOnTheDataOfASuccess) {
    const auto document = read_answer(endpoint::user_info, reply_of(200, good));
    ASSERT_TRUE(document);
    EXPECT_EQ(document->data(), R"({"user":{"open_id":"o","a_field_of_tomorrow":9007199254740993}})");
    EXPECT_TRUE(document->bytes.ends_with(good)) << "as it came";
    EXPECT_EQ(document->log_id(), "L1");
}

TEST(Call, U09TakesARefusalWithHttp200AsARefusal) {
    const auto refused = read_answer(
        endpoint::creator_info,
        reply_of(
            200,
            R"({"data":{},"error":{"code":"spam_risk_user_banned_from_posting","message":"m","log_id":"L"}})"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::posting_refused);
    EXPECT_EQ(refused.error().details()->tiktok->message, "m");
}

TEST(Call, U09NeverTakesAnAnswerWithoutOkOrDataForASuccess) {
    for (const char* bad : {"", "<html>hello</html>", "[]", "{}", R"({"data":{}})",
                            R"({"error":{"code":"ok"}})", R"({"data":[],"error":{"code":"ok"}})",
                            R"({"data":{},"error":{"code":"OK"}})", R"({"data":{},"error":"ok"})",
                            R"({"data":{},"error":{"code":"ok"}} trailing)", R"({"data":{},"error":null})",
                            R"({"data":{"x":"\ud800"},"error":{"code":"ok"},"error":{"code":"no"}})"}) {
        const auto refused = read_answer(endpoint::user_info, reply_of(200, bad));
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().code(), errc::tiktok_error) << bad;
        EXPECT_EQ(refused.error().details()->tiktok->log_id, "FromTheHeader");
    }
    EXPECT_FALSE(read_answer(endpoint::user_info, reply_of(500, good)));
}

TEST(Call, ReadsAnErrorInTheFlatShapeOfOAuth) {
    const auto refused = read_answer(
        endpoint::user_info,
        reply_of(400, R"({"error":"invalid_request","error_description":"malformed","log_id":"L9"})"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().details()->tiktok->code, "invalid_request");
    EXPECT_EQ(refused.error().details()->tiktok->message, "malformed");
    EXPECT_EQ(refused.error().details()->tiktok->log_id, "L9");
}

TEST(Call, TakesACancelWithoutData) {
    EXPECT_TRUE(read_answer(endpoint::cancel, reply_of(200, R"({"error":{"code":"ok"}})")));
}

TEST(Call, I05SaysOfAnInitWhetherItMayHaveHadItsEffect) {
    const auto may_have = [](int status, const char* body, endpoint which = endpoint::content_init) {
        const auto refused = read_answer(which, reply_of(status, body));
        return refused.error().details()->may_have_reached_tiktok;
    };
    EXPECT_TRUE(may_have(500, R"({"error":{"code":"internal_error"}})"));
    EXPECT_TRUE(may_have(502, ""));
    EXPECT_TRUE(may_have(200, "<html>"));
    EXPECT_TRUE(may_have(200, R"({"error":{"code":"ok"}})"));
    EXPECT_FALSE(may_have(400, R"({"error":{"code":"invalid_params"}})"));
    EXPECT_FALSE(may_have(403, R"({"error":{"code":"spam_risk_too_many_posts"}})"));
    EXPECT_FALSE(may_have(429, R"({"error":{"code":"rate_limit_exceeded"}})"));
    EXPECT_FALSE(may_have(401, R"({"error":{"code":"access_token_invalid"}})"));
    // Not TikTok's own refusal: it may come from a proxy, after the effect.
    EXPECT_TRUE(may_have(429, ""));
    EXPECT_TRUE(may_have(401, ""));
    EXPECT_TRUE(may_have(404, "<html>"));
    EXPECT_TRUE(may_have(408, ""));
    EXPECT_TRUE(may_have(302, ""));
    EXPECT_TRUE(may_have(400, R"({"error":{"code":"internal_error"}})"));
    EXPECT_TRUE(may_have(200, R"({"error":{"code":"internal_error"}})"));
    for (const int status : {400, 401, 403, 404, 409, 429}) {
        EXPECT_TRUE(may_have(status, "")) << status;
        EXPECT_TRUE(may_have(status, "<html>")) << status;
        EXPECT_TRUE(may_have(status, R"({"error":"forbidden"})")) << status;
    }
    EXPECT_FALSE(may_have(502, "", endpoint::status_fetch));
}

// Answers of firewalls and proxies.
constexpr const char* pages[] = {"",
                                 "<html><body>Access denied</body></html>",
                                 "Unauthorized",
                                 "null",
                                 "[]",
                                 "{}",
                                 R"({"error":"invalid_token"})",
                                 R"({"error":"unauthorized"})",
                                 R"({"error":"access_token_invalid"})",
                                 R"({"error":"invalid_grant"})",
                                 R"({"message":"Unauthorized"})",
                                 R"({"code":"access_token_invalid"})",
                                 R"({"error":{"code":401,"message":"access_token_invalid"}})",
                                 R"({"error":{"code":null}})",
                                 R"({"error":{"code":""}})",
                                 R"({"error":{"code":"UNAUTHENTICATED"}})",
                                 R"({"error":{"message":"access_token_invalid"}})",
                                 R"({"error":{"code":"access_token_invalid"}} and more)",
                                 R"({"data":{"error":{"code":"access_token_invalid"}}})"};

TEST(Call, FaultJBelievesAVerdictAboutTokensInTikToksOwnShapeOnly) {
    for (const int status : {200, 400, 401, 403, 404, 407, 502}) {
        for (const char* page : pages) {
            for (int which = 0; which <= static_cast<int>(endpoint::cancel); ++which) {
                const auto place = static_cast<endpoint>(which);
                const auto refused = read_answer(place, reply_of(status, page));
                ASSERT_FALSE(refused) << status << page;
                const auto& more = *refused.error().details();
                EXPECT_EQ(refused.error().code(), errc::tiktok_error) << status << page;
                EXPECT_FALSE(is_token_refusal(*more.tiktok)) << status << page;
                EXPECT_EQ(more.may_have_reached_tiktok, row_of(place).repeats == repeat_class::unsafe)
                    << status << page;
            }
        }
    }
    for (const char* own :
         {R"({"error":{"code":"access_token_invalid"}})",
          R"({"data":{},"error":{"code":"access_token_invalid","message":"m","log_id":"L"}})"}) {
        const auto refused = read_answer(endpoint::content_init, reply_of(401, own));
        EXPECT_TRUE(is_token_refusal(*refused.error().details()->tiktok)) << own;
        EXPECT_FALSE(refused.error().details()->may_have_reached_tiktok) << own;
        EXPECT_EQ(refused.error().code(), errc::tiktok_error) << "what it means is for tokens to find out";
        const auto failing = read_answer(endpoint::user_info, reply_of(500, own));
        EXPECT_FALSE(is_token_refusal(*failing.error().details()->tiktok))
            << "a failing server is not believed";
    }
}

TEST(Call, U09SurvivesMutatedAnswers) {
    std::mt19937 random(5);
    for (int i = 0; i < 20'000; ++i) {
        std::string body(good);
        for (int edits = 1 + static_cast<int>(random() % 3); edits > 0; --edits) {
            const std::size_t at = random() % body.size();
            if (random() % 2)
                body[at] = static_cast<char>(random());
            else
                body.erase(at, 1 + random() % 5);
            if (body.empty()) body = " ";
        }
        auto outcome = read_answer(endpoint::video_init, reply_of(200, body));
        if (outcome) (void)read_started_post(*outcome, true);
        auto creator_outcome = read_answer(endpoint::creator_info, reply_of(200, body));
        EXPECT_FALSE(creator_outcome && read_creator(std::move(*creator_outcome)));
    }
}

TEST(Call, BuildsOneFlatRequestFromTypedValues) {
    const api_request what = video_list_request("id,title", 1'700'000'000'123, 20);
    secret request;
    write_request(request, {"open.tiktokapis.com", 443}, what, "act.x");
    EXPECT_EQ(request.reveal(),
              "POST /v2/video/list/?fields=id,title HTTP/1.1\r\nHost: open.tiktokapis.com\r\n"
              "Authorization: Bearer act.x\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
              "Content-Length: 39\r\n\r\n{\"max_count\":20,\"cursor\":1700000000123}");
    const api_request get{endpoint::user_info, "open_id", {}};
    write_request(request, {"localhost", 8443}, get, "act.x"); // reuses the memory
    EXPECT_EQ(request.reveal(),
              "GET /v2/user/info/?fields=open_id HTTP/1.1\r\nHost: localhost:8443\r\n"
              "Authorization: Bearer act.x\r\nAccept: application/json\r\n\r\n");
}

TEST(Call, C26LetsNoTextBecomeAHeaderOrAMember) {
    const api_request what{endpoint::user_info, "open_id", {}};
    secret request;
    EXPECT_THROW(write_request(request, {"h", 443}, what, "act\r\nX: 1"), std::logic_error);
    post_info info;
    info.caption = "a\"},\"x\":{\"y\":\"\n\xF0\x9F\x98\x80";
    info.privacy_level = "SELF_ONLY";
    const auto parsed = boost::json::parse(video_init_request(info, true, {5, 5, 1, ""}).body);
    EXPECT_EQ(parsed.as_object().size(), 2U);
    EXPECT_EQ(parsed.at("post_info").at("title").as_string(), info.caption);
}

TEST(Bodies, SayWhatTheManualSays) {
    post_info info;
    info.privacy_level = "SELF_ONLY";
    info.title = "t";
    info.description = "d";
    info.is_aigc = true;
    const auto direct = content_init_request(info, true, {"https://a.example/1.jpg"}, 0).body;
    EXPECT_EQ(boost::json::parse(direct),
              boost::json::parse(R"({"media_type":"PHOTO","post_mode":"DIRECT_POST",
        "is_aigc":true,"post_info":{"privacy_level":"SELF_ONLY","disable_comment":false,"brand_content_toggle":false,
        "brand_organic_toggle":false,"auto_add_music":false,"title":"t","description":"d"},
        "source_info":{"source":"PULL_FROM_URL","photo_images":["https://a.example/1.jpg"],"photo_cover_index":0}})"));
    const auto draft = content_init_request({}, false, {"https://a.example/1.jpg"}, 0).body;
    EXPECT_EQ(boost::json::parse(draft).at("post_info").as_object().size(), 0U);
    EXPECT_EQ(
        boost::json::parse(video_init_request({}, false, {7, 7, 1, ""}).body),
        boost::json::parse(
            R"({"source_info":{"source":"FILE_UPLOAD","video_size":7,"chunk_size":7,"total_chunk_count":1}})"));
    EXPECT_EQ(boost::json::parse(video_query_request({}, {"1", "2"}).body),
              boost::json::parse(R"({"filters":{"video_ids":["1","2"]}})"));
}

document answer_with(std::string_view json) {
    document d;
    d.bytes = json;
    d.data_size = json.size();
    return d;
}

TEST(Bodies, ReadPostIdsInEveryShapeThatWasSeen) {
    const auto ids = [](const char* value) {
        auto status = read_post_status(answer_with(
            std::string(R"({"status":"PUBLISH_COMPLETE","publicaly_available_post_id":)") + value + "}"));
        return status->post_ids();
    };
    const std::vector<std::string> one{"7602997517160123666"};
    EXPECT_EQ(ids("[7602997517160123666]"), one);
    EXPECT_EQ(ids("7602997517160123666"), one);
    EXPECT_EQ(ids("\"7602997517160123666\""), one);
    EXPECT_EQ(ids("[\"7602997517160123666\"]"), one);
    EXPECT_EQ(ids("[]"), std::vector<std::string>{});
    EXPECT_EQ(ids("null"), std::vector<std::string>{});
}

TEST(Bodies, U09NeedAPublishIdAndAnUploadUrl) {
    EXPECT_TRUE(
        read_started_post(answer_with(R"({"publish_id":"v_1","upload_url":"https://u.example/x"})"), true));
    EXPECT_TRUE(read_started_post(answer_with(R"({"publish_id":"v_1"})"), false));
    for (const char* bad : {R"({"upload_url":"https://u.example/x"})", R"({"publish_id":"v_1"})",
                            R"({"publish_id":"a b","upload_url":"https://u.example/x"})", "{}"}) {
        const auto lacking = read_started_post(answer_with(bad), true);
        ASSERT_FALSE(lacking) << bad;
        EXPECT_EQ(lacking.error().code(), errc::tiktok_error);
        EXPECT_TRUE(lacking.error().details()->may_have_reached_tiktok);
    }
    EXPECT_FALSE(read_post_status(answer_with("{}")));
}

} // namespace
} // namespace gateway::tiktok
