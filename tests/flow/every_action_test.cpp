// Behaviour that all actions share: an expired token, a missing scope, TikTok down, TikTok slow.
#include "flow/action_test.hpp"

#include <functional>
#include <vector>

namespace {

struct action {
    const char* slug;
    const char* endpoint; // the TikTok endpoint that the action needs
    const char* scope;    // the scope that the action needs
    bool may_post;        // if the answer of that endpoint is lost, the outcome is unknown
    std::function<harness::answer(const std::string& user, const harness::fields& more)> ask;
};

class EveryAction : public action_test {
protected:
    std::vector<action> actions() {
        const auto get = [this](const char* rest) {
            return [this, rest](const std::string& user, const harness::fields& more) {
                return w.api().get(path_of(user, rest), more);
            };
        };
        const auto post = [this](const char* rest, boost::json::value body) {
            return [this, rest, body](const std::string& user, const harness::fields& more) {
                return w.api().post(path_of(user, rest), body, more);
            };
        };
        const boost::json::value ids{{"video_ids", boost::json::array{"7000000000000000001"}}};
        const boost::json::value photos{{"photo_images", {"https://media.example.com/1.jpg"}},
                                        {"photo_cover_index", 0}};
        const boost::json::value files{
            {"files_to_upload", boost::json::array{{{"file_id", stage(mp4(5'000))}}}}};
        return {
            {"TIKTOK_GET_USER_BASIC_INFO", "/v2/user/info/", "user.info.basic", false, get("/info")},
            {"TIKTOK_GET_USER_PROFILE", "/v2/user/info/", "user.info.profile", false, get("/profile")},
            {"TIKTOK_GET_USER_STATS", "/v2/user/info/", "user.info.stats", false, get("/stats")},
            {"TIKTOK_LIST_VIDEOS", "/v2/video/list/", "video.list", false, get("/videos")},
            {"TIKTOK_QUERY_VIDEOS", "/v2/video/query/", "video.list", false, post("/videos/query", ids)},
            {"TIKTOK_QUERY_CREATOR_INFO", "/v2/post/publish/creator_info/query/", "video.publish", false,
             get("/creator")},
            {"TIKTOK_UPLOAD_VIDEO", "/v2/post/publish/inbox/video/init/", "video.upload", false,
             [this](const std::string& user, const harness::fields& more) {
                 return upload(user, mp4(40), {}, more);
             }},
            {"TIKTOK_UPLOAD_VIDEOS", "/v2/post/publish/inbox/video/init/", "video.upload", false,
             post("/videos/batch", files)},
            {"TIKTOK_POST_PHOTO", "/v2/post/publish/content/init/", "video.upload", true,
             post("/photos", photos)},
            {"TIKTOK_PUBLISH_VIDEO", "/v2/post/publish/status/fetch/", "video.publish", false,
             post("/posts/v_inbox_file~v2.77/publish", boost::json::object{})},
            {"TIKTOK_FETCH_PUBLISH_STATUS", "/v2/post/publish/status/fetch/", "", false,
             get("/posts/v_inbox_file~v2.77")},
        };
    }

    /// For a batch, the code of its only file.
    static std::string code_of(const harness::answer& got) {
        const auto inside = got.text_at("data.results.0.problem.code");
        return inside.empty() ? got.code() : inside;
    }
    static boost::json::array all_scopes_but(const std::string& one) {
        boost::json::array scopes;
        for (const char* each : {"user.info.basic", "user.info.profile", "user.info.stats", "video.list",
                                 "video.upload", "video.publish"})
            if (each != one && !(one.empty() && std::string(each).starts_with("video.")))
                scopes.emplace_back(each);
        return scopes;
    }
};

TEST_F(EveryAction, RefreshesAnExpiredTokenOnTheWay) {
    for (const auto& each : actions()) {
        SCOPED_TRACE(each.slug);
        const auto user = another_user({{"account", "bob"}});
        EXPECT_EQ(w.tiktok().control().post("/tokens/expire", {{"account", "bob"}}).status, 200);
        const auto got = each.ask(user, {});
        const bool unknown_post = got.code() == "no_such_post"; // TikTok was reached, and has no such post
        EXPECT_TRUE(got.status == 200 || unknown_post) << got.raw;
    }
}

TEST_F(EveryAction, AsksForTheScopeBeforeItAsksTikTok) {
    for (const auto& each : actions()) {
        SCOPED_TRACE(each.slug);
        const auto user = another_user({{"scopes", all_scopes_but(each.scope)}});
        const auto before = calls_of(each.endpoint);
        const auto got = each.ask(user, {});
        EXPECT_EQ(got.status, 403) << got.raw;
        EXPECT_EQ(got.code(), "missing_scope");
        EXPECT_FALSE(got.text_at("problem.fields.0.field").empty());
        EXPECT_EQ(calls_of(each.endpoint), before);
    }
}

TEST_F(EveryAction, SaysThatTikTokIsDown) {
    for (const auto& each : actions()) {
        SCOPED_TRACE(each.slug);
        const auto user = another_user();
        w.tiktok().add_fault(
            {{"match", {{"path", each.endpoint}}}, {"times", -1}, {"do", {{"reset_before_answer", true}}}});
        const auto got = each.ask(user, {{"X-Request-Timeout", "5"}});
        w.tiktok().clear_faults();
        EXPECT_EQ(code_of(got), each.may_post ? "outcome_unknown" : "tiktok_unreachable") << got.raw;
        EXPECT_TRUE(!each.may_post || got.header("x-should-retry") == "false") << got.raw;
    }
}

TEST_F(EveryAction, SaysThatTikTokIsTooSlow) {
    for (const auto& each : actions()) {
        SCOPED_TRACE(each.slug);
        const auto user = another_user();
        w.tiktok().add_fault({{"match", {{"path", each.endpoint}}}, {"times", -1}, {"do", {{"hang", true}}}});
        const auto began = gateway::steady_now();
        const auto got = each.ask(user, {{"X-Request-Timeout", "0.7"}});
        w.tiktok().clear_faults();
        EXPECT_LT(gateway::steady_now() - began, gateway::seconds{6});
        EXPECT_EQ(code_of(got), each.may_post ? "outcome_unknown" : "deadline_exceeded") << got.raw;
    }
}

TEST_F(EveryAction, RefusesAUserWhoIsNotConnected) {
    for (const auto& each : actions()) {
        SCOPED_TRACE(each.slug);
        const auto got = each.ask("nobody", {});
        EXPECT_EQ(got.status, 404) << got.raw;
        EXPECT_EQ(got.code(), "user_not_connected");
    }
}

TEST_F(EveryAction, RefusesAKeyThatMayNotDoIt) {
    w.options.variables["TIKTOK_GATEWAY__CALLERS"] =
        "[{name: files-only, actions: [GATEWAY_FILES], key_sha256: " + sha256_of(w.caller_key()) + "}]";
    for (const auto& each : actions()) {
        SCOPED_TRACE(each.slug);
        const auto got = each.ask("nobody", {});
        EXPECT_EQ(got.status, 403) << got.raw;
        EXPECT_EQ(got.code(), "forbidden");
    }
}

} // namespace
