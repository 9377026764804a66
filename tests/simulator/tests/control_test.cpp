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

TEST_F(Control, TellsAllSecretsInOnePlaceAlsoDeadOnes) {
    const token_pair old = tokens_for("demo");
    post_form("/v2/oauth/token/",
              "client_key=demo-client-key&client_secret=demo-client-secret"
              "&grant_type=refresh_token&refresh_token="
                  + form_encoded(old.refresh_token));
    authorization_code given;
    given.client_key = "demo-client-key";
    const std::string code = w.tokens.add_code(given).text;
    post draft;
    draft.publish_id = "v_inbox_file~v2.1";
    draft.upload_token = "token-of-an-upload";
    w.posts.add(draft, w.config.timing);
    post_form("/v2/oauth/token/",
              "client_key=demo-client-key&client_secret=demo-client-secret&grant_type=authorization_code"
              "&redirect_uri=x&code_verifier="
                  + std::string(verifier) + "&code=" + form_encoded(code));
    const auto told = json(control_call("GET", "/history/secrets", ""));
    EXPECT_EQ(told.at("access_tokens").as_array().size(), 2U);
    EXPECT_EQ(told.at("refresh_tokens").as_array().size(), 2U);
    ASSERT_EQ(told.at("codes").as_array().size(), 1U);
    EXPECT_EQ(told.at("codes").as_array()[0].as_string(), code);
    ASSERT_EQ(told.at("verifiers").as_array().size(), 1U);
    EXPECT_EQ(told.at("verifiers").as_array()[0].as_string(), verifier);
    ASSERT_EQ(told.at("upload_tokens").as_array().size(), 1U);
    EXPECT_EQ(told.at("upload_tokens").as_array()[0].as_string(), "token-of-an-upload");
    const std::string history = control_call("GET", "/history", "").body;
    EXPECT_EQ(history.find(verifier), std::string::npos);
    EXPECT_EQ(history.find("token-of-an-upload"), std::string::npos);
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

TEST_F(Control, FaultVSendsThePortalsPing) {
    ASSERT_EQ(control_call("POST", "/webhooks", R"({"event":"tiktok.ping"})").status, 200);
    ASSERT_EQ(w.out.events.size(), 1U);
    EXPECT_TRUE(w.out.events.front().blank);
    const auto body = boost::json::parse(w.out.events.front().body).as_object();
    EXPECT_EQ(body.at("event").as_string(), "tiktok.ping");
    EXPECT_EQ(body.at("create_time").as_int64(), unix_ms(w.now())) << "milliseconds";
    EXPECT_EQ(body.at("content").as_string(), R"({"reason":"testing Webhook"})");
    EXPECT_EQ(body.at("user_openid").as_string(), "");
    // Any other event has its time in seconds and no blank, unless the switch says so.
    const char* other = R"({"event":"video.publish.completed"})";
    control_call("POST", "/webhooks", other);
    EXPECT_EQ(boost::json::parse(w.out.events.back().body).as_object().at("create_time").as_int64(),
              unix_ms(w.now()) / 1000);
    EXPECT_FALSE(w.out.events.back().blank);
    w.config.choice.signature_blank = "always";
    control_call("POST", "/webhooks", other);
    EXPECT_TRUE(w.out.events.back().blank);
    w.config.choice.signature_blank = "never";
    control_call("POST", "/webhooks", R"({"event":"tiktok.ping","account":"second","content":{"a":1}})");
    EXPECT_FALSE(w.out.events.back().blank);
    const auto last = boost::json::parse(w.out.events.back().body).as_object();
    EXPECT_EQ(last.at("content").as_string(), R"({"a":1})");
    EXPECT_EQ(last.at("user_openid").as_string(), w.open_id("demo-client-key", "second"));
}

TEST_F(Control, SaysWhatItDoesNotKnow) {
    EXPECT_EQ(control_call("GET", "/nothing", "").status, 404);
    EXPECT_EQ(control_call("POST", "/settings", R"({"nope":1})").status, 400);
    EXPECT_EQ(control_call("POST", "/accounts", R"({"display_name":"x"})").status, 400);
    EXPECT_EQ(control_call("POST", "/posts/none/state", "{}").status, 404);
    EXPECT_EQ(control_call("POST", "/faults", "[]").status, 400);
}

} // namespace gateway::simulator::testing
