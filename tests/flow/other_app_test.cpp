// The gateway is started with another TikTok app on a filled store, and then with the first one again
// (docs/promises.md V15).
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <fstream>
#include <string>

using testing::HasSubstr;

namespace {

class OtherApp : public action_test {
protected:
    static constexpr const char* app_b = "another-client-key";

    /// A second app at TikTok, with the secret of the first one.
    void register_app_b() {
        std::ifstream file(w.folder().path() / "client.secret");
        std::string secret;
        std::getline(file, secret);
        boost::json::array apps{
            boost::json::object{{"client_key", app_b},
                                {"client_secret", secret},
                                {"kind", "desktop"},
                                {"redirect_uris", {"http://127.0.0.1:*/oauth/callback"}}}};
        w.tiktok().change(boost::json::object{{"apps", std::move(apps)}});
    }
    void restart_as(const std::string& client_key) {
        EXPECT_EQ(w.stop_gateway(), 0);
        w.options.variables["TIKTOK_GATEWAY__TIKTOK__CLIENT_KEY"] = client_key;
        w.gateway();
    }
    harness::answer log_in(const std::string& user, const std::string& account) {
        const auto begun = w.api().post(path_of(user, "/connect"), boost::json::object{});
        const auto url = begun.text_at("data.authorize_url");
        const auto to =
            w.browser()
                .get(url.substr(url.find("/v2/auth/authorize/")) + "&simulate=allow&account=" + account)
                .header("location");
        const auto path = to.find("/oauth/callback?");
        EXPECT_NE(path, std::string::npos) << begun.raw << to;
        return path == std::string::npos ? harness::answer{} : w.stranger().get(to.substr(path));
    }
    std::string name_of(const std::string& user) {
        return w.api().get(path_of(user, "/info")).text_at("data.user.display_name");
    }
    bool is_said(const std::string& text) {
        const auto end = gateway::steady_now() + gateway::seconds{20};
        while (w.everything_said().find(text) == std::string::npos && gateway::steady_now() < end)
            w.admin().get("/healthz");
        return w.everything_said().find(text) != std::string::npos;
    }
};

TEST_F(OtherApp, V15AuditFStartedAsAThenBThenA) {
    const auto ann = another_user();
    const auto bob = another_user({{"account", "bob"}, {"expires_in", 1}}); // would be refreshed
    register_app_b();
    ASSERT_EQ(log_in("eve", "carol").status, 200);
    const auto first_account = w.api().get("/v1/users/" + ann).text_at("data.open_id");
    const auto first = w.api().get("/v1/users/" + ann).body;

    restart_as(app_b);
    EXPECT_TRUE(is_said(R"("event":"connections_of_other_app","count":"3")")) << w.everything_said();
    const auto calls = calls_of("/v2/user/info/") + calls_of("/v2/oauth/token/");
    for (const auto& user : {ann, bob, std::string("eve")}) {
        const auto refused = w.api().get(path_of(user, "/info"));
        EXPECT_EQ(refused.code(), "reconnect_required") << refused.raw;
        EXPECT_THAT(refused.text_at("error"), HasSubstr("other_app"));
        const auto shown = w.api().get("/v1/users/" + user);
        EXPECT_EQ(shown.text_at("data.state"), "reconnect_required") << shown.raw;
        EXPECT_EQ(shown.text_at("data.cause"), "other_app");
    }
    EXPECT_EQ(calls_of("/v2/user/info/") + calls_of("/v2/oauth/token/"), calls) << "nothing is sent";
    const auto page = log_in(ann, "alice");
    ASSERT_EQ(page.status, 200) << page.raw;
    EXPECT_EQ(name_of(ann), "Alice");
    EXPECT_NE(w.api().get("/v1/users/" + ann).text_at("data.open_id"), first_account)
        << "open_ids differ from app to app";
    EXPECT_EQ(w.api().del("/v1/users/eve").text_at("data.reason"), "other_app");

    restart_as(harness::simulator_process::client_key);
    EXPECT_EQ(w.api().get("/v1/users/" + ann).text_at("data.open_id"), first_account) << first;
    EXPECT_EQ(name_of(ann), "Alice");
    EXPECT_EQ(name_of(bob), "Bob") << "its refresh token was not lost";
    EXPECT_EQ(w.api().get("/v1/users/" + bob).text_at("data.state"), "connected");

    restart_as(app_b);
    EXPECT_EQ(name_of(ann), "Alice");
    EXPECT_EQ(w.api().get(path_of(bob, "/info")).code(), "reconnect_required");
    EXPECT_EQ(w.api().del("/v1/users/" + ann).at("data.revoked_at_tiktok"), true);
}

TEST_F(OtherApp, V15AuditFADeleteUnderAnotherAppIsRevokedAtTikTokUnderItsOwn) {
    w.gateway();
    register_app_b();
    const auto tokens_of = [this](const char* account) {
        return w.tiktok().history().at("accounts").at(account).at("refresh_tokens").as_array().size();
    };
    ASSERT_EQ(log_in("ann", "alice").status, 200);
    restart_as(app_b);
    ASSERT_EQ(log_in("ann", "bob").status, 200);
    restart_as("a-third-key");
    const auto gone = w.api().del("/v1/users/ann");
    EXPECT_EQ(gone.at("data.revoked_at_tiktok"), false) << gone.raw;
    EXPECT_EQ(gone.text_at("data.reason"), "other_app");
    EXPECT_EQ(w.api().get("/v1/users/ann").code(), "user_not_connected");
    EXPECT_EQ(tokens_of("alice") + tokens_of("bob"), 2U);

    const auto is_revoked = [&tokens_of, this](const char* account) {
        const auto end = gateway::steady_now() + gateway::seconds{60};
        while (tokens_of(account) > 0 && gateway::steady_now() < end)
            w.admin().get("/healthz"); // each poll is a round trip
        return tokens_of(account) == 0;
    };
    restart_as(harness::simulator_process::client_key);
    EXPECT_TRUE(is_revoked("alice"));
    EXPECT_EQ(tokens_of("bob"), 1U) << "of the other app";
    restart_as(app_b);
    EXPECT_TRUE(is_revoked("bob"));
}

} // namespace
