// A login belongs to the caller who began it, as the settings are when the browser comes back, and to nobody
// who was given its link (docs/contract.md §6; docs/promises.md T20).
#include "flow/login_test.hpp"
#include "harness/sqlite_file.hpp"

#include <csignal>

using testing::HasSubstr;

namespace {

class LoginCallers : public login_test {
protected:
    // The environment overrides the file and cannot change, so these tests use only the file.
    LoginCallers() {
        w.options.with_caller_key = false;
        w.options.settings = with_shop(usual);
    }

    std::string with_shop(const std::string& more) const {
        return std::string(wide_windows) + "callers:\n  - {name: ops, key_sha256: " + sha256_of(ops_key)
               + "}\n"
               + (more.empty() ? "" : "  - {name: shop, key_sha256: " + sha256_of(shop_key) + more + "}\n");
    }
    /// Returns once the gateway serves by this file.
    void reload(const std::string& settings) {
        w.folder().write("gateway.yaml", settings + "\n");
        const auto before = reloads();
        w.gateway().process().signal(SIGHUP);
        const auto until = gateway::steady_now() + gateway::seconds{10};
        while (reloads() == before && gateway::steady_now() < until) {
        }
        EXPECT_EQ(reloads(), before + 1) << settings;
    }
    harness::http_client as(const std::string& key) {
        auto client = w.stranger();
        client.always_send("Authorization", "Bearer " + key);
        return client;
    }
    std::string begin(const std::string& user, const boost::json::object& wish,
                      const std::string& choice = "simulate=allow") {
        const auto begun = as(shop_key).post(path_of(user, "/connect"), wish);
        EXPECT_EQ(begun.status, 200) << begun.raw;
        const auto url = begun.text_at("data.authorize_url");
        const auto to =
            w.browser().get(url.substr(url.find("/v2/auth/authorize/")) + "&" + choice).header("location");
        return to.substr(to.find("/oauth/callback?"));
    }
    std::string show(const std::string& user) {
        const auto got = as(ops_key).get("/v1/users/" + user);
        return got.status == 200 ? got.text_at("data.state") : got.code();
    }
    std::size_t reloads() {
        const auto text = w.gateway().process().output();
        std::size_t found = 0;
        for (auto at = text.find("settings_reloaded"); at != std::string::npos;
             at = text.find("settings_reloaded", at + 1))
            ++found;
        return found;
    }

    const std::string ops_key = "tgk_ops-key-of-this-test-4711-4711-4711";
    const std::string shop_key = "tgk_shop-key-of-this-test-4711-4711-471";
    const std::string usual = ", return_url_prefixes: ['https://shop.example.com/back']";
    const boost::json::object back{{"return_url", "https://shop.example.com/back/done"}};
};

TEST_F(LoginCallers, AuditBALoginWhoseCallerWasTakenOutOrNarrowedConnectsNobodyAndSendsNobodyOn) {
    const std::vector<std::pair<std::string, std::string>> narrowed{
        {"taken out", ""},
        {"another user", usual + ", users: ['other-*']"},
        {"no logins", usual + ", actions: ['TIKTOK_*']"},
        {"another page", ", return_url_prefixes: ['https://shop.example.com/new']"}};
    for (const auto& [what, settings] : narrowed) {
        SCOPED_TRACE(what);
        const auto callback = begin("u", back);
        reload(with_shop(settings));
        const auto page = land(callback);
        expect_refused_page(page);
        EXPECT_EQ(page.header("location"), "");
        EXPECT_THAT(page.body, HasSubstr("may not finish it any more"));
        EXPECT_EQ(show("u"), "user_not_connected");
        reload(with_shop(usual));
        EXPECT_EQ(land(callback).header("location"), "") << "it stays refused";
    }
    EXPECT_EQ(calls_of("/v2/oauth/token/"), 0U) << "no code was exchanged";
    EXPECT_TRUE(w.gateway().process().says(
        R"("event":"login_failed","reason":"not_allowed","user":"u","caller":"shop")"));
    EXPECT_EQ(land(begin("u", back)).header("location"),
              "https://shop.example.com/back/done?user_id=u&result=connected")
        << "a login of the caller as it is";
}

TEST_F(LoginCallers, AuditAWithConfirmLoginsALinkThatIsHandedOnConnectsNobody) {
    w.options.settings = with_shop(usual + ", confirm_logins: true");
    EXPECT_EQ(as(shop_key)
                  .post(path_of("attacker", "/connect"), boost::json::object{})
                  .text_at("problem.fields.0.field"),
              "return_url");
    auto wish = back;
    wish["confirm"] = false;
    const auto callback = begin("attacker", wish);
    const auto landed = land(callback); // by the victim, who opened the link and allowed it
    EXPECT_THAT(landed.header("location"), HasSubstr("user_id=attacker&result=pending&confirmation="));
    EXPECT_EQ(show("attacker"), "user_not_connected");
    // The shop sees that this browser is not its customer `attacker`, and confirms nothing. The attacker has
    // the link, so also its state, and not TikTok's code.
    const auto state = callback.substr(callback.find("state="));
    for (const std::string& query : {"code=guessed&" + state, state, "error=access_denied&" + state}) {
        const auto got = land("/oauth/callback?" + query);
        expect_refused_page(got);
        EXPECT_EQ(got.raw.find("confirmation="), std::string::npos);
    }
    EXPECT_EQ(valid_tokens_of("alice", "refresh_tokens"), 1U) << "it waits";
    harness::run_sqlite((w.folder().path() / "gateway.db").string(),
                        "UPDATE pending_grants SET expires_at = 1");
    const auto end = gateway::steady_now() + gateway::seconds{30};
    while (valid_tokens_of("alice", "refresh_tokens") > 0 && gateway::steady_now() < end) {
    } // each poll is a round trip
    EXPECT_EQ(valid_tokens_of("alice", "refresh_tokens"), 0U) << "not confirmed in time: revoked";
    EXPECT_EQ(show("attacker"), "user_not_connected");
    EXPECT_TRUE(w.gateway().process().says(R"("reason":"not_confirmed","user":"attacker")"));
}

TEST_F(LoginCallers, AuditAAForgottenGrantEndsNobodyElsesAccess) {
    EXPECT_EQ(land(begin("customer", back)).status, 302);
    auto wish = back;
    wish["confirm"] = true;
    EXPECT_THAT(land(begin("attacker", wish)).header("location"), HasSubstr("result=pending"));
    const auto file = (w.folder().path() / "gateway.db").string();
    harness::run_sqlite(file, "UPDATE pending_grants SET expires_at = 1");
    const auto end = gateway::steady_now() + gateway::seconds{30};
    while (harness::run_sqlite(file, "SELECT confirmation_hash FROM pending_grants") != ""
           && gateway::steady_now() < end) {
    }
    EXPECT_EQ(harness::run_sqlite(file, "SELECT confirmation_hash FROM pending_grants"), "");
    EXPECT_EQ(calls_of("/v2/oauth/revoke/"), 0U) << "it would end the customer's access too";
    EXPECT_EQ(as(shop_key).get(path_of("customer", "/info")).status, 200);
}

} // namespace
