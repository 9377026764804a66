// Logins on both engines: a row that is changed in the database between start and callback, and grants that
// wait for their caller's confirmation (docs/contract.md §6; docs/promises.md T20, V05).
#include "flow/both_stores_test.hpp"

#include <set>
#include <string>

using testing::HasSubstr;
using testing::Not;

namespace {

struct store_kind {
    bool on_postgresql;
    const char* pkce;
};

class LoginRows : public either_store_test, public testing::WithParamInterface<store_kind> {
protected:
    void SetUp() override {
        allow_return_urls();
        w.options.variables["TIKTOK_GATEWAY__TIKTOK__PKCE"] = GetParam().pkce;
        if (GetParam().on_postgresql) use_postgresql();
    }
    /// The browser of a login that TikTok has never seen: enough for a row that must not be believed.
    std::string made_up_callback(const std::string& user, const boost::json::object& wish) {
        const auto begun = connect_call(user, wish);
        EXPECT_EQ(begun.status, 200) << begun.raw;
        const auto url = begun.text_at("data.authorize_url");
        const auto from = url.find("state=") + 6;
        return "/oauth/callback?code=made-up&state=" + url.substr(from, url.find('&', from) - from);
    }
    harness::answer confirm(const std::string& user, const std::string& confirmation) {
        return w.api().post(path_of(user, "/connect/confirm"), {{"confirmation", confirmation}});
    }
    static std::string confirmation_in(const harness::answer& landed) {
        EXPECT_EQ(landed.status, 302) << landed.raw;
        const auto to = landed.header("location");
        const std::string before = "&result=pending&confirmation=";
        const auto at = to.find(before);
        EXPECT_NE(at, std::string::npos) << to;
        return at == std::string::npos ? "" : to.substr(at + before.size());
    }
    void expect_unusable(const harness::answer& got) {
        EXPECT_EQ(got.status, 422) << got.raw;
        EXPECT_EQ(got.code(), "invalid_input");
        EXPECT_TRUE(got.text_at("error").starts_with("This confirmation cannot be used, "));
        EXPECT_EQ(got.text_at("problem.fields.0.field"), "confirmation");
        reasons.insert(got.text_at("problem.fields.0.reason"));
        EXPECT_EQ(reasons.size(), 1U) << "all alike";
    }

