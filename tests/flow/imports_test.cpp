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

TEST_F(Imports, FaultIWhatTikTokCannotRefreshNowIsRefreshedByTheFirstCall) {
    (void)another_user();
    auto tokens = w.tiktok().make_tokens({});
    tokens["expires_in"] = 0;
    w.tiktok().add_fault(
        {{"match", {{"path", token_endpoint}}}, {"times", 1}, {"do", {{"apply", false}, {"status", 503}}}});
    const auto imported = import("away", tokens);
    ASSERT_EQ(imported.status, 200) << imported.raw;
    const auto end = gateway::steady_now() + gateway::seconds{30};
    harness::answer info;
    do
        info = w.api().get("/v1/users/away/info"); // a refusal says when to retry
    while (info.status != 200 && gateway::steady_now() < end);
    EXPECT_EQ(info.status, 200) << info.raw;
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
