// A caller's text never becomes a header, a path or a member of what we send to TikTok (C26).
#include "flow/wire_test.hpp"

#include <gmock/gmock.h>

#include <string>

namespace {

using testing::HasSubstr;

class WireInjection : public wire::wire_test {
protected:
    /// The answer to a JSON body on a route of this user; the connection closes after it.
    std::string post(const std::string& route, const std::string& body, const std::string& fields = {}) {
        return say(request("POST /v1/users/" + std::string(user) + route + " HTTP/1.1",
                           "Connection: close\r\nContent-Type: application/json\r\nContent-Length: "
                               + std::to_string(body.size()) + "\r\n" + fields,
                           body));
    }
    std::string photos_with(const std::string& member) {
        return R"({"photo_images":["https://media.example.test/a.jpg"],"photo_cover_index":0,)" + member
               + "}";
    }
};

TEST_F(WireInjection, C26NoTextWithACarriageReturnReachesTikTok) {
    const auto before = seen_by_tiktok();
    // A carriage return with a line feed is a normal line break of a text.
    constexpr const char* smuggled = R"(x\rX-Injected: 1\r\rPOST /v2/oauth/revoke/ HTTP/1.1)";
    for (const char* name : {"title", "description"}) {
        const auto answer =
            post("/photos", photos_with("\"" + std::string(name) + "\":\"" + smuggled + "\""));
        EXPECT_THAT(answer, HasSubstr("HTTP/1.1 422 ")) << name;
        EXPECT_THAT(answer, HasSubstr("\"field\":\"" + std::string(name) + "\""));
    }
    EXPECT_THAT(post("/videos", std::string(R"({"video_url":"https://media.example.test/a.mp4","caption":")")
                                    + smuggled + "\"}"),
                HasSubstr("\"field\":\"caption\""));
    EXPECT_THAT(
        post("/videos", std::string(R"({"video_url":"https://media.example.test/)") + smuggled + "\"}"),
        HasSubstr("\"field\":\"video_url\""));
    EXPECT_THAT(post("/connect", R"({"scopes":["user.info.basic\r\nX: 1"]})"), HasSubstr("HTTP/1.1 422 "));
    EXPECT_EQ(seen_by_tiktok(), before);
}

TEST_F(WireInjection, C26NoEncodedLineBreakInAPathOrQueryReachesTikTok) {
    const auto before = seen_by_tiktok();
    for (const char* target :
         {"/v1/users/user-77%0d%0aX-Injected:1/info", "/v1/users/user-77/posts/v_pub%0d%0aX:1",
          "/v1/users/user-77/info?fields=open_id%0d%0aX-Injected:%201",
          "/v1/users/user-77/videos?cursor=1%0d%0aX:1", "/v1/users/user-77/videos?creator_id=a%0d%0aX:1"}) {
        const auto answer = say(get(target, "Connection: close\r\n"));
        EXPECT_THAT(answer, HasSubstr("HTTP/1.1 4")) << target;
        EXPECT_EQ(answers_in(answer), 1U) << target;
        EXPECT_EQ(answer.find("\r\nX-Injected"), std::string::npos) << target;
    }
    EXPECT_EQ(seen_by_tiktok(), before);
}

TEST_F(WireInjection, C26ALineFeedInACaptionIsTextAndNothingElse) {
    const auto answer =
        post("/photos", photos_with(R"("title":"t","description":"one\n\"two\": {\\\nX: 1")"));
    // Whatever TikTok answers about the URL, the text was not refused, and TikTok received one valid init.
    EXPECT_EQ(answer.find("\"field\":\"description\""), std::string::npos) << answer;
    bool seen = false;
    const auto history = w.tiktok().history();
    for (const auto& each : history.at("requests").as_array())
        if (each.at("path").as_string() == "/v2/post/publish/content/init/") seen = true;
    EXPECT_TRUE(seen) << answer;
}

} // namespace