    const boost::json::object back{{"return_url", "https://app.example.com/tiktok/done"}};
    boost::json::object confirmed() const {
        auto wish = back;
        wish["confirm"] = true;
        return wish;
    }
    std::set<std::string> reasons;
};

class WaitingGrants : public LoginRows {}; // needs TikTok's page, which wants PKCE

TEST_P(LoginRows, AuditCV05ALoginWhoseRowWasChangedOnItsWayIsRefused) {
    EXPECT_EQ(land(made_up_callback("victim", back)).header("location"),
              "https://app.example.com/tiktok/done?user_id=victim&result=refused&reason=code_refused");
    const auto asked = calls_of("/v2/oauth/token/");
    EXPECT_EQ(asked, 1U) << "as it was begun, TikTok is asked";
    for (const char* change :
         {"user_id = 'attacker'", "return_url = 'https://app.example.com/tiktok/attacker'", "return_url = ''",
          "caller = 'other'", "scopes = 'user.info.basic'", "replace_account = 1", "app = 'another-app'",
          "confirm = 1", "expires_at = expires_at + 60000", "sealed_verifier = caller_row.sealed_verifier"}) {
        SCOPED_TRACE(change);
        const bool another_seal = std::string(change).starts_with("sealed_verifier");
        const auto callback = made_up_callback("victim", back);
        if (another_seal) { // a seal that is good for the attacker's own login
            static_cast<void>(made_up_callback("attacker", back));
            sql("UPDATE oauth_states SET sealed_verifier = (SELECT sealed_verifier FROM oauth_states WHERE "
                "user_id = 'attacker' AND progress = 'begun' ORDER BY expires_at DESC LIMIT 1) "
                "WHERE progress = 'begun' AND user_id = 'victim'");
        } else {
            sql("UPDATE oauth_states SET " + std::string(change) + " WHERE progress = 'begun'");
        }
        const auto page = land(callback);
        expect_refused_page(page);
        EXPECT_EQ(page.header("location"), "");
        EXPECT_THAT(page.body, Not(HasSubstr("attacker"))) << "its names are not to be believed";
        expect_refused_page(land(callback));
    }
    EXPECT_EQ(calls_of("/v2/oauth/token/"), asked) << "no code was exchanged";
    for (const char* user : {"victim", "attacker"})
        EXPECT_EQ(w.api().get("/v1/users/" + std::string(user)).code(), "user_not_connected");
    EXPECT_TRUE(w.gateway().process().says(R"("event":"login_failed","reason":"unavailable")"));
}

TEST_P(LoginRows, AuditCV05WhatBecameOfALoginIsShownOnlyAsItWasNoted) {
    const auto callback = made_up_callback("victim", back);
    const auto refused = land(callback).header("location");
    EXPECT_THAT(refused, HasSubstr("user_id=victim&result=refused&reason=code_refused"));
    static_cast<void>(land(made_up_callback("attacker", back)));
    EXPECT_EQ(land(callback).header("location"), refused) << "loaded again";
    const auto asked = calls_of("/v2/oauth/token/");
    for (const char* change : {"return_url = 'https://app.example.com/tiktok/attacker'", "progress = 'begun'",
                               "progress = 'taken'",
                               "progress = 'x', sealed_verifier = (SELECT sealed_verifier FROM oauth_states "
                               "WHERE user_id = 'attacker')"}) {
        SCOPED_TRACE(change);
        sql("UPDATE oauth_states SET " + std::string(change) + " WHERE user_id = 'victim'");
        const auto page = land(callback);
        expect_refused_page(page);
        EXPECT_EQ(page.header("location"), "");
        EXPECT_THAT(page.body, Not(HasSubstr("victim")));
    }
    EXPECT_EQ(calls_of("/v2/oauth/token/"), asked) << "no code was exchanged";
    EXPECT_TRUE(w.gateway().process().says(R"("cause":"record_does_not_open")"));
}

TEST_P(WaitingGrants, AuditAAGrantWaitsUntilItsCallerConfirmsTheBrowser) {
    expect_unusable(confirm("u", "made-up"));
    EXPECT_EQ(connect_call("u", {{"confirm", true}}).text_at("problem.fields.0.field"), "return_url");
    EXPECT_EQ(confirm("u", "").text_at("problem.fields.0.field"), "confirmation");
    const auto callback = callback_of("u", confirmed());
    const auto confirmation = confirmation_in(land(callback));
    EXPECT_GE(confirmation.size(), 192U / 6);
    EXPECT_EQ(w.api().get("/v1/users/u").code(), "user_not_connected");
    EXPECT_EQ(confirmation_in(land(callback)), confirmation) << "an answer that was lost on its way";
    const auto code = callback.find("code=") + 5;
    expect_refused_page(land(callback.substr(0, code) + "x" + callback.substr(code)));

    for (const char* change :
         {"user_id = 'attacker'", "replace_account = 1", "open_id = 'another'", "app = 'another-app'",
          "scopes = 'video.publish'", "created_at = created_at + 1"}) {
        SCOPED_TRACE(change);
        const auto given = confirmation_in(land(callback_of("u", confirmed())));
        sql("UPDATE pending_grants SET " + std::string(change) + " WHERE created_at = (SELECT max(created_at) FROM "
            "pending_grants)");
        expect_unusable(confirm("u", given));
        expect_unusable(confirm("attacker", given));
        sql("DELETE FROM pending_grants WHERE created_at = (SELECT max(created_at) FROM pending_grants)");
    }
    expect_unusable(confirm("attacker", confirmation));
    const auto connected = confirm("u", confirmation);
    EXPECT_EQ(connected.status, 200) << connected.raw;
    EXPECT_EQ(connected.text_at("data.state"), "connected");
    expect_unusable(confirm("u", confirmation));
    EXPECT_EQ(w.api().get("/v1/users/u/info").text_at("data.user.display_name"), "Alice");
    EXPECT_TRUE(w.gateway().process().says(R"("event":"connected","user":"u","caller":"flow")"));
    const auto metrics = w.admin().get("/metrics").body;
    EXPECT_THAT(metrics, HasSubstr("tiktok_gateway_logins_total{result=\"connected\"} 1\n"));
    EXPECT_THAT(metrics, HasSubstr("tiktok_gateway_logins_total{result=\"pending\"} 7\n"));
}

std::string name_of(const testing::TestParamInfo<store_kind>& made) {
    const bool without = std::string(made.param.pkce) == "off";
    return std::string(made.param.on_postgresql ? "Postgresql" : "Sqlite") + (without ? "WithoutPkce" : "");
}

INSTANTIATE_TEST_SUITE_P(Engines, WaitingGrants,
                         testing::Values(store_kind{false, "hex"}, store_kind{true, "hex"}), name_of);
INSTANTIATE_TEST_SUITE_P(Engines, LoginRows,
                         testing::Values(store_kind{false, "hex"}, store_kind{false, "off"},
                                         store_kind{true, "hex"}, store_kind{true, "off"}),
                         name_of);

} // namespace
