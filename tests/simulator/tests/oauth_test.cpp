#include "login.hpp"

namespace gateway::simulator::testing {

TEST_F(OAuth, GivesACodeTheScopesAndTheState) {
    const answer out = send("GET", authorize_query(), {}, "");
    EXPECT_EQ(out.status, 302);
    EXPECT_EQ(field_or_empty(location(out), "scopes"), "user.info.basic,video.list");
    EXPECT_EQ(field_or_empty(location(out), "state"), "s 1");
}

TEST_F(OAuth, LetsTheUserGrantLess) {
    const answer out = send("GET", authorize_query("&simulate=allow&grant=user.info.basic"), {}, "");
    EXPECT_EQ(field_or_empty(location(out), "scopes"), "user.info.basic");
}

TEST_F(OAuth, TellsTheAppWhenTheUserRefuses) {
    const answer out = send("GET", authorize_query("&simulate=refuse"), {}, "");
    EXPECT_EQ(field_or_empty(location(out), "error"), "access_denied");
    EXPECT_EQ(field_or_empty(location(out), "state"), "s 1");
}

TEST_F(OAuth, ShowsAFormWhoseAnswerGivesACode) {
    const answer page = send("GET", authorize_query(""), {}, "");
    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.body.find("<form method=\"post\""), std::string::npos);
    const std::string asked = authorize_query("").substr(authorize_query("").find('?') + 1);
    const answer out = post_form("/v2/auth/authorize/", asked + "&granted=video.list&decision=allow");
    EXPECT_EQ(field_or_empty(location(out), "scopes"), "user.info.basic,video.list");
}

TEST_F(OAuth, KeepsFaultsOfTheAppOnItsOwnPage) {
    for (const char* wrong :
         {"client_key=nobody", "client_key=demo-client-key&redirect_uri=http://127.0.0.1:1/other",
          "client_key=demo-client-key&redirect_uri=http://127.0.0.1:1/oauth/callback&scope=nope"}) {
        const answer out = page(std::string("/v2/auth/authorize/?simulate=allow&") + wrong);
        EXPECT_EQ(out.status, 400) << wrong;
        EXPECT_TRUE(location(out).empty()) << wrong;
    }
}

TEST_F(OAuth, WantsAChallengeOfDesktopAppsOnly) {
    const std::string without =
        "/v2/auth/authorize/?client_key=demo-client-key&response_type=code&state=s"
        "&scope=video.list&simulate=allow&redirect_uri=";
    EXPECT_EQ(page(without + form_encoded(callback)).status, 400);
    w.config.apps.front().kind = "web";
    w.config.apps.front().redirect_uris = {"https://gateway.example/cb"};
    EXPECT_EQ(page(without + "https://gateway.example/cb").status, 302);
}

TEST_F(OAuth, RefusesPeopleWhoAreNoTargetOfTheSandbox) {
    w.config.apps.front().sandbox = true;
    w.config.apps.front().target_users = {"demo"};
    EXPECT_EQ(send("GET", authorize_query(), {}, "").status, 302);
    EXPECT_EQ(page(authorize_query("&simulate=allow&account=second")).status, 400);
}

TEST_F(OAuth, ExchangesACodeOnceForAFlatAnswer) {
    const std::string once = code();
    const answer out = token(exchange_body(once));
    ASSERT_EQ(out.status, 200);
    EXPECT_EQ(json(out).at("expires_in").as_int64(), 7'200);
    EXPECT_EQ(json(out).at("refresh_expires_in").as_int64(), 15'552'000);
    EXPECT_EQ(json(out).at("scope").as_string(), "user.info.basic,video.list");
    EXPECT_EQ(json(out).at("token_type").as_string(), "Bearer");
    EXPECT_EQ(error_of(token(exchange_body(once))), "invalid_grant");
}

TEST_F(OAuth, RefusesAnOldCode) {
    const std::string old = code();
    pass(milliseconds{600'000});
    const answer out = token(exchange_body(old));
    EXPECT_EQ(error_of(out), "invalid_grant");
    EXPECT_EQ(text_of_error(out), "Authorization code is expired.");
}

TEST_F(OAuth, RefusesAnotherVerifierAndAnotherRedirect) {
    const std::string mine = code();
    EXPECT_EQ(text_of_error(token(exchange_body(mine, std::string(43, 'a')))),
              "Code verifier or code challenge is invalid.");
    EXPECT_EQ(text_of_error(token(exchange_body(mine, verifier, "http://127.0.0.1:8081/oauth/callback"))),
              "Redirect_uri is not matched with the uri when requesting code.");
    EXPECT_EQ(token(exchange_body(mine)).status, 200);
}

TEST_F(OAuth, TakesTheFormTypeOnlyWhenItIsBare) {
    const answer out = send("POST", "/v2/oauth/token/",
                            {{"content-type", "application/x-www-form-urlencoded;charset=UTF-8"}},
                            client() + "&grant_type=client_credentials");
    EXPECT_EQ(out.status, 400);
    EXPECT_EQ(error_of(out), "invalid_request");
    EXPECT_EQ(text_of_error(out), "The request parameters are malformed.");
}

TEST_F(OAuth, NamesWhatIsWrongWithATokenRequest) {
    EXPECT_EQ(error_of(token("grant_type=refresh_token")), "invalid_request");
    const answer stranger = token("client_key=demo-client-key&client_secret=no&grant_type=refresh_token");
    EXPECT_EQ(error_of(stranger), "invalid_client");
    EXPECT_EQ(stranger.status, 401);
    EXPECT_EQ(error_of(token(client() + "&grant_type=password")), "unsupported_grant_type");
    EXPECT_EQ(error_of(token(client() + "&grant_type=refresh_token&refresh_token=rft.no")), "invalid_grant");
    w.config.choice.oauth_error_status = "200";
    EXPECT_EQ(token(client() + "&grant_type=password").status, 200);
}

TEST_F(OAuth, RefreshesAndKnowsTheUserOfTheNewToken) {
    const token_pair pair = tokens_for("second");
    const answer out =
        token(client() + "&grant_type=refresh_token&refresh_token=" + form_encoded(pair.refresh_token));
    ASSERT_EQ(out.status, 200);
    EXPECT_EQ(json(out).at("open_id").as_string(), w.open_id("demo-client-key", "second"));
}

TEST_F(OAuth, TheClientTokenOpensNothing) {
    const answer out = token(client() + "&grant_type=client_credentials");
    const std::string text(json(out).at("access_token").as_string());
    EXPECT_TRUE(text.starts_with("clt."));
    EXPECT_EQ(code_of(get("/v2/user/info/?fields=open_id", text)), "access_token_invalid");
}

TEST_F(OAuth, RevokingEndsAllTokensAndTellsTheApp) {
    const token_pair pair = tokens_for("demo");
    const answer out = post_form("/v2/oauth/revoke/", client() + "&token=" + form_encoded(pair.access_token));
    EXPECT_EQ(out.status, 200);
    EXPECT_TRUE(out.body.empty());
    EXPECT_EQ(get("/v2/user/info/?fields=open_id", pair.access_token).status, 401);
    EXPECT_FALSE(w.tokens.refresh("demo-client-key", pair.refresh_token, {}, {}, w.now()));
    ASSERT_EQ(w.past.webhooks().size(), 1U);
    EXPECT_EQ(w.past.webhooks().front().event, "authorization.removed");
    EXPECT_EQ(w.past.webhooks().front().content, R"({"reason":5})");
}

} // namespace gateway::simulator::testing
