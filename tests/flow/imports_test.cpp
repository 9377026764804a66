// PUT …/tokens: with TikTok's own answer, and with tokens from another store (docs/contract.md §3).
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>

#include <optional>

namespace {

using boost::json::object;

constexpr const char* token_endpoint = "/v2/oauth/token/";

class Imports : public action_test {
protected:
    harness::answer import(const std::string& user, const object& tokens) {
        return w.api().put("/v1/users/" + user + "/tokens", tokens);
    }
};

TEST_F(Imports, FaultIAnAccessTokenThatHasEndedIsRefreshedDuringTheImport) {
    (void)another_user();
    const std::optional<boost::json::value> ends[] = {boost::json::value(0), boost::json::value(-86'400),
                                                      boost::json::value(nullptr), std::nullopt};
    int number = 0;
    for (const auto& end : ends) {
        const std::string user = "old-" + std::to_string(++number);
        SCOPED_TRACE(end ? testing::PrintToString(number) : "absent");
        auto tokens = w.tiktok().make_tokens({});
        w.tiktok().control().post("/tokens/expire", {{"account", "alice"}});
        if (end)
            tokens["expires_in"] = *end;
        else
            tokens.erase("expires_in");
        const auto before = calls_of(token_endpoint);
        const auto imported = import(user, tokens);
        ASSERT_EQ(imported.status, 200) << imported.raw;
        EXPECT_EQ(imported.text_at("data.state"), "connected") << imported.raw;
        EXPECT_EQ(calls_of(token_endpoint), before + 1);
        EXPECT_GT(imported.text_at("data.access_expires_at"), gateway::rfc3339(gateway::wall_now()))
            << imported.raw;
        const auto info = w.api().get("/v1/users/" + user + "/info");
        EXPECT_EQ(info.status, 200) << info.raw;
        EXPECT_EQ(calls_of(token_endpoint), before + 1) << "the pair of the import is used";
    }
}

TEST_F(Imports, FaultIAnAccessTokenThatIsGoodIsLeftAlone) {
    (void)another_user();
    const auto imported = import("new", w.tiktok().make_tokens({}));
    ASSERT_EQ(imported.status, 200) << imported.raw;
    EXPECT_EQ(calls_of(token_endpoint), 0U);
}

TEST_F(Imports, T23AuditDTikTokAwayIsNoProofAndTheImportMayBeRepeated) {
    (void)another_user();
    auto tokens = w.tiktok().make_tokens({});
    w.tiktok().add_fault(
        {{"match", {{"path", "/v2/user/info/"}}}, {"times", 1}, {"do", {{"apply", false}, {"status", 503}}}});
    EXPECT_EQ(import("away", tokens).status, 502);
    tokens["expires_in"] = 0;
    w.tiktok().add_fault(
        {{"match", {{"path", token_endpoint}}}, {"times", 1}, {"do", {{"apply", false}, {"status", 503}}}});
    const auto refused = import("away", tokens);
    EXPECT_EQ(refused.status, 502) << refused.raw;
    EXPECT_EQ(refused.at("problem.retryable"), true) << refused.raw;
    EXPECT_EQ(w.api().get("/v1/users/away").code(), "user_not_connected");
    const auto again = import("away", tokens);
    EXPECT_EQ(again.text_at("data.state"), "connected") << again.raw;
    EXPECT_EQ(w.api().get("/v1/users/away/info").status, 200);
}

TEST_F(Imports, T23AuditDDeadTokensAndAWrongOpenIdAreInvalid) {
    w.simulator_settings = wide_tiktok;
    auto dead = w.tiktok().make_tokens({});
    w.tiktok().control().post("/tokens/expire", {{"account", "alice"}, {"kind", "all"}});
    const auto refused = import("u", dead);
    EXPECT_EQ(refused.status, 422) << refused.raw;
    EXPECT_EQ(refused.text_at("problem.fields.0.field"), "refresh_token") << refused.raw;

    for (const int expires_in : {7200, 0}) {
        auto tokens = w.tiktok().make_tokens({});
        const auto account = tokens["open_id"];
        tokens["expires_in"] = expires_in;
        tokens["open_id"] = "723f24d7-e717-40f8-a2b6-cb8464cd23b4";
        const auto before = calls_of(token_endpoint);
        const auto wrong = import("u", tokens);
        EXPECT_EQ(wrong.status, 422) << wrong.raw;
        EXPECT_EQ(wrong.text_at("problem.fields.0.field"), "open_id") << wrong.raw;
        EXPECT_EQ(w.api().get("/v1/users/u").code(), "user_not_connected");
        tokens["open_id"] = account; // with the refresh token that has been used, if it was
        const auto corrected = import("u", tokens);
        EXPECT_EQ(corrected.status, 200) << corrected.raw;
        EXPECT_EQ(calls_of(token_endpoint), before + (expires_in == 0 ? 1 : 0));
        EXPECT_EQ(w.api().get("/v1/users/u/info").status, 200);
        EXPECT_EQ(import("u", tokens).status, 200) << "the answer may have been lost";
        EXPECT_EQ(w.api().get("/v1/users/u/info").status, 200);
        EXPECT_EQ(w.api().del("/v1/users/u").at("data.revoked_at_tiktok"), true);
    }
}

TEST_F(Imports, FaultITokenTypesInAnyCaseAndScopesWithBlanks) {
    (void)another_user();
    int number = 0;
    for (const char* scope : {"user.info.basic,video.list", "user.info.basic, video.list",
                              "user.info.basic video.list", " user.info.basic ,video.list,"}) {
        for (const boost::json::value& type :
             {boost::json::value("bearer"), boost::json::value("BEARER"), boost::json::value(nullptr)}) {
            auto tokens = w.tiktok().make_tokens({{"scopes", {"user.info.basic", "video.list"}}});
            tokens["scope"] = scope;
            tokens["token_type"] = type;
            const auto user = "u" + std::to_string(++number);
            const auto imported = import(user, tokens);
            ASSERT_EQ(imported.status, 200) << imported.raw;
            const boost::json::array granted{"user.info.basic", "video.list"};
            EXPECT_EQ(imported.at("data.scopes"), granted) << scope;
            EXPECT_EQ(w.api().get("/v1/users/" + user + "/videos").status, 200);
            EXPECT_EQ(w.api().get("/v1/users/" + user + "/stats").code(), "missing_scope");
        }
    }
}

TEST_F(Imports, FaultDNullIsMissingWhereTheTokensNeedAValue) {
    (void)another_user();
    for (const char* name : {"access_token", "refresh_token", "refresh_expires_in", "open_id", "scope"}) {
        auto tokens = w.tiktok().make_tokens({});
        tokens[name] = nullptr;
        const auto refused = import("u", tokens);
        EXPECT_EQ(refused.status, 422) << refused.raw;
        EXPECT_EQ(refused.text_at("problem.fields.0.field"), name) << refused.raw;
    }
}

} // namespace
