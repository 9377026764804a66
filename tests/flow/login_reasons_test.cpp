// A login that fails is told as what it is: on the page, in the redirect, in the log, in the metrics
// (docs/contract.md §6).
#include "flow/login_test.hpp"
#include "unit/runtime/certificates.hpp"

#include <string>

using testing::HasSubstr;

namespace {

class LoginReasons : public login_test {
protected:
    /// TikTok's token endpoint answers with this, and nothing has happened there.
    void token_answer(int status, const boost::json::object& body) {
        w.tiktok().clear_faults();
        boost::json::object with{{"status", status}, {"body", body}, {"apply", false}};
        w.tiktok().add_fault(
            {{"match", {{"path", "/v2/oauth/token/"}}}, {"times", -1}, {"do", std::move(with)}});
    }
    /// The page, the redirect, the line and the counters of a login that fails for `reason`.
    void expect_told(const std::string& reason, const std::string& sentence, const std::string& in_log,
                     const std::string& choice = "simulate=allow") {
        const auto before = count_of(reason);
        const auto page = land(callback_of("u", {}, choice));
        expect_refused_page(page);
        EXPECT_THAT(page.body, HasSubstr(sentence));
        const boost::json::object back{{"return_url", "https://app.example.com/tiktok/done"}};
        const auto onward = land(callback_of("u2", back, choice)).header("location");
        EXPECT_EQ(onward, "https://app.example.com/tiktok/done?user_id=u2&result=refused&reason=" + reason);
        EXPECT_TRUE(w.gateway().process().says(R"("level":"warn","event":"login_failed","reason":")" + reason
                                               + R"(","user":"u2","caller":"flow")" + in_log));
        EXPECT_EQ(count_of(reason), before + 2);
    }
    int count_of(const std::string& reason) {
        const auto text = metrics();
        const std::string name = "tiktok_gateway_logins_total{result=\"" + reason + "\"} ";
        const auto at = text.find(name);
        EXPECT_NE(at, std::string::npos) << reason;
        return at == std::string::npos ? -1 : std::stoi(text.substr(at + name.size()));
    }
    std::string metrics() { return w.admin().get("/metrics").body; }
};

TEST_F(LoginReasons, DeathJWhatTikTokAnsweredIsToldAsWhatItIs) {
    allow_return_urls();
    token_answer(400, {{"error", "invalid_grant"}, {"error_description", "spent"}, {"log_id", "20260101A"}});
    expect_told("code_refused", "TikTok did not accept the code",
                R"(,"tiktok_code":"invalid_grant","log_id":"20260101A")");
    token_answer(401, {{"error", "invalid_client"}, {"error_description", "wrong"}, {"log_id", "20260101B"}});
    expect_told("app_refused", "TikTok does not accept this service&#39;s app",
                R"(,"tiktok_code":"invalid_client","log_id":"20260101B")");
    token_answer(503, {{"error", "server_error"}, {"log_id", "20260101C"}});
    expect_told("tiktok_unreachable", "TikTok could not do it at the moment",
                R"(,"tiktok_code":"server_error","log_id":"20260101C","cause":)");
    token_answer(400, {{"error", "invalid_request"}, {"log_id", "20260101D"}});
    expect_told("unavailable", "This service could not finish the login",
                R"(,"tiktok_code":"invalid_request","log_id":"20260101D")");
    w.tiktok().clear_faults();
    expect_told("declined", "You did not allow the connection", R"(,"tiktok_code":"access_denied")",
                "simulate=refuse");
    for (const char* code : {"invalid_grant", "invalid_client", "server_error", "invalid_request"})
        EXPECT_THAT(metrics(), HasSubstr("tiktok_gateway_upstream_requests_total{endpoint=\"token\",code=\""
                                         + std::string(code) + "\"} 2\n"));
}

TEST_F(LoginReasons, DeathJAnAnswerThatWasLostIsNoRefusedCode) {
    allow_return_urls();
    w.tiktok().add_fault(
        {{"match", {{"path", "/v2/oauth/token/"}}}, {"times", -1}, {"do", {{"reset_before_answer", true}}}});
    expect_told("tiktok_unreachable", "TikTok&#39;s answer to this login was lost", R"(,"cause":)");
}

TEST_F(LoginReasons, DeathJWhereNobodyListensTheWayToTikTokIsNamed) {
    allow_return_urls();
    w.options.variables["TIKTOK_GATEWAY__TIKTOK__API_URL"] = "https://127.0.0.1:1";
    expect_told("tiktok_unreachable", "TikTok could not do it at the moment", R"(,"cause":)");
    EXPECT_THAT(
        metrics(),
        HasSubstr("tiktok_gateway_upstream_requests_total{endpoint=\"token\",code=\"unreachable\"} 2\n"));
}

TEST_F(LoginReasons, DeathJACertificateThatIsNotBelievedIsNamed) {
    allow_return_urls();
    const gateway::testing::certificate_authority other;
    w.options.variables["TIKTOK_GATEWAY__TIKTOK__CA_FILE"] = w.folder().write("other-ca.pem", other.pem());
    expect_told("tiktok_unreachable", "TikTok could not do it at the moment", R"(,"cause":)");
    EXPECT_THAT(metrics(),
                HasSubstr("tiktok_gateway_upstream_requests_total{endpoint=\"token\",code=\"tls\"} 2\n"));
}

TEST_F(LoginReasons, DeathJEveryCallToTikTokIsCountedWithItsTime) {
    EXPECT_EQ(land(callback_of("u")).status, 200);
    ASSERT_EQ(upload("u", mp4(200'000)).status, 200);
    w.tiktok().control().post("/tokens/expire", {{"account", "alice"}, {"kind", "access"}});
    ASSERT_EQ(w.api().get(path_of("u", "/info")).status, 200);
    ASSERT_EQ(w.api().del("/v1/users/u").status, 200);
    const auto text = metrics();
    for (const char* endpoint : {"token", "revoke", "upload", "inbox_init", "user_info"}) {
        const std::string label = "{endpoint=\"" + std::string(endpoint) + "\"";
        EXPECT_THAT(text, HasSubstr("tiktok_gateway_upstream_requests_total" + label + ",code=\"ok\"}"));
        EXPECT_THAT(text, HasSubstr("tiktok_gateway_upstream_duration_seconds_count" + label + "}"));
    }
    EXPECT_THAT(text, HasSubstr("tiktok_gateway_upstream_requests_total{endpoint=\"token\",code=\"ok\"} 2\n"))
        << "the exchange and the refresh";
}

} // namespace
