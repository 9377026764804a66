// What the log tells an operator, beyond one line per call (docs/contract.md §8).
#include "flow/login_test.hpp"

using testing::HasSubstr;

namespace {

class LogEvents : public login_test {
protected:
    bool says(const std::string& text) { return w.gateway().process().says(text); }
};

TEST_F(LogEvents, DeathLTheStartTellsWhatRunsWithWhichSettings) {
    EXPECT_NE(w.gateway().port(), 0);
    EXPECT_TRUE(says(R"("event":"started","version":")"));
    EXPECT_TRUE(says(R"(","settings_file":")" + (w.folder().path() / "gateway.yaml").string()
                     + R"(","store":"sqlite:)" + (w.folder().path() / "gateway.db").string()
                     + R"(","callers":"1","tls":"off","workers":"2")"));
}

TEST_F(LogEvents, DeathLConnectionsThatComeAndGoAreEventsOfTheirOwn) {
    w.connect("imported-user");
    EXPECT_TRUE(says(R"("event":"imported","user":"imported-user","caller":"flow"})"));
    EXPECT_EQ(land(callback_of("logged-in")).status, 200);
    EXPECT_TRUE(says(R"("event":"connected","user":"logged-in","caller":"flow","scopes":")"));
    ASSERT_EQ(w.api().del("/v1/users/imported-user").status, 200);
    EXPECT_TRUE(says(
        R"("event":"disconnected","user":"imported-user","caller":"flow","revoked_at_tiktok":"false","reason":"used_by_another_user"})"));
    ASSERT_EQ(w.api().del("/v1/users/logged-in").status, 200);
    EXPECT_TRUE(
        says(R"("event":"disconnected","user":"logged-in","caller":"flow","revoked_at_tiktok":"true"})"));
}

TEST_F(LogEvents, DeathLALineHasTheClientsAddressAndTikToksCode) {
    w.connect("u");
    tiktok_refuses("/v2/video/list/", 403, "scope_not_authorized");
    ASSERT_EQ(w.api().get(path_of("u", "/videos")).status, 403);
    EXPECT_TRUE(
        says(R"("code":"missing_scope","caller":"flow","user":"u","tiktok_code":"scope_not_authorized")"));
    EXPECT_TRUE(says(R"(,"peer":"127.0.0.1",)"));
}

TEST_F(LogEvents, G03DeathLAnUnknownRouteIsToldWithoutWhatCouldBeASecret) {
    EXPECT_EQ(w.api().get("/v1/users/u/vidoes?token=" + w.caller_key()).status, 404);
    EXPECT_TRUE(says(R"("code":"no_such_route","path":"/v1/users/u/vidoes")"));
    EXPECT_EQ(w.api().get("/v1/" + w.caller_key() + "/videos").status, 404);
    EXPECT_TRUE(says(R"("code":"no_such_route","path":"/v1/*/videos")"));
    EXPECT_EQ(w.api().post("/v1/users/u/info", {}).status, 405);
    EXPECT_TRUE(says(R"("code":"method_not_allowed","path":"/v1/users/u/info")"));
}

TEST_F(LogEvents, DeathLARefusedRefreshHasTikToksCode) {
    w.connect("u");
    w.tiktok().control().post("/tokens/revoke", {{"account", "alice"}});
    EXPECT_EQ(w.api().get(path_of("u", "/info")).code(), "reconnect_required");
    EXPECT_TRUE(says(
        R"("level":"warn","event":"token_refresh","result":"invalid_grant","user":"u","tiktok_code":"invalid_grant")"));
}

TEST_F(LogEvents, HourJAFailureOnTheWayToTikTokIsToldInWords) {
    w.connect("u");
    w.tiktok().control().post(
        "/faults",
        {{"match", {{"path", "/v2/video/list/"}}}, {"times", -1}, {"do", {{"reset_before_answer", true}}}});
    EXPECT_EQ(w.api().get(path_of("u", "/videos")).code(), "tiktok_unreachable");
    EXPECT_TRUE(says(
        R"("code":"tiktok_unreachable","caller":"flow","user":"u","note":"The connection to TikTok failed)"));
    EXPECT_EQ(w.api().get(path_of("u", "/videos?max_count=0")).status, 422);
    EXPECT_TRUE(says(R"("code":"invalid_input","caller":"flow","user":"u","peer":)"))
        << "the answer says it all";
}

TEST_F(LogEvents, DeathLAnUnknownOutcomeIsAWarning) {
    w.connect("u");
    w.tiktok().add_fault(
        {{"match", {{"path", "/v2/post/publish/content/init/"}}}, {"do", {{"reset_before_answer", true}}}});
    const boost::json::value photos{{"photo_images", {"https://media.example.com/1.jpg"}},
                                    {"photo_cover_index", 0}};
    EXPECT_EQ(w.api().post(path_of("u", "/photos"), photos).code(), "outcome_unknown");
    EXPECT_TRUE(says(R"("code":"outcome_unknown")"));
    const auto text = w.gateway().process().output();
    const auto at = text.find(R"("code":"outcome_unknown")");
    const auto begin = text.rfind('\n', at) + 1;
    EXPECT_THAT(text.substr(begin, at - begin), HasSubstr(R"("level":"warn","event":"call")"));
}

} // namespace
