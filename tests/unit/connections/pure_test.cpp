// The parts of a login and an import that need no I/O.
#include "base/digest.hpp"
#include "base/json/strict.hpp"
#include "base/url_rules.hpp"
#include "connections/authorize_url.hpp"
#include "connections/callback_page.hpp"
#include "connections/connection_service.hpp"
#include "connections/deadlines.hpp"
#include "connections/import_body.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gateway::connections {
namespace {

TEST(Deadlines, AuditENobodyTriesARevocationWhoseRefreshMayStillRun) {
    const auto now = steady_now();
    for (const int seconds : {1, 6, 7, 10, 20, 40, 60, 120}) {
        const auto until = deadline::in(now, milliseconds{seconds * 1'000});
        const auto for_tiktok = part_for_tiktok(until, now);
        const auto reserved = time_of_own_try(until, for_tiktok, false, now);
        EXPECT_GE(reserved, until.left(now) + store_time) << seconds;
        const auto begins_until = for_tiktok.left(now) - time_to_refresh;
        if (begins_until > milliseconds{0}) {
            EXPECT_GE(reserved, begins_until + refresh_max) << seconds;
        } else {
            EXPECT_LT(reserved, refresh_max) << "with no time for a refresh, the next try comes soon";
        }
        EXPECT_GE(time_of_own_try(until, for_tiktok, true, now), refresh_max) << seconds;
    }
}

TEST(ReturnUrl, LiesUnderAPrefixOnlyPieceByPiece) {
    const std::string prefix = "https://shop.example/app";
    for (const char* good :
         {"https://shop.example/app", "https://shop.example/app/", "https://shop.example/app/done?x=1",
          "https://SHOP.example/app/done", "HTTPS://shop.example:443/app/x"})
        EXPECT_TRUE(is_url_under(good, prefix)) << good;
    for (const char* bad : {"https://shop.example/apple",
                            "https://shop.example/",
                            "https://shop.example",
                            "http://shop.example/app",
                            "https://shop.example:8443/app",
                            "https://shop.example.evil.example/app",
                            "https://evil.example/app",
                            "https://shop.example@evil.example/app",
                            "https://user@shop.example/app",
                            "https://shop.example./app",
                            "https://shop.example/app/../admin",
                            "https://shop.example/app/%2e%2e/admin",
                            "https://shop.example/app%2f..%2fadmin",
                            "https://shop.example/app/..\\admin",
                            "https://shop.example/app/x#f",
                            "https://shop.example/app/\r\nX: y",
                            "https://shop.example/app/ x",
                            "javascript:alert(1)",
                            "//shop.example/app",
                            "/app",
                            "",
                            "https:///app",
                            "https://shop.example/APP"})
        EXPECT_FALSE(is_url_under(bad, prefix)) << bad;
    EXPECT_TRUE(is_url_under("http://127.0.0.1:8080/done", "http://127.0.0.1:8080"));
    EXPECT_FALSE(is_url_under("http://127.0.0.1:8081/done", "http://127.0.0.1:8080"));
    EXPECT_TRUE(is_url_under("https://shop.example/app/x", "https://shop.example/app/"));
    EXPECT_FALSE(is_url_under("https://shop.example/app", "https://shop.example/app/"));
    EXPECT_FALSE(is_url_under_any("https://shop.example/app", {}));
}

TEST(ReturnUrl, FaultCTheQueryIsNobodysBusinessAndStaysAsItCame) {
    const std::string prefix = "https://shop.example/app";
    for (const char* query : {"next=%2Fapp", "next=%2fapp%2F..%2f", "a=%2e%2E", "a=%5c", "a=/../", "a=..",
                              "ids[]=1", "a=1|2", "a={b}", "a=50%", "a=%zz", "a=\"<>^`",
                              "a=https://evil.example/?b", "@evil.example", "?", "", "a=%00"}) {
        for (const char* before : {"https://shop.example/app/done?", "https://shop.example/app?"}) {
            const auto url = before + std::string(query);
            EXPECT_TRUE(is_url_under(url, prefix)) << url;
            EXPECT_TRUE(with_result(url, "ann", "connected").starts_with(url)) << url;
        }
        EXPECT_FALSE(is_url_under("https://evil.example/app?" + std::string(query), prefix)) << query;
        EXPECT_FALSE(
            is_url_under("https://evil.example?/https://shop.example/app" + std::string(query), prefix))
            << query;
        EXPECT_FALSE(is_url_under("https://shop.example?/app" + std::string(query), prefix)) << query;
    }
    for (const char* url :
         {"https://shop.example/app?a=b#c", "https://shop.example/app?a b", "https://shop.example/app?a\\b",
          "https://shop.example/app?a\tb", "https://shop.example/app?\xc3\xa4"})
        EXPECT_FALSE(is_url_under(url, prefix)) << url;
}

TEST(ReturnUrl, FaultCEscapesInAPathMatterWherePrefixesAreCompared) {
    const std::string prefix = "https://shop.example/app";
    for (const char* good :
         {"https://shop.example/app/a%20b", "https://shop.example/app/v1%2e2",
          "https://shop.example/app/a..b", "https://shop.example/app//x", "https://shop.example/app/@x:y"})
        EXPECT_TRUE(is_url_under(good, prefix)) << good;
    for (const char* bad :
         {"https://shop.example/app/a%2Fb", "https://shop.example/app/a%5cb", "https://shop.example/app/%2e",
          "https://shop.example/app/a%00", "https://shop.example/app/%", "https://shop.example/app/[x]",
          "https://shop.example/%61pp", "https://shop%2eexample/app", "https://shop.example%2fapp"})
        EXPECT_FALSE(is_url_under(bad, prefix)) << bad;
}

TEST(ReturnUrl, AuditHHasNoneOfTheNamesThatAreAddedToItsQuery) {
    const std::string page = "https://shop.example/app";
    for (const char* query : {"?user_id=ann", "?a=b&result=connected", "?reason", "?confirmation=",
                              "?&&reason=x", "?user%5Fid=ann", "?%72esult=x", "?a=%zz&result=x"})
        EXPECT_TRUE(has_result(page + query)) << query;
    for (const char* query : {"", "?", "?a=result", "?results=1", "?my_result=1", "?a=b&c=d", "?User_Id=x",
                              "?result%zz=1", "/result?a=user_id", "?=result"})
        EXPECT_FALSE(has_result(page + query)) << query;
}

TEST(ReturnUrl, CarriesUserAndResultInItsQuery) {
    EXPECT_EQ(with_result("https://a.example/x", "ann:1", "connected"),
              "https://a.example/x?user_id=ann%3A1&result=connected");
    EXPECT_EQ(with_result("https://a.example/x?y=1", "ann", "refused"),
              "https://a.example/x?y=1&user_id=ann&result=refused");
    EXPECT_EQ(with_result("https://a.example/x", "ann", "refused", "another_account"),
              "https://a.example/x?user_id=ann&result=refused&reason=another_account");
    EXPECT_EQ(with_result("https://a.example/x", "auth0|rye+t=", "connected"),
              "https://a.example/x?user_id=auth0%7Crye%2Bt%3D&result=connected");
}

TEST(Pkce, SpellsTheChallengeAsTikTokOrAsTheRfcDoes) {
    const std::string verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"; // docs/tiktok-wire.md §1.1
    EXPECT_EQ(challenge_of(verifier, "hex"),
              "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3");
    EXPECT_EQ(challenge_of(verifier, "base64url"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    EXPECT_EQ(challenge_of(verifier, "off"), "");
    const auto fresh = new_verifier();
    EXPECT_GE(fresh.size(), 43U);
    EXPECT_LE(fresh.size(), 128U);
    EXPECT_FALSE(fresh.equals(new_verifier().reveal()));
}

TEST(AuthorizeUrl, CarriesEveryParameterEncoded) {
    const std::vector<std::string> scopes{"user.info.basic", "video.list"};
    authorize_request request{"https://www.tiktok.com/v2/auth/authorize/",
                              "key",
                              "https://gw.example/oauth/callback",
                              "st-1",
                              "c0ffee",
                              scopes,
                              true};
    EXPECT_EQ(authorize_url(request),
              "https://www.tiktok.com/v2/auth/authorize/?client_key=key&response_type=code&"
              "scope=user.info.basic%2Cvideo.list&redirect_uri=https%3A%2F%2Fgw.example%2Foauth%2Fcallback&"
              "state=st-1&"
              "disable_auto_auth=1&code_challenge=c0ffee&code_challenge_method=S256");
    request.challenge = {};
    request.disable_auto_auth = false;
    const auto plain = authorize_url(request);
    EXPECT_EQ(plain.find("code_challenge"), std::string::npos);
    EXPECT_EQ(plain.find("disable_auto_auth"), std::string::npos);
}

TEST(ImportBody, TakesTikToksFlatAnswer) {
    const auto tokens = read_import(
        R"({"access_token":"act.1","expires_in":7200,"refresh_token":"rft.1","refresh_expires_in":15552000,)"
        R"("open_id":"o-1","scope":"user.info.basic","token_type":"Bearer","something":{"new":1}})");
    ASSERT_TRUE(tokens);
    EXPECT_EQ(tokens->access_token.reveal(), "act.1");
    EXPECT_EQ(tokens->refresh_lifetime, seconds{15'552'000});
    EXPECT_EQ(tokens->account.text(), "o-1");
}

std::string import_with(const std::string& members, const std::string& scope = "user.info.basic") {
    return R"({"access_token":"act.1","refresh_token":"rft.1","refresh_expires_in":100,"open_id":"o-1","scope":")"
           + scope + "\"" + members + "}";
}

TEST(ImportBody, FaultIAnAccessTokenWithoutATimeToComeHasEnded) {
    for (const char* members : {"", R"(,"expires_in":0)", R"(,"expires_in":-1)", R"(,"expires_in":-86400)",
                                R"(,"expires_in":null)", R"(,"expires_in":-9223372036854775808)"}) {
        const auto tokens = read_import(import_with(members));
        ASSERT_TRUE(tokens) << members;
        EXPECT_EQ(tokens->access_lifetime, seconds{0}) << members;
    }
    EXPECT_EQ(read_import(import_with(R"(,"expires_in":1)"))->access_lifetime, seconds{1});
    EXPECT_EQ(read_import(import_with(R"(,"expires_in":18446744073709551615)"))->access_lifetime,
              seconds{10LL * 365 * 24 * 3600});
    for (const char* members : {R"(,"expires_in":"7200")", R"(,"expires_in":"")", R"(,"expires_in":7200.0)",
                                R"(,"expires_in":true)"}) {
        const auto refused = read_import(import_with(members));
        ASSERT_FALSE(refused) << members;
        EXPECT_EQ(refused.error().details()->fields.front().field, "expires_in");
    }
}

TEST(ImportBody, FaultIATokenTypeIsTakenInAnyCase) {
    for (const char* members : {"", R"(,"token_type":"Bearer")", R"(,"token_type":"bearer")",
                                R"(,"token_type":"BEARER")", R"(,"token_type":null)"})
        EXPECT_TRUE(read_import(import_with(members))) << members;
    for (const char* members : {R"(,"token_type":"Basic")", R"(,"token_type":"")",
                                R"(,"token_type":"bearer ")", R"(,"token_type":1)"})
        EXPECT_FALSE(read_import(import_with(members))) << members;
}

TEST(ImportBody, FaultIScopesStandBetweenCommasOrBlanksOrBoth) {
    for (const char* scope : {"a,b.c,d", "a, b.c, d", "a b.c d", " a  b.c ,d, ", "a ,b.c , d", ",a,,b.c,d,"})
        EXPECT_EQ(read_import(import_with("", scope))->scopes, "a,b.c,d") << scope;
    for (const char* none : {"", " ", ", ,"})
        EXPECT_EQ(read_import(import_with("", none))->scopes, "") << none;
    for (const std::string& bad :
         {std::string("a\\tb"), std::string("a\\nb"), std::string("\xc3\xa4"), std::string(1025, 'a')})
        EXPECT_FALSE(read_import(import_with("", bad))) << bad.substr(0, 9);
}

TEST(ImportBody, FaultDNullIsAbsent) {
    const std::string whole = import_with(R"(,"expires_in":7200)");
    for (const char* name : {"access_token", "refresh_token", "refresh_expires_in", "open_id", "scope"}) {
        auto body = parse_json(whole).value().as_object();
        body[name] = nullptr;
        const auto with_null = read_import(boost::json::serialize(body));
        body.erase(name);
        const auto without = read_import(boost::json::serialize(body));
        ASSERT_FALSE(with_null) << name;
        ASSERT_FALSE(without) << name;
        EXPECT_EQ(with_null.error().details()->fields.front().field, name);
        EXPECT_EQ(with_null.error().details()->fields.front().reason,
                  without.error().details()->fields.front().reason);
    }
}

TEST(ImportBody, NamesEveryFaultyFieldAtOnceAndRepeatsNoValue) {
    const auto refused = read_import(
        R"({"access_token":"planted secret","expires_in":"7200","refresh_token":"","refresh_expires_in":-1,)"
        R"("open_id":5,"token_type":"Basic"})");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::invalid_input);
    std::vector<std::string> names;
    for (const auto& fault : refused.error().details()->fields) {
        names.push_back(fault.field);
        EXPECT_EQ(fault.reason.find("planted"), std::string::npos);
    }
    const std::vector<std::string> expected{"access_token",       "expires_in", "refresh_token",
                                            "refresh_expires_in", "open_id",    "scope",
                                            "token_type"};
    EXPECT_EQ(names, expected);
    EXPECT_EQ(read_import("[]").error().code(), errc::malformed_json);
    EXPECT_EQ(read_import("").error().code(), errc::malformed_json);
    EXPECT_EQ(read_import(R"({"open_id":"a","open_id":"b"})").error().code(), errc::malformed_json);
}

TEST(CallbackPage, SaysWhatWasAllowedAndBringsNothingFromOutside) {
    const auto page =
        connected_page({"user.info.basic", "video.publish", "x<y"}, {"user.info.basic", "a\"b"});
    EXPECT_NE(page.find("see your name and avatar"), std::string::npos);
    EXPECT_NE(page.find("did not allow"), std::string::npos);
    EXPECT_NE(page.find("post for you"), std::string::npos);
    EXPECT_NE(page.find("x&lt;y"), std::string::npos);
    EXPECT_NE(page.find("a&quot;b"), std::string::npos);
    for (const char* never : {"<script", "http:", "https:", "src=", "href=", "@import", "url("})
        EXPECT_EQ(page.find(never), std::string::npos) << never;
    EXPECT_NE(refused_page("It's <over>.", "Go.").find("It&#39;s &lt;over&gt;."), std::string::npos);
}

TEST(ConnectionView, IsWrittenWithTimesOfRfc3339AndNulls) {
    store::connection_summary view;
    view.user = user_id::trusted("ann");
    view.account = open_id::trusted("o\"1");
    view.scopes = "a,b";
    view.access_expires_at = view.refresh_expires_at = view.connected_at = view.updated_at = from_unix_ms(0);
    EXPECT_EQ(to_json(view),
              R"({"user_id":"ann","open_id":"o\"1","scopes":["a","b"],"state":"connected","cause":null,)"
              R"("access_expires_at":"1970-01-01T00:00:00Z","refresh_expires_at":"1970-01-01T00:00:00Z",)"
              R"("connected_at":"1970-01-01T00:00:00Z","updated_at":"1970-01-01T00:00:00Z"})");
    store::page_of<store::connection_summary> none;
    EXPECT_EQ(to_json(none), R"({"users":[],"next_cursor":null})");
    none.next = "ann";
    none.rows = {view, view};
    EXPECT_NE(to_json(none).find(R"(},{"user_id")"), std::string::npos);
    EXPECT_TRUE(to_json(none).ends_with(R"(],"next_cursor":"ann"})"));
}

} // namespace
} // namespace gateway::connections
