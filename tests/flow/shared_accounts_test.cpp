// Several callers and users of one TikTok account: nobody gets or ends what is not theirs (T22, T23).
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <algorithm>
#include <thread>
#include <vector>

using testing::ElementsAre;

namespace {

class SharedAccounts : public action_test {
protected:
    SharedAccounts() {
        w.options.variables["TIKTOK_GATEWAY__CALLERS"] =
            "[{name: one, users: ['one.*'], key_sha256: " + sha256_of(w.caller_key())
            + "}, {name: two, users: ['two.*'], key_sha256: " + sha256_of(second_key) + "}]";
        w.simulator_settings = wide_tiktok;
    }
    harness::http_client second() {
        auto client = w.stranger();
        client.always_send("Authorization", "Bearer " + second_key);
        return client;
    }
    static std::string tokens_path(const std::string& user) { return "/v1/users/" + user + "/tokens"; }

    const std::string second_key = "tgk_" + std::string(43, 'k');
};

TEST_F(SharedAccounts, T23AuditDACallerWhoLiesGetsNothingAndStopsNobodysRevoke) {
    w.connect("one.ann", {{"account", "alice"}});
    const auto account = w.api().get("/v1/users/one.ann").text_at("data.open_id");
    // The other caller has tokens of its own account only.
    auto lie = w.tiktok().make_tokens({{"account", "bob"}});
    lie["open_id"] = account;
    EXPECT_EQ(second().put(tokens_path("two.liar"), lie).code(), "invalid_input");
    auto invented = lie;
    invented["access_token"] = "act.invented-0123456789";
    invented["refresh_token"] = "rft.invented-0123456789";
    EXPECT_EQ(second().put(tokens_path("two.liar"), invented).code(), "invalid_input");
    EXPECT_EQ(second().get("/v1/users/two.liar").code(), "user_not_connected");

    auto own = w.tiktok().make_tokens({{"account", "bob"}});
    ASSERT_EQ(second().put(tokens_path("two.bob"), own).status, 200);
    const auto videos = second().get("/v1/users/two.bob/videos?creator_id=" + account);
    EXPECT_EQ(videos.code(), "creator_not_authorized") << videos.raw;
    const auto gone = w.api().del("/v1/users/one.ann");
    EXPECT_EQ(gone.at("data.revoked_at_tiktok"), true) << gone.raw;
    EXPECT_EQ(w.tiktok().history().at("accounts").at("alice").at("refresh_tokens").as_array().size(), 0U);
    EXPECT_EQ(second().get("/v1/users/two.bob/videos").status, 200);
}

TEST_F(SharedAccounts, AuditEOfTwoUsersDeletedAtTheSameTimeExactlyOneRevokesThirtyTimes) {
    const auto tokens_to_refresh = [this] { // so TikTok gives the pair, and each holds the account
        auto tokens = w.tiktok().make_tokens({});
        tokens["expires_in"] = 0;
        return tokens;
    };
    for (int round = 0; round < 30; ++round) {
        ASSERT_EQ(w.api().put(tokens_path("one.ann"), tokens_to_refresh()).status, 200);
        ASSERT_EQ(second().put(tokens_path("two.bob"), tokens_to_refresh()).status, 200);
        harness::answer ends[2];
        {
            std::jthread first([&] { ends[0] = w.api().del("/v1/users/one.ann"); });
            std::jthread other([&] { ends[1] = second().del("/v1/users/two.bob"); });
        }
        std::vector<std::string> told;
        for (const auto& end : ends)
            told.push_back(end.at("data.revoked_at_tiktok") == boost::json::value(true)
                               ? "revoked"
                               : end.text_at("data.reason"));
        std::sort(told.begin(), told.end());
        EXPECT_THAT(told, ElementsAre("revoked", "used_by_another_user")) << ends[0].raw << ends[1].raw;
        ASSERT_EQ(calls_of("/v2/oauth/revoke/"), static_cast<std::size_t>(round) + 1);
        ASSERT_EQ(w.tiktok().history().at("accounts").at("alice").at("refresh_tokens").as_array().size(), 0U);
    }
}

TEST_F(SharedAccounts, AuditEARevokeThatTikTokCouldNotDoIsDoneLaterAlsoByAnotherProcess) {
    w.connect("one.ann");
    w.tiktok().add_fault({{"match", {{"path", "/v2/oauth/revoke/"}}},
                          {"times", -1},
                          {"do", {{"apply", false}, {"status", 503}}}});
    const auto gone = w.api().del("/v1/users/one.ann", {{"X-Request-Timeout", "1"}});
    EXPECT_EQ(gone.text_at("data.reason"), "tiktok_unreachable") << gone.raw;
    EXPECT_EQ(w.api().get("/v1/users/one.ann").code(), "user_not_connected");
    EXPECT_EQ(w.tiktok().history().at("accounts").at("alice").at("refresh_tokens").as_array().size(), 1U);
    w.stop_gateway(9); // the pair waits in the store
    w.tiktok().clear_faults();
    const auto end = gateway::steady_now() + gateway::seconds{60};
    while (!w.tiktok().history().at("accounts").at("alice").at("refresh_tokens").as_array().empty()
           && gateway::steady_now() < end)
        w.admin().get("/healthz"); // each poll is a round trip
    EXPECT_EQ(w.tiktok().history().at("accounts").at("alice").at("refresh_tokens").as_array().size(), 0U);
}

} // namespace
