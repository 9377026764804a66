// The meaning of a 401: one from a proxy's page says nothing about a token, and a new pair is not given up
// because of one.
#include "flow/action_test.hpp"

#include <functional>
#include <vector>

namespace {

constexpr const char* token_path = "/v2/oauth/token/";
constexpr const char* info_path = "/v2/user/info/";

class TokenVerdicts : public action_test {
protected:
    /// From now on this page is the answer instead of TikTok's.
    void page_at(const char* path, int status, const char* body) {
        w.tiktok().add_fault({{"match", {{"listener", "api"}, {"path", path}}},
                              {"times", -1},
                              {"do",
                               {{"apply", false},
                                {"status", status},
                                {"body", body},
                                {"headers", {{"Content-Type", "text/html"}}}}}});
    }
    std::string state_of(const std::string& user) {
        return w.api().get("/v1/users/" + user).text_at("data.state");
    }
    harness::answer info(const std::string& user) {
        return w.api().get(path_of(user, "/info"), {{"X-Request-Timeout", "8"}});
    }
    /// TikTok ends all access tokens early.
    void end_access_tokens() {
        EXPECT_EQ(w.tiktok()
                      .control()
                      .post("/tokens/expire", boost::json::object{{"account", "alice"}, {"kind", "access"}})
                      .status,
                  200);
    }
    static void expect_try_later(const harness::answer& got) {
        EXPECT_EQ(got.status, 502) << got.raw;
        EXPECT_EQ(got.code(), "tiktok_error");
        EXPECT_TRUE(got.at("problem.retryable") == boost::json::value(true)) << got.raw;
    }
};

struct page {
    int status;
    const char* body;
};
const std::vector<page> pages{
    {401, "<html><body>Access denied by the firewall</body></html>"},
    {401, ""},
    {401, R"({"error":"invalid_token"})"},
    {401, R"({"error":{"code":401,"message":"Unauthorized"}})"},
    {403, "<html><body>Access denied by the firewall</body></html>"},
    {403, ""},
};

struct route {
    const char* tiktok_path;
    bool posts_by_itself;
    std::function<harness::answer(const std::string& user)> ask;
};

TEST_F(TokenVerdicts, FaultJAPageInTikToksPlaceSaysNothingAboutATokenAtAnyEndpoint) {
    const boost::json::value photos{{"photo_images", {"https://media.example.com/1.jpg"}},
                                    {"photo_cover_index", 0}};
    const std::vector<route> routes{
        {info_path, false, [&](const auto& user) { return w.api().get(path_of(user, "/info")); }},
        {"/v2/video/list/", false, [&](const auto& user) { return w.api().get(path_of(user, "/videos")); }},
        {"/v2/video/query/", false,
         [&](const auto& user) {
             return w.api().post(path_of(user, "/videos/query"), {{"video_ids", {"1"}}});
         }},
        {"/v2/post/publish/creator_info/query/", false,
         [&](const auto& user) { return w.api().get(path_of(user, "/creator")); }},
        {"/v2/post/publish/status/fetch/", false,
         [&](const auto& user) { return w.api().get(path_of(user, "/posts/v_pub_file~v2-1.1")); }},
        {"/v2/post/publish/inbox/video/init/", false,
         [&](const auto& user) { return upload(user, mp4(40)); }},
        {"/v2/post/publish/video/init/", false,
         [&](const auto& user) { return upload(user, mp4(40), "publish=true"); }},
        {"/v2/post/publish/video/init/", true,
         [&](const auto& user) {
             return w.api().post(path_of(user, "/videos"),
                                 {{"video_url", "https://media.example.com/1.mp4"}, {"publish", true}});
         }},
        {"/v2/post/publish/content/init/", true,
         [&](const auto& user) { return w.api().post(path_of(user, "/photos"), photos); }},
    };
    for (const auto& at : routes) {
        for (const auto& one : pages) {
            SCOPED_TRACE(std::string(at.tiktok_path) + " " + std::to_string(one.status) + " " + one.body);
            // Of two accounts, because one has at most 50 users.
            const auto user = another_user({{"account", at.posts_by_itself ? "bob" : "alice"}});
            page_at(at.tiktok_path, one.status, one.body);
            const auto got = at.ask(user);
            w.tiktok().clear_faults();
            if (at.posts_by_itself) {
                EXPECT_EQ(got.status, 409) << got.raw;
                EXPECT_EQ(got.code(), "outcome_unknown");
                EXPECT_EQ(got.header("x-should-retry"), "false");
            } else {
                expect_try_later(got);
            }
            EXPECT_EQ(state_of(user), "connected");
        }
    }
    EXPECT_EQ(calls_of(token_path), 0U) << "no page costs a refresh";
}

TEST_F(TokenVerdicts, FaultJAPageAtTheTokenEndpointEndsNoConnection) {
    for (const auto& one : pages) {
        SCOPED_TRACE(std::to_string(one.status) + " " + one.body);
        const auto user = another_user();
        EXPECT_EQ(info(user).status, 200);
        end_access_tokens();
        page_at(token_path, one.status, one.body);
        const auto got = info(user);
        w.tiktok().clear_faults();
        expect_try_later(got);
        EXPECT_EQ(state_of(user), "connected");
    }
}

TEST_F(TokenVerdicts, FaultKTenForcedExpiriesInARowAreTenRefreshes) {
    const auto user = another_user();
    EXPECT_EQ(info(user).status, 200);
    for (int i = 0; i < 10; ++i) {
        end_access_tokens();
        const auto got = info(user);
        EXPECT_EQ(got.status, 200) << i << got.raw;
    }
    EXPECT_EQ(calls_of(token_path), 10U);
    EXPECT_EQ(state_of(user), "connected");
}

TEST_F(TokenVerdicts, FaultKAPairThatIsRefusedMomentsAfterARefreshIsNotGivenUp) {
    const auto user = another_user();
    tiktok_refuses(info_path, 401, "access_token_invalid");
    for (int i = 0; i < 5; ++i) {
        const auto got = info(user);
        expect_try_later(got);
        const auto wait = got.at("problem.retry_after_ms");
        ASSERT_TRUE(wait.is_int64()) << got.raw;
        EXPECT_GT(wait.as_int64(), 0);
        EXPECT_LE(wait.as_int64(), 60'000);
        EXPECT_EQ(got.text_at("problem.tiktok.code"), "access_token_invalid");
        EXPECT_EQ(state_of(user), "connected");
    }
    EXPECT_EQ(calls_of(token_path), 1U) << "at most one refresh a minute";
    // Another endpoint accepts the pair; the one that refuses it causes no further refresh.
    EXPECT_EQ(w.api().get(path_of(user, "/videos")).status, 200);
    expect_try_later(info(user));
    EXPECT_EQ(calls_of(token_path), 1U);
    w.tiktok().clear_faults();
    EXPECT_EQ(info(user).status, 200) << "it heals by itself";
    EXPECT_EQ(calls_of(token_path), 1U);
}

TEST_F(TokenVerdicts, FaultKAGrantThatIsReallyGoneIsSaidAtOnce) {
    const auto user = another_user();
    EXPECT_EQ(info(user).status, 200);
    EXPECT_EQ(w.tiktok().control().post("/tokens/revoke", {{"account", "alice"}}).status, 200);
    const auto got = info(user);
    EXPECT_EQ(got.status, 409) << got.raw;
    EXPECT_EQ(got.code(), "reconnect_required");
    EXPECT_EQ(state_of(user), "reconnect_required");
}

} // namespace
