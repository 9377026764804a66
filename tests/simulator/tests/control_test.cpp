#include "tiktok.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace gateway::simulator::testing {

namespace {

class Control : public tiktok {};

} // namespace

TEST_F(Control, MakesTokensThatWork) {
    const auto made =
        json(control_call("POST", "/tokens", R"({"account":"second","scopes":["video.list"]})"));
    EXPECT_EQ(made.at("scope").as_string(), "video.list");
    const std::string token(made.at("access_token").as_string());
    EXPECT_EQ(post_json("/v2/video/list/?fields=id", token, "").status, 200);
    EXPECT_EQ(control_call("POST", "/tokens", R"({"account":"nobody"})").status, 400);
}

TEST_F(Control, ExpiresTokensByKind) {
    const token_pair pair = tokens_for("demo");
    EXPECT_EQ(json(control_call("POST", "/tokens/expire", R"({"account":"demo"})")).at("expired").as_int64(),
              1);
    EXPECT_EQ(get("/v2/user/info/?fields=open_id", pair.access_token).status, 401);
    EXPECT_TRUE(w.tokens.refresh("demo-client-key", pair.refresh_token, {}, {}, w.now()));
}

TEST_F(Control, TellsWhichTokensAreValidNow) {
    const token_pair pair = tokens_for("demo");
    tokens_for("second");
    const auto told = json(control_call("GET", "/history", ""));
    const auto demo = told.at("accounts").as_object().at("demo").as_object();
    ASSERT_EQ(demo.at("refresh_tokens").as_array().size(), 1U);
    EXPECT_EQ(demo.at("refresh_tokens").as_array()[0].as_object().at("token").as_string(),
              pair.refresh_token);
}

TEST_F(Control, RemembersRequestsWithoutTheirSecrets) {
    const token_pair pair = tokens_for("demo");
    post_form("/v2/oauth/token/",
              "client_key=demo-client-key&client_secret=demo-client-secret"
              "&grant_type=refresh_token&refresh_token="
                  + form_encoded(pair.refresh_token));
    get("/v2/user/info/?fields=open_id", pair.access_token);
    const auto told = json(control_call("GET", "/history", "")).at("requests").as_array();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[0].as_object().at("grant_type").as_string(), "refresh_token");
    EXPECT_FALSE(told[0].as_object().contains("body"));
    EXPECT_EQ(told[1].as_object().at("query").as_string(), "fields=open_id");
    EXPECT_EQ(told[1].as_object().at("account").as_string(), "demo");
    const std::string text = boost::json::serialize(told);
    EXPECT_EQ(text.find("demo-client-secret"), std::string::npos);
    EXPECT_EQ(text.find(pair.access_token), std::string::npos);
    control_call("DELETE", "/history/requests", "");
    EXPECT_TRUE(w.past.requests().empty());
}

TEST_F(Control, MovesTheClock) {
    const token_pair pair = tokens_for("demo");
    EXPECT_EQ(control_call("POST", "/clock", R"({"advance_ms":7200000})").status, 200);
    EXPECT_EQ(get("/v2/user/info/?fields=open_id", pair.access_token).status, 401);
    EXPECT_EQ(control_call("POST", "/clock", R"({"advance_ms":-1})").status, 400);
}

TEST_F(Control, SendsAnyEvent) {
    const answer out = control_call("POST", "/webhooks",
                                    R"({"event":"video.publish.completed","content":{"share_id":"x"}})");
    EXPECT_EQ(out.status, 200);
    ASSERT_EQ(w.out.events.size(), 1U);
    const auto body = boost::json::parse(w.out.events.front().body).as_object();
    EXPECT_EQ(body.at("event").as_string(), "video.publish.completed");
    EXPECT_EQ(body.at("content").as_string(), R"({"share_id":"x"})");
    EXPECT_EQ(body.at("user_openid").as_string(), w.open_id("demo-client-key", "demo"));
}

TEST_F(Control, SaysWhatItDoesNotKnow) {
    EXPECT_EQ(control_call("GET", "/nothing", "").status, 404);
    EXPECT_EQ(control_call("POST", "/settings", R"({"nope":1})").status, 400);
    EXPECT_EQ(control_call("POST", "/accounts", R"({"display_name":"x"})").status, 400);
    EXPECT_EQ(control_call("POST", "/posts/none/state", "{}").status, 404);
    EXPECT_EQ(control_call("POST", "/faults", "[]").status, 400);
}

} // namespace gateway::simulator::testing
