#include "tiktok/oauth_messages.hpp"

#include <gtest/gtest.h>

namespace gateway::tiktok {
namespace {

std::string body(const std::string& lifetime,
                 const std::string& rest = R"(,"refresh_token":"rft.1","refresh_expires_in":100)") {
    return R"({"access_token":"act.1","open_id":"o-1","scope":"a,b","expires_in":)" + lifetime + rest + "}";
}

template <class Kind>
Kind expect(token_outcome outcome) {
    auto* found = std::get_if<Kind>(&outcome);
    if (found == nullptr) throw std::runtime_error("another outcome: " + std::to_string(outcome.index()));
    return std::move(*found);
}

TEST(OAuthMessages, EncodesACodeAndSendsTheBareFormType) {
    std::string form;
    append_form(form, "code", "a*b!c d&e=é");
    append_form(form, "grant_type", "authorization_code");
    EXPECT_EQ(form, "code=a%2Ab%21c%20d%26e%3D%C3%A9&grant_type=authorization_code");
    const auto request = form_request("open.tiktokapis.com", "/v2/oauth/token/", form);
    const std::string text{request.reveal()};
    EXPECT_TRUE(text.starts_with("POST /v2/oauth/token/ HTTP/1.1\r\nHost: open.tiktokapis.com\r\n"));
    EXPECT_NE(text.find("\r\nContent-Type: application/x-www-form-urlencoded\r\n"), std::string::npos);
    EXPECT_NE(text.find("\r\nContent-Length: " + std::to_string(form.size()) + "\r\n"), std::string::npos);
    EXPECT_TRUE(text.ends_with("\r\n\r\n" + form));
}

TEST(OAuthMessages, G04AFormNeverGrowsAndSoLeavesNoCopyOfASecret) {
    auto form = begin_form("key", "secret", "refresh_token");
    EXPECT_EQ(form, "client_key=key&client_secret=secret&grant_type=refresh_token");
    const auto* const at = form.data();
    append_form(form, "refresh_token", std::string(4'096, '*'));
    append_form(form, "redirect_uri", "https://gw.example/oauth/callback");
    EXPECT_EQ(form.data(), at);
    EXPECT_EQ(begin_form("key", "secret", ""), "client_key=key&client_secret=secret");
}

TEST(OAuthMessages, ReadsAGoodAnswer) {
    const auto answer = expect<token_answer>(read_token_answer(200, body("7200"), ""));
    EXPECT_EQ(answer.access_token.reveal(), "act.1");
    EXPECT_EQ(answer.refresh_token.reveal(), "rft.1");
    EXPECT_EQ(answer.account.text(), "o-1");
    EXPECT_EQ(answer.scopes, "a,b");
    EXPECT_EQ(answer.access_lifetime, seconds{7200});
    EXPECT_EQ(answer.refresh_lifetime, seconds{100});
}

TEST(OAuthMessages, Q03ClampsAndRefusesLifetimesThatAreNone) {
    EXPECT_EQ(expect<token_answer>(read_token_answer(200, body("9223372036854775807"), "")).access_lifetime,
              std::chrono::hours{24 * 3650});
    EXPECT_EQ(expect<token_answer>(read_token_answer(200, body("18446744073709551615"), "")).access_lifetime,
              std::chrono::hours{24 * 3650});
    for (const char* odd : {"0", "-1", "\"7200\"", "7200.5", "null", "true", "[]", "-9223372036854775808"})
        EXPECT_NO_THROW(expect<answer_lost>(read_token_answer(200, body(odd, ""), ""))) << odd;
    EXPECT_EQ(
        expect<token_answer>(
            read_token_answer(200, body("7200", R"(,"refresh_token":"rft.1","refresh_expires_in":"x")"), ""))
            .refresh_lifetime,
        milliseconds{0});
}

TEST(OAuthMessages, T09KeepsTokensWhateverStandsBesideThem) {
    for (const char* good :
         {R"({"access_token":"a","refresh_token":"r","expires_in":1,"open_id":"o","error":"ok"})",
          R"({"access_token":"a","refresh_token":"r","expires_in":1,"open_id":"o","error":"server_error"})",
          R"({"access_token":"a","refresh_token":"r","expires_in":1})"})
        EXPECT_EQ(expect<token_answer>(read_token_answer(200, good, "")).refresh_token.reveal(), "r") << good;
}

TEST(OAuthMessages, T10TakesOnlyWordsOfTikToksKindForScopes) {
    const auto answer = expect<token_answer>(read_token_answer(
        200,
        R"({"access_token":"a","open_id":"o","expires_in":1,"scope":"user.info.basic, evil\n<script>,,video.list"})",
        ""));
    EXPECT_EQ(answer.scopes, "user.info.basic,video.list");
}

TEST(OAuthMessages, T09TakesNoPartialAnswerForAGoodOne) {
    const std::string good = body("7200");
    for (std::size_t i = 0; i < good.size(); ++i)
        EXPECT_NO_THROW(expect<answer_lost>(read_token_answer(200, good.substr(0, i), ""))) << i;
    for (const char* bad :
         {"", "{}", "[]", "null", "<html>", R"({"access_token":"","open_id":"o","expires_in":1})",
          R"({"access_token":5,"open_id":"o","expires_in":1})",
          R"({"access_token":"a","expires_in":1,"open_id":"two words"})",
          R"({"access_token":"a","open_id":"o"})", R"({"access_token":"a b","open_id":"o","expires_in":1})",
          R"({"access_token":"a\r\nX: y","open_id":"o","expires_in":1})",
          R"({"access_token":"a","access_token":"b","open_id":"o","expires_in":1})"})
        EXPECT_NO_THROW(expect<answer_lost>(read_token_answer(200, bad, ""))) << bad;
    const auto kept = expect<token_answer>(read_token_answer(200, body("7200", ""), ""));
    EXPECT_TRUE(kept.refresh_token.empty()) << "a missing refresh token means: keep the old one";
}

TEST(OAuthMessages, T09KeepsANewPairWhoseLifetimeIsUnreadableForAShortTime) {
    for (const char* odd : {"0", "-1", "\"7200\"", "null"}) {
        const auto kept = expect<token_answer>(read_token_answer(200, body(odd), ""));
        EXPECT_EQ(kept.refresh_token.reveal(), "rft.1") << odd;
        EXPECT_EQ(kept.access_lifetime, seconds{60}) << odd;
    }
}

TEST(OAuthMessages, DecidesOnTheBodyWhateverTheStatus) {
    for (const int status : {200, 400, 401, 500}) {
        const std::string refused =
            R"({"error":"invalid_grant","error_description":"Expired.","log_id":"L1"})";
        const auto invalid = expect<grant_invalid>(read_token_answer(status, refused, ""));
        EXPECT_EQ(invalid.words.message, "Expired.");
        EXPECT_EQ(invalid.words.log_id, "L1");
        EXPECT_NO_THROW(expect<token_answer>(read_token_answer(status, body("7200"), "")));
    }
    for (const char* code :
         {"invalid_request", "invalid_scope", "unsupported_grant_type", "access_denied", "something_new"})
        EXPECT_NO_THROW(
            expect<grant_refused>(read_token_answer(200, std::string(R"({"error":")") + code + R"("})", "")))
            << code;
}

TEST(OAuthMessages, T24TellsTheAppsFaultFromTheGrantsWhateverTheStatus) {
    for (const int status : {200, 400, 401, 403, 500}) {
        for (const char* code : {"invalid_client", "unauthorized_client"}) {
            const auto text = std::string(R"({"error":")") + code + R"(","log_id":"L2"})";
            const auto refused = expect<app_refused>(read_token_answer(status, text, ""));
            EXPECT_EQ(refused.words.code, code);
            EXPECT_EQ(refused.words.log_id, "L2");
        }
    }
}

TEST(OAuthMessages, FaultJBelievesThatAGrantIsDeadInOAuthsOwnShapeOnly) {
    for (const int status : {200, 400, 401, 403, 500}) {
        for (const char* page :
             {"", "<html>invalid_grant</html>", "invalid_grant", "{}", "[]", R"("invalid_grant")",
              R"({"error":{"code":"invalid_grant"}})", R"({"error":{"code":"access_token_invalid"}})",
              R"({"error":["invalid_grant"]})", R"({"error":"invalid_token"})",
              R"({"error":"Invalid_Grant"})", R"({"error":"unauthorized"})", R"({"error":"invalid_client"})",
              R"({"code":"invalid_grant"})", R"({"error":"invalid_grant"} and more)",
              R"({"error":"invalid_grant","error":"invalid_grant"})"}) {
            const auto outcome = read_token_answer(status, page, "");
            EXPECT_FALSE(std::holds_alternative<grant_invalid>(outcome)) << status << page;
            EXPECT_FALSE(std::holds_alternative<token_answer>(outcome)) << status << page;
            if (status >= 400) {
                EXPECT_FALSE(std::holds_alternative<answer_lost>(outcome)) << status << page;
            }
        }
    }
}

TEST(OAuthMessages, T15TellsTroubleFromARefusal) {
    EXPECT_NO_THROW(expect<try_later>(read_token_answer(200, R"({"error":"server_error"})", "")));
    EXPECT_NO_THROW(expect<try_later>(read_token_answer(400, R"({"error":"temporarily_unavailable"})", "")));
    EXPECT_NO_THROW(expect<try_later>(read_token_answer(503, "", "")));
    EXPECT_NO_THROW(expect<try_later>(read_token_answer(500, "<html>", "")));
    EXPECT_NO_THROW(expect<try_later>(read_token_answer(403, "<html>", "")));
    EXPECT_NO_THROW(expect<try_later>(read_token_answer(404, "", "")));
    const auto limited = expect<try_later>(read_token_answer(429, R"({"error":"rate_limit"})", "7"));
    EXPECT_EQ(limited.retry_after, milliseconds{7000});
    EXPECT_EQ(limited.why.code(), errc::tiktok_error);
}

TEST(OAuthMessages, AuditEAGrantIsAsOldAsTheEndOfTheSecondOfItsAnswersDate) {
    const auto second = from_unix_ms(784'111'777'000);
    const std::string status = "HTTP/1.1 200 OK\r\nServer: nginx\r\n", date = "Sun, 06 Nov 1994 08:49:37 GMT";
    const auto read = [&](const std::string& fields, wall_time ours) {
        return time_of_grant(status + fields + "\r\n", ours);
    };
    const std::string good = "Date: " + date + "\r\n";
    EXPECT_EQ(read(good, second), second + milliseconds{999});
    EXPECT_EQ(read("dATE:" + date + "\r\nX-Date: x\r\n", second), second + milliseconds{999});
    for (const auto apart : {seconds{600}, seconds{-600}})
        EXPECT_EQ(read(good, second + apart), second + milliseconds{999}) << apart.count();
    for (const auto apart : {seconds{601}, seconds{-601}})
        EXPECT_FALSE(read(good, second + apart)) << "TikTok's clock, or ours, is wrong";
    for (const std::string& bad : {std::string(), good + good, std::string("Date: now\r\n"),
                                   std::string("Date:\r\n"), "Last-Modified: " + date + "\r\n"})
        EXPECT_FALSE(read(bad, second)) << bad;
    EXPECT_FALSE(time_of_grant("", second));
}

TEST(OAuthMessages, G05DeathJEveryAnswerHasALabelOfAClosedSet) {
    const auto label = [](int status, const std::string& text) {
        return std::string(code_label(read_token_answer(status, text, {})));
    };
    EXPECT_EQ(label(200, body("7200")), "ok");
    EXPECT_EQ(label(200, R"({"error":"invalid_grant"})"), "invalid_grant");
    EXPECT_EQ(label(401, R"({"error":"invalid_client"})"), "invalid_client");
    EXPECT_EQ(label(400, R"({"error":"invalid_request"})"), "invalid_request");
    EXPECT_EQ(label(503, R"({"error":"server_error"})"), "server_error");
    EXPECT_EQ(label(429, R"({"error":"slow_down_odd_4711"})"), "http_4xx");
    EXPECT_EQ(label(400, R"({"error":"odd_4711"})"), "http_4xx");
    EXPECT_EQ(label(502, "<html>"), "http_5xx");
    EXPECT_EQ(label(200, "<html>"), "unreadable");
    const token_outcome away = try_later{{errc::tiktok_tls, "not believed"}, {}};
    EXPECT_EQ(code_label(away), "tls");
    const token_outcome nobody = try_later{{errc::tiktok_unreachable, "refused"}, {}};
    EXPECT_EQ(code_label(nobody), "unreachable");
}

} // namespace
} // namespace gateway::tiktok
