// TikTok refuses the app's key or secret: at the start, at a login, at a refresh (docs/promises.md T24).
#include "base/digest.hpp"
#include "flow/login_test.hpp"

#include <boost/json/array.hpp>

#include <csignal>

using testing::HasSubstr;

namespace {

class AppRefused : public login_test {
protected:
    /// At TikTok; the gateway has the old one until it is given this.
    std::string rotate_secret() {
        const auto fresh = gateway::to_hex(gateway::random_bytes(20));
        w.plant(fresh);
        boost::json::array apps{boost::json::object{{"client_key", harness::simulator_process::client_key},
                                                    {"client_secret", fresh}}};
        w.tiktok().change(boost::json::object{{"apps", std::move(apps)}});
        return fresh;
    }
    void give_secret(const std::string& text) {
        w.folder().write("client.secret", text);
        w.gateway().process().signal(SIGHUP);
        EXPECT_TRUE(w.gateway().process().says("settings_reloaded"));
    }
    void let_tokens_end() { w.tiktok().control().post("/tokens/expire", {{"account", "alice"}}); }
    std::size_t said(const std::string& text) {
        const auto all = w.gateway().process().output();
        std::size_t found = 0;
        for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1))
            ++found;
        return found;
    }
    std::string metrics() { return w.admin().get("/metrics").body; }
};

TEST_F(AppRefused, T24ARotatedSecretLosesNoConnectionAndHealsOnSighup) {
    for (const char* user : {"a", "b", "c"})
        w.connect(user, {{"expires_in", 1}});
    const auto fresh = rotate_secret();
    let_tokens_end();
    const auto until = gateway::steady_now() + gateway::milliseconds{1'100};
    while (gateway::steady_now() < until)
        static_cast<void>(state_of("a"));
    for (const char* user : {"a", "b", "c"}) {
        const auto refused = w.api().get(path_of(user, "/info"));
        EXPECT_EQ(refused.status, 502) << refused.raw;
        EXPECT_EQ(refused.code(), "app_refused");
        EXPECT_EQ(refused.at("problem.retryable"), boost::json::value(true));
        EXPECT_GT(refused.at("problem.retry_after_ms").to_number<std::int64_t>(), 50'000);
        EXPECT_EQ(refused.text_at("problem.tiktok.code"), "invalid_client");
        EXPECT_EQ(state_of(user), "connected");
    }
    EXPECT_EQ(calls_of("/v2/oauth/token/"), 1U) << "for all of them, and not again at once";
    EXPECT_TRUE(w.gateway().process().says(
        R"("level":"error","event":"app_refused","tiktok_code":"invalid_client")"));
    EXPECT_EQ(said(R"("event":"app_refused")"), 1U);
    EXPECT_THAT(metrics(), HasSubstr("tiktok_gateway_app_refused 1\n"));
    EXPECT_THAT(metrics(), HasSubstr("tiktok_gateway_token_refreshes_total{result=\"app_refused\"} 1\n"));
    give_secret(fresh);
    for (const char* user : {"a", "b", "c"})
        EXPECT_EQ(w.api().get(path_of(user, "/info")).status, 200) << user;
    EXPECT_THAT(metrics(), HasSubstr("tiktok_gateway_app_refused 0\n"));
}

TEST_F(AppRefused, T24AWrongSecretAtTheStartIsFoundByTheFirstLoginAndHealsOnSighup) {
    const auto wrong = w.folder().write("wrong.secret", "not-the-secret-of-this-app");
    w.options.variables["TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET_FILE"] = wrong;
    allow_return_urls();
    EXPECT_EQ(w.admin().get("/readyz").status, 200);
    const auto page = land(callback_of("u"));
    expect_refused_page(page);
    EXPECT_THAT(page.body, HasSubstr("Tell whoever runs the service"));
    const boost::json::object back{{"return_url", "https://app.example.com/tiktok/done"}};
    EXPECT_EQ(land(callback_of("u", back)).header("location"),
              "https://app.example.com/tiktok/done?user_id=u&result=refused&reason=app_refused");
    EXPECT_TRUE(w.gateway().process().says(R"("event":"login_failed","reason":"app_refused","user":"u")"));
    EXPECT_EQ(said(R"("event":"app_refused")"), 1U);
    EXPECT_THAT(metrics(), HasSubstr("tiktok_gateway_logins_total{result=\"app_refused\"} 2\n"));
    const auto fresh = rotate_secret();
    w.folder().write("wrong.secret", fresh);
    w.gateway().process().signal(SIGHUP);
    ASSERT_TRUE(w.gateway().process().says("settings_reloaded"));
    EXPECT_EQ(land(callback_of("u")).status, 200);
    EXPECT_EQ(state_of("u"), "connected");
}

TEST_F(AppRefused, T24DeathKAnImportAndARevokeMeetItAndLoseNothing) {
    ASSERT_EQ(land(callback_of("a")).status, 200);
    auto kept = w.tiktok().make_tokens({{"account", "bob"}});
    kept["expires_in"] = 0;
    const auto fresh = rotate_secret();
    const auto refused = w.api().put("/v1/users/b/tokens", kept);
    EXPECT_EQ(refused.status, 502) << refused.raw;
    EXPECT_EQ(refused.code(), "app_refused");
    const auto gone = w.api().del("/v1/users/a");
    EXPECT_EQ(gone.status, 200) << gone.raw;
    EXPECT_EQ(gone.text_at("data.reason"), "tiktok_unreachable") << "tried again when TikTok takes the app";
    EXPECT_TRUE(w.gateway().process().says(R"("event":"app_refused")"));
    EXPECT_EQ(said(R"("event":"app_refused")"), 1U);
    for (const char* endpoint : {"token", "revoke"})
        EXPECT_THAT(metrics(), HasSubstr("tiktok_gateway_upstream_requests_total{endpoint=\""
                                         + std::string(endpoint) + "\",code=\"invalid_client\"} "));
    give_secret(fresh);
    EXPECT_EQ(w.api().put("/v1/users/b/tokens", kept).status, 200);
    EXPECT_EQ(state_of("b"), "connected");
    EXPECT_THAT(metrics(), HasSubstr("tiktok_gateway_app_refused 0\n"));
}

} // namespace
