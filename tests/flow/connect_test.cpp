// A user connects, reconnects and disconnects, through TikTok's authorize page and its webhooks.
#include "flow/login_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <chrono>

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

namespace {

constexpr const char* info_endpoint = "/v2/user/info/";

class Connect : public login_test {
protected:
    std::vector<std::string> scopes_of(const std::string& user) {
        std::vector<std::string> scopes;
        const auto shown = w.api().get("/v1/users/" + user).at("data.scopes");
        if (shown.is_array())
            for (const auto& each : shown.as_array())
                scopes.emplace_back(each.as_string());
        return scopes;
    }
    /// TikTok's times have whole seconds. Each poll is a round trip.
    void let_a_second_pass(const std::string& user) {
        const auto end = gateway::steady_now() + gateway::milliseconds{1'050};
        while (gateway::steady_now() < end)
            static_cast<void>(state_of(user));
    }
    /// From now on the simulator sends its events to the gateway.
    void connect_webhooks() {
        const std::string url = "http://127.0.0.1:" + std::to_string(w.gateway().port()) + "/webhooks/tiktok";
        boost::json::array apps{boost::json::object{{"client_key", harness::simulator_process::client_key},
                                                    {"webhook_url", url}}};
        w.tiktok().change(boost::json::object{{"apps", std::move(apps)}});
    }
};

TEST_F(Connect, BringsAUserFromTheLoginToTheFirstAction) {
    const auto page = land(callback_of("shop:7"));
    ASSERT_EQ(page.status, 200) << page.raw;
    EXPECT_THAT(page.header("content-type"), StartsWith("text/html"));
    EXPECT_THAT(page.body, HasSubstr("TikTok is connected"));
    for (const char* named : {"Alice", harness::simulator_process::client_key, "flow", "shop:7"})
        EXPECT_THAT(page.body, HasSubstr("<bdi>" + std::string(named) + "</bdi>"));
    EXPECT_THAT(page.body, Not(HasSubstr("<script")));
    expect_private(page);

    EXPECT_EQ(state_of("shop:7"), "connected");
    EXPECT_THAT(scopes_of("shop:7"),
                UnorderedElementsAre("user.info.basic", "user.info.profile", "user.info.stats", "video.list",
                                     "video.upload", "video.publish"));
    const auto info = w.api().get("/v1/users/shop:7/info");
    EXPECT_EQ(info.status, 200) << info.raw;
    EXPECT_EQ(info.text_at("data.user.display_name"), "Alice");
}

TEST_F(Connect, KeepsTheScopesTheUserLeftTicked) {
    const auto page = land(callback_of("u", {}, "simulate=allow&grant=user.info.basic,video.list"));
    ASSERT_EQ(page.status, 200) << page.raw;
    EXPECT_THAT(page.body, HasSubstr("You did not allow it to"));
    EXPECT_THAT(scopes_of("u"), UnorderedElementsAre("user.info.basic", "video.list"));
    EXPECT_EQ(w.api().get("/v1/users/u/videos").status, 200);
    const auto refused = w.api().get("/v1/users/u/stats");
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.code(), "missing_scope");
}

TEST_F(Connect, AsksForTheScopesOfTheCall) {
    const boost::json::object wish{{"scopes", boost::json::array{"user.info.basic"}}};
    EXPECT_EQ(land(callback_of("u", wish)).status, 200);
    EXPECT_THAT(scopes_of("u"), UnorderedElementsAre("user.info.basic"));
    EXPECT_EQ(connect_call("u", {{"scopes", boost::json::array{"research.all"}}}).code(), "invalid_input");
}

TEST_F(Connect, T20TakesACallbackOnce) {
    const auto callback = callback_of("u");
    EXPECT_EQ(land(callback).status, 200);
    const auto again = land(callback);
    EXPECT_EQ(again.status, 200) << "the same browser is shown again what became of it";
    EXPECT_THAT(again.body, HasSubstr("TikTok is connected"));
    expect_refused_page(land(callback + "0")); // another state
    const auto code = callback.find("code=") + 5;
    expect_refused_page(
        land(callback.substr(0, code) + "another" + callback.substr(callback.find('&', code))));
    EXPECT_EQ(calls_of("/v2/oauth/token/"), 1U);
    EXPECT_EQ(state_of("u"), "connected");
    EXPECT_EQ(w.api().get("/v1/users/u/info").status, 200);
}

TEST_F(Connect, HourGALoginThatIsAllowedOnceMoreIsNotSaidToBeNotConnected) {
    const auto first = callback_of("u");
    EXPECT_EQ(land(first).status, 200);
    const auto begin = first.find("code=") + 5;
    const auto another_code = first.substr(0, begin) + "more" + first.substr(begin);
    const auto page = land(another_code); // as after the back key
    EXPECT_EQ(page.status, 400) << page.raw;
    EXPECT_THAT(page.body, HasSubstr("<h1>This link cannot be used</h1>"));
    EXPECT_THAT(page.body, HasSubstr("if TikTok was connected before, it still is"));
    EXPECT_THAT(page.body, Not(HasSubstr("not connected")));
    EXPECT_EQ(state_of("u"), "connected");
}

TEST_F(Connect, T20RefusesAStateNobodyStarted) {
    expect_refused_page(land("/oauth/callback?code=made-up&state=made-up"));
    expect_refused_page(land("/oauth/callback"));
    EXPECT_EQ(calls_of("/v2/oauth/token/"), 0U);
}

TEST_F(Connect, T20ALinkScannersHeadSpendsNothing) {
    const auto callback = callback_of("u");
    const auto scanned = w.stranger().call("HEAD", callback);
    EXPECT_EQ(scanned.status, 200) << scanned.raw;
    EXPECT_EQ(scanned.body, "");
    EXPECT_EQ(scanned.header("referrer-policy"), "no-referrer");
    EXPECT_EQ(calls_of("/v2/oauth/token/"), 0U);
    EXPECT_EQ(land(callback).status, 200);
    EXPECT_EQ(state_of("u"), "connected");
}

TEST_F(Connect, ShowsAPageToAUserWhoRefuses) {
    const auto page = land(callback_of("u", {}, "simulate=refuse"));
    expect_refused_page(page);
    EXPECT_THAT(page.body, HasSubstr("You did not allow the connection."));
    EXPECT_EQ(w.api().get("/v1/users/u/info").code(), "user_not_connected");
}

TEST_F(Connect, SendsTheBrowserBackWithTheResult) {
    allow_return_urls();
    const boost::json::object wish{{"return_url", "https://app.example.com/tiktok/done?tab=2"}};
    const auto refused = land(callback_of("shop@7", wish, "simulate=refuse"));
    EXPECT_EQ(refused.status, 302) << refused.raw;
    EXPECT_EQ(refused.header("location"),
              "https://app.example.com/tiktok/done?tab=2&user_id=shop%407&result=refused&reason=declined");
    const auto connected = land(callback_of("shop@7", wish));
    EXPECT_EQ(connected.status, 302) << connected.raw;
    EXPECT_EQ(connected.header("location"),
              "https://app.example.com/tiktok/done?tab=2&user_id=shop%407&result=connected");
    EXPECT_EQ(connected.header("cache-control"), "no-store");
    EXPECT_EQ(connected.header("referrer-policy"), "no-referrer");
    EXPECT_EQ(state_of("shop@7"), "connected");
}

TEST_F(Connect, FaultCKeepsTheQueryOfAReturnUrlAsItCame) {
    allow_return_urls();
    for (const std::string& query :
         {std::string("next=%2Fapp"), std::string("next=%2e%2E%2fapp&a[]=1|2&b=50%&c=/../"),
          "token=" + std::string(4'000, 'A')}) {
        const auto url = "https://app.example.com/tiktok/done?" + query;
        const auto landed = land(callback_of("shop@7", {{"return_url", url}}));
        EXPECT_EQ(landed.status, 302) << landed.raw;
        EXPECT_EQ(landed.header("location"), url + "&user_id=shop%407&result=connected");
    }
}

TEST_F(Connect, FaultNAUserWhoComesBackWithAnotherAccountStaysWithTheFirst) {
    allow_return_urls();
    const boost::json::object to_app{{"return_url", "https://app.example.com/tiktok/done?tab=2"}};
    EXPECT_EQ(land(callback_of("u")).status, 200);
    const auto first = w.api().get("/v1/users/u").text_at("data.open_id");

    const auto page = land(callback_of("u", {}, "simulate=allow&account=bob"));
    EXPECT_EQ(page.status, 400) << page.raw;
    EXPECT_THAT(page.body, HasSubstr("another TikTok account"));
    expect_private(page);
    const auto onward = land(callback_of("u", to_app, "simulate=allow&account=bob"));
    EXPECT_EQ(onward.status, 302) << onward.raw;
    EXPECT_EQ(onward.header("location"),
              "https://app.example.com/tiktok/done?tab=2&user_id=u&result=refused&reason=another_account");
    EXPECT_EQ(w.api().get("/v1/users/u").text_at("data.open_id"), first);
    EXPECT_EQ(w.api().get("/v1/users/u/info").text_at("data.user.display_name"), "Alice");
    const auto end = gateway::steady_now() + gateway::seconds{20};
    while (valid_tokens_of("bob", "refresh_tokens") > 0 && gateway::steady_now() < end) {
    } // each poll is a round trip
    EXPECT_EQ(valid_tokens_of("bob", "refresh_tokens"), 0U) << "the grant that nobody wants is taken back";
    while (w.everything_said().find(R"("note":"another_account")") == std::string::npos
           && gateway::steady_now() < end) {
    }
    EXPECT_THAT(w.everything_said(), HasSubstr(R"("user":"u","note":"another_account")"));

    boost::json::object replacing = to_app;
    replacing["replace_account"] = true;
    const auto replaced = land(callback_of("u", replacing, "simulate=allow&account=bob"));
    EXPECT_EQ(replaced.header("location"),
              "https://app.example.com/tiktok/done?tab=2&user_id=u&result=connected");
    EXPECT_NE(w.api().get("/v1/users/u").text_at("data.open_id"), first);
    EXPECT_EQ(connect_call("u", {{"replace_account", "yes"}}).code(), "invalid_input");
}

TEST_F(Connect, SendsNoBrowserToAStrangersPage) {
    allow_return_urls();
    for (const char* url : {"https://evil.example.com/tiktok", "https://app.example.com/tiktoken",
                            "https://app.example.com/tiktok/../evil", "http://app.example.com/tiktok",
                            "https://app.example.com?/tiktok/", "https://app.example.com/tiktok/..%2fevil",
                            "https://evil.example.com?https://app.example.com/tiktok/",
                            "https://app.example.com@evil.example.com/tiktok", "javascript:alert(1)"}) {
        const auto got = connect_call("u", {{"return_url", url}});
        EXPECT_EQ(got.status, 422) << url << got.raw;
        EXPECT_EQ(got.code(), "invalid_input");
        EXPECT_EQ(got.text_at("problem.fields.0.field"), "return_url");
    }
}

TEST_F(Connect, DisconnectingRevokesAtTikTokAndForgets) {
    EXPECT_EQ(land(callback_of("u")).status, 200);
    EXPECT_EQ(valid_tokens_of("alice", "access_tokens"), 1U);
    const auto gone = w.api().del("/v1/users/u");
    EXPECT_EQ(gone.status, 200) << gone.raw;
    EXPECT_EQ(gone.text_at("data.user_id"), "u");
    EXPECT_TRUE(gone.at("data.revoked_at_tiktok") == boost::json::value(true)) << gone.raw;
    EXPECT_EQ(valid_tokens_of("alice", "access_tokens"), 0U);
    EXPECT_EQ(valid_tokens_of("alice", "refresh_tokens"), 0U);
    const auto calls = calls_of(info_endpoint);
    EXPECT_EQ(w.api().get("/v1/users/u/info").code(), "user_not_connected");
    EXPECT_EQ(w.api().get("/v1/users/u").code(), "user_not_connected");
    EXPECT_EQ(w.api().del("/v1/users/u").code(), "user_not_connected");
    EXPECT_EQ(calls_of(info_endpoint), calls);
}

TEST_F(Connect, T17DisconnectingAnIdleUserRevokesAtTikTokToo) {
    w.connect("u", {{"expires_in", 1}});
    let_a_second_pass("u");
    const auto gone = w.api().del("/v1/users/u");
    EXPECT_TRUE(gone.at("data.revoked_at_tiktok") == boost::json::value(true)) << gone.raw;
    EXPECT_EQ(valid_tokens_of("alice", "refresh_tokens"), 0U);
}

TEST_F(Connect, DisconnectingAsksTikTokAgainAfterAPassingFault) {
    w.connect("u");
    w.tiktok().add_fault({{"match", {{"path", "/v2/oauth/revoke/"}}},
                          {"times", 2},
                          {"do", {{"apply", false}, {"status", 503}}}});
    const auto gone = w.api().del("/v1/users/u");
    EXPECT_TRUE(gone.at("data.revoked_at_tiktok") == boost::json::value(true)) << gone.raw;
    EXPECT_EQ(valid_tokens_of("alice", "refresh_tokens"), 0U);
    EXPECT_EQ(calls_of("/v2/oauth/revoke/"), 3U);
}

TEST_F(Connect, DisconnectingForgetsAlsoWhenTikTokIsDown) {
    w.connect("u");
    w.tiktok().add_fault({{"match", {{"path", "/v2/oauth/revoke/"}}},
                          {"times", -1},
                          {"do", {{"apply", false}, {"status", 503}}}});
    const auto gone = w.api().del("/v1/users/u");
    EXPECT_EQ(gone.status, 200) << gone.raw;
    EXPECT_TRUE(gone.at("data.revoked_at_tiktok") == boost::json::value(false)) << gone.raw;
    EXPECT_EQ(w.api().get("/v1/users/u").code(), "user_not_connected");
}

TEST_F(Connect, T19AUserWhoLeavesAtTikTokHasToConnectAgain) {
    EXPECT_EQ(land(callback_of("u")).status, 200);
    connect_webhooks();
    let_a_second_pass("u");
    EXPECT_EQ(w.tiktok().control().post("/tokens/revoke", {{"account", "alice"}}).status, 200);
    const auto end = gateway::steady_now() + gateway::seconds{20};
    while (state_of("u") != "revoked" && gateway::steady_now() < end) {
    } // each poll is a round trip
    const auto shown = w.api().get("/v1/users/u");
    EXPECT_EQ(shown.text_at("data.state"), "revoked") << shown.raw;
    EXPECT_EQ(shown.text_at("data.cause"), "user_disconnected");
    const auto calls = calls_of(info_endpoint);
    const auto refused = w.api().get("/v1/users/u/info");
    EXPECT_EQ(refused.status, 409) << refused.raw;
    EXPECT_EQ(refused.code(), "reconnect_required");
    EXPECT_EQ(refused.text_at("error"),
              "This user has to connect again (user_disconnected): POST "
              "/v1/users/{user_id}/connect begins a login.");
    EXPECT_EQ(calls_of(info_endpoint), calls);

    EXPECT_EQ(land(callback_of("u")).status, 200);
    EXPECT_EQ(state_of("u"), "connected");
    EXPECT_EQ(w.api().get("/v1/users/u/info").status, 200);
}

TEST_F(Connect, U16AForgedFarewellDisconnectsNobody) {
    w.connect("u");
    const auto account = w.api().get("/v1/users/u").text_at("data.open_id");
    const auto now_s = std::chrono::duration_cast<gateway::seconds>(gateway::wall_now().time_since_epoch());
    const std::string body =
        R"({"client_key":"flow-client-key","event":"authorization.removed","create_time":)"
        + std::to_string(now_s.count()) + R"(,"user_openid":")" + account
        + R"(","content":"{\"reason\":1}"})";
    const std::string signature = "t=" + std::to_string(now_s.count()) + ",s=" + sha256_of("not the secret");
    const auto got =
        w.stranger().call("POST", "/webhooks/tiktok",
                          {{"Content-Type", "application/json"}, {"TikTok-Signature", signature}}, body);
    EXPECT_EQ(got.status, 401) << got.raw;
    EXPECT_EQ(got.code(), "unauthenticated");
    EXPECT_EQ(state_of("u"), "connected");
}

} // namespace
