#include "configure/load.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace gateway::simulator {

namespace {

class Settings : public ::testing::Test {
protected:
    settings load(const std::string& text) const {
        std::ofstream(path_) << text;
        return load_settings(path_);
    }
    std::string complaint(const std::string& text) const {
        try {
            load(text);
        } catch (const settings_error& problem) {
            return problem.what();
        }
        return "";
    }
    ~Settings() override { std::filesystem::remove(path_); }

private:
    std::string path_ = ::testing::TempDir() + "simulator_settings_" + std::to_string(::getpid())
                        + ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".yaml";
};

} // namespace

TEST_F(Settings, DefaultsAreThoseOfTheManual) {
    const settings all = default_settings();
    EXPECT_EQ(all.timing.expires_in_s, 7'200);
    EXPECT_EQ(all.timing.refresh_expires_in_s, 15'552'000);
    EXPECT_EQ(all.limits.init_per_minute, 6);
    EXPECT_EQ(all.limits.creator_info_per_minute, 20);
    EXPECT_EQ(all.limits.status_per_minute, 30);
    EXPECT_EQ(all.choice.rotation, "strict");
}

TEST_F(Settings, FaultUDefaultsAreTolerantWhereTikTokIsNotKnownToRefuse) {
    const switches choice;
    EXPECT_EQ(choice.state, "optional");
    EXPECT_EQ(choice.verifier_length, "free");
    EXPECT_EQ(choice.basic_scope, "given");
    EXPECT_EQ(choice.web_pkce, "optional");
    EXPECT_EQ(choice.json_type, "free");
    EXPECT_EQ(choice.picture_without_size, "accept");
    const settings strict = load(
        "switches: {state: required, verifier_length: enforced, basic_scope: required, web_pkce: required,\n"
        "  desktop_pkce: hex_on_page, json_type: enforced, picture_without_size: refuse, wrong_length: "
        "'502',\n"
        "  endless_pulls: videos, post_ids_come: late, no_post_ids: absent, refused_data: absent,\n"
        "  signature_blank: always}\n"
        "limits: {audited_users_per_day: 3}\ntiming: {post_ids_late_ms: 5}\n");
    EXPECT_EQ(strict.choice.state, "required");
    EXPECT_EQ(strict.choice.wrong_length, "502");
    EXPECT_EQ(strict.limits.audited_users_per_day, 3);
    EXPECT_EQ(strict.timing.post_ids_late_ms, 5);
    EXPECT_EQ(complaint("switches: {basic_scope: maybe}"),
              "switches.basic_scope: must be one of given, as_asked, required");
}

TEST_F(Settings, AFileChangesWhatItNames) {
    const settings all = load(
        "limits: {init_per_minute: 3}\nswitches: {rotation: grace, repeated_range: accept}\n"
        "accounts: [{username: solo, privacy: private}]\nresolve: {media.example.test: 9443}\n");
    EXPECT_EQ(all.limits.init_per_minute, 3);
    EXPECT_EQ(all.limits.status_per_minute, 30);
    EXPECT_EQ(all.choice.rotation, "grace");
    ASSERT_EQ(all.accounts.size(), 1U);
    EXPECT_EQ(all.accounts.front().display_name, "solo");
    EXPECT_EQ(all.resolve.at("media.example.test"), 9'443);
    EXPECT_EQ(all.apps.front().client_key, "demo-client-key");
}

TEST_F(Settings, NameTheKeyThatIsWrong) {
    EXPECT_EQ(complaint("limts: {}"), "limts: is not a setting of the simulator");
    EXPECT_EQ(complaint("limits: {inits: 3}"), "limits.inits: is not a setting of the simulator");
    EXPECT_EQ(complaint("limits: {init_per_minute: six}"), "limits.init_per_minute: must be a whole number");
    EXPECT_EQ(complaint("switches: {rotation: sometimes}"),
              "switches.rotation: must be one of none, grace, strict, strict_family, lag");
    EXPECT_EQ(complaint("listen: {api_port: 65536}"), "listen.api_port: must be within 0 and 65535");
    EXPECT_NE(complaint("apps: [{client_secret: x}]"), "");
    EXPECT_NE(complaint("a: [b"), "");
}

TEST_F(Settings, ChangeAtRunTimeAllOrNothing) {
    settings all = default_settings();
    change_settings(all,
                    R"({"switches":{"post_ids":"strings"},"timing":{"processing_ms":5},"consent":"allow"})");
    EXPECT_EQ(all.choice.post_ids, "strings");
    EXPECT_EQ(all.timing.processing_ms, 5);
    EXPECT_THROW(change_settings(all, R"({"consent":"refuse","switches":{"nope":"x"}})"), settings_error);
    EXPECT_EQ(all.consent, "allow");
    EXPECT_THROW(change_settings(all, R"({"listen":{"api_port":1}})"), settings_error);
}

TEST_F(Settings, ChangeAnAppByItsKey) {
    settings all = default_settings();
    change_settings(all, R"({"apps":[{"client_key":"demo-client-key","audited":false}]})");
    ASSERT_EQ(all.apps.size(), 1U);
    EXPECT_FALSE(all.apps.front().audited);
    EXPECT_EQ(all.apps.front().client_secret, "demo-client-secret");
}

} // namespace gateway::simulator
