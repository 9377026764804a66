// SIGHUP: callers, limits, certificates and the log level are reloaded, all or none (docs/contract.md §8).
#include "base/digest.hpp"
#include "harness/flow_test.hpp"
#include "unit/runtime/certificates.hpp"
#include "unit/webhooks/webhook_receiver.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

namespace {

using testing::HasSubstr;

class Reload : public harness::flow_test {
protected:
    // The environment overrides the file and cannot change, so these tests use only the file.
    Reload() { w.options.with_caller_key = false; }

    /// As long as a key has to be.
    static std::string long_key(const std::string& name) { return name + std::string(32, '.'); }
    static std::string caller(const std::string& name, const std::string& key, const std::string& more = {}) {
        return "  - {name: " + name + ", key_sha256: " + gateway::to_hex(gateway::sha256(long_key(key)))
               + more + "}\n";
    }
    /// Sends SIGHUP with this file; whether the log has the event `word`.
    bool reloads(const std::string& settings, const std::string& word = "settings_reloaded") {
        w.folder().write("gateway.yaml", settings);
        const auto before = count(word);
        w.gateway().process().signal(SIGHUP);
        const auto until = gateway::steady_now() + gateway::seconds{10};
        while (count(word) == before && gateway::steady_now() < until)
            w.admin().get("/healthz");
        return count(word) > before;
    }
    int with_key(const std::string& key) {
        return w.stranger().get("/v1/users", {{"Authorization", "Bearer " + long_key(key)}}).status;
    }

private:
    std::size_t count(const std::string& word) {
        const auto said = w.gateway().process().output();
        std::size_t found = 0;
        for (auto at = said.find(word); at != std::string::npos; at = said.find(word, at + 1))
            ++found;
        return found;
    }
};

TEST_F(Reload, K08CallersComeAndGoWithoutARestart) {
    w.options.settings = "callers:\n" + caller("one", "key-one");
    EXPECT_EQ(with_key("key-one"), 200);
    EXPECT_EQ(with_key("key-two"), 401);
    ASSERT_TRUE(reloads("callers:\n" + caller("two", "key-two", ", requests_per_minute: 2")));
    EXPECT_EQ(with_key("key-one"), 401);
    EXPECT_EQ(with_key("key-two"), 200);
    EXPECT_EQ(with_key("key-two"), 200);
    EXPECT_EQ(with_key("key-two"), 429);
    ASSERT_TRUE(reloads("callers:\n" + caller("one", "key-one")
                        + caller("two", "key-two", ", requests_per_minute: 3")));
    EXPECT_EQ(with_key("key-two"), 200) << "the new quota, the two that were used still counted";
    EXPECT_EQ(with_key("key-two"), 429);
    EXPECT_THAT(w.admin().get("/metrics").body,
                HasSubstr("tiktok_gateway_settings_reloads_total{result=\"taken\"} 2\n"));
}

TEST_F(Reload, K08ACallerThatGetsAReceiverIsToldFromThenOn) {
    using gateway::testing::webhook_receiver;
    const gateway::testing::certificate_authority authority;
    webhook_receiver shop(authority.issue("localhost"));
    const std::string webhooks = "webhooks: {allowed_hosts: [localhost], ca_file: "
                                 + w.folder().write("receivers.pem", authority.pem()) + "}\n";
    w.options.settings = webhooks + "callers:\n" + caller("one", "key-one");
    auto client = w.stranger();
    client.always_send("Authorization", "Bearer " + long_key("key-one"));
    ASSERT_EQ(client.put("/v1/users/ann/tokens", w.tiktok().make_tokens()).status, 200);
    ASSERT_TRUE(reloads(webhooks + "callers:\n"
                        + caller("one", "key-one",
                                 ", webhook_url: '" + shop.url()
                                     + "', webhook_secret: " + std::string(webhook_receiver::key))));
    ASSERT_EQ(client.put("/v1/users/bob/tokens", w.tiktok().make_tokens()).status, 200);
    const auto is_told = [&shop] {
        const auto all = shop.all();
        return !all.empty() && all.back().in_data("user_id") == "bob" && all.back().is_signed;
    };
    const auto until = gateway::steady_now() + gateway::seconds{20};
    while (!is_told() && gateway::steady_now() < until)
        w.admin().get("/healthz");
    EXPECT_TRUE(is_told());
}

TEST_F(Reload, K08BadSettingsAreToldByKeyAndTheOldOnesStay) {
    w.options.settings = "callers:\n" + caller("one", "key-one");
    EXPECT_EQ(with_key("key-one"), 200);
    const std::string two = "callers:\n" + caller("two", "key-two");
    ASSERT_TRUE(reloads(two + "log: {level: loud}\nlisten: {prot: 1}\n", "reload_refused"));
    EXPECT_THAT(w.gateway().process().output(), HasSubstr("listen.prot: is not a setting"));
    ASSERT_TRUE(reloads(two + "log: {level: loud}\n", "log.level: must be one of"));
    ASSERT_TRUE(reloads("callers: [{name: x}]", "callers[0].key_sha256"));
    ASSERT_TRUE(reloads(two + "callers: [", "reload_refused"));
    ASSERT_TRUE(reloads("", "callers: is empty now")) << "a lost end of the file opens nothing";
    EXPECT_EQ(with_key("key-one"), 200);
    EXPECT_EQ(with_key("key-two"), 401);
    EXPECT_THAT(w.admin().get("/metrics").body,
                HasSubstr("tiktok_gateway_settings_reloads_total{result=\"refused\"} 5\n"));
}

TEST_F(Reload, TikToksLimitsAndTheLogLevelAreTaken) {
    w.connect("ann");
    EXPECT_EQ(w.api().get("/v1/users/ann/info").status, 200);
    ASSERT_TRUE(reloads("limits: {tiktok: {user_info_per_minute: 1}}\n"));
    EXPECT_EQ(w.api().get("/v1/users/ann/info").code(), "rate_limited");
    ASSERT_TRUE(reloads("log: {level: debug}\nlimits: {tiktok: {direct_posts_per_day: 3}}\n"));
    EXPECT_EQ(w.api().get("/v1/users/ann/info").status, 200);
    EXPECT_EQ(w.api().get("/v1/users/ann/creator").at("data.gateway.direct_posts_left_today"), 3);
    w.folder().write("gateway.yaml", "log: {level: error}\n");
    w.gateway().process().signal(SIGHUP);
    const std::string taken = "tiktok_gateway_settings_reloads_total{result=\"taken\"} 3\n";
    const auto until = gateway::steady_now() + gateway::seconds{10};
    while (w.admin().get("/metrics").body.find(taken) == std::string::npos && gateway::steady_now() < until) {
    }
    EXPECT_EQ(w.api().get("/v1/users/ann/info", {{"X-Request-Id", "told-at-info-only"}}).status, 200);
    EXPECT_EQ(w.gateway().stop(), 0); // so that every log line is written
    EXPECT_THAT(w.gateway().process().output_at_end(), testing::Not(HasSubstr("told-at-info-only")));
}

TEST_F(Reload, WhatOnlyAStartTakesIsNamed) {
    EXPECT_EQ(w.admin().get("/healthz").status, 200);
    ASSERT_TRUE(reloads("listen: {idle_timeout_ms: 1000}\ndrain: {deadline_ms: 29000}\n", "needs_restart"));
    EXPECT_THAT(w.gateway().process().output(),
                HasSubstr("\"keys\":\"listen.idle_timeout_ms, drain.deadline_ms\""));
}

TEST_F(Reload, K08ANewCertificateServesNewHandshakesAndOneWithoutItsKeyIsRefused) {
    const gateway::testing::certificate_authority old_authority, new_authority;
    const auto first = old_authority.issue("localhost"), second = new_authority.issue("localhost");
    const auto chain = w.folder().write("server.pem", first.certificate_pem);
    const auto key = w.folder().write("server.key", first.key_pem);
    const std::string tls =
        "listen: {tls: {certificate_file: " + chain + ", private_key_file: " + key + "}}\n";
    w.options.settings = tls;
    const auto status_under = [&](const gateway::testing::certificate_authority& authority) {
        auto client = w.stranger();
        client.over_tls(w.folder().write("authority.pem", authority.pem()), "localhost");
        try {
            return client.get("/v1/users").status;
        } catch (const std::exception&) {
            return 0; // no handshake
        }
    };
    EXPECT_EQ(status_under(old_authority), 200);
    w.folder().write("server.key", second.key_pem);
    ASSERT_TRUE(reloads(tls, "not a PEM private key of this certificate"));
    EXPECT_EQ(status_under(old_authority), 200);
    w.folder().write("server.pem", second.certificate_pem);
    ASSERT_TRUE(reloads(tls));
    EXPECT_EQ(status_under(new_authority), 200);
    EXPECT_EQ(status_under(old_authority), 0);
    EXPECT_THAT(w.admin().get("/metrics").body,
                HasSubstr("tiktok_gateway_certificate_expires_timestamp_seconds"));
}

TEST_F(Reload, AuditYStartAndReloadTellOfACertificateThatIsNotValidNowAndAnEncryptedKeyIsRefusedByKey) {
    const gateway::testing::certificate_authority authority;
    const auto settings_with = [&](const gateway::testing::certificate_options& options) {
        const auto issued = authority.issue("localhost", options);
        return "listen: {tls: {certificate_file: " + w.folder().write("server.pem", issued.certificate_pem)
               + ", private_key_file: " + w.folder().write("server.key", issued.key_pem) + "}}\n";
    };
    gateway::testing::certificate_options options;
    options.ends_in_s = -3'600;
    w.options.settings = settings_with(options);
    EXPECT_TRUE(w.gateway().process().says("server.pem expired at 20"));
    EXPECT_THAT(w.gateway().process().output(), HasSubstr("\"key\":\"listen.tls.certificate_file\""));
    options.begins_in_s = 3'600;
    options.ends_in_s = 7'200;
    ASSERT_TRUE(reloads(settings_with(options), "server.pem is not valid before 20"));
    options = {};
    options.pass_phrase = "a pass phrase";
    ASSERT_TRUE(reloads(settings_with(options), "reload_refused"));
    EXPECT_TRUE(w.gateway().process().says("server.key: is encrypted"));
    EXPECT_THAT(w.gateway().process().output(), HasSubstr("listen.tls.private_key_file"));
}

TEST_F(Reload, V07ANewVaultKeySealsAtOnceAndWhatTheOldOneSealedMovesOver) {
    const auto key_line = [this](const std::string& id) {
        const auto key = gateway::to_base64(gateway::random_bytes(32));
        w.plant(key);
        return id + ":" + key + "\n";
    };
    const auto ring = [this](const std::string& text) {
        std::ofstream(w.folder().path() / "vault.keys") << text;
    };
    const auto first = key_line("flow-key-1"), second = key_line("flow-key-2");
    harness::keys_file_in(w.folder());
    ring(first);
    w.connect("ann");
    ring(key_line("flow-key-3") + first); // as with several replicas: all have it before it seals
    ASSERT_TRUE(reloads(""));
    EXPECT_TRUE(w.gateway().process().says(R"("event":"vault_key_new","key":"flow-key-3")"));
    EXPECT_THAT(w.gateway().process().output(), testing::Not(HasSubstr("vault_key_unused")));
    ring(second);
    ASSERT_TRUE(reloads("", "under the key flow-key-1, which the key ring lacks"));
    EXPECT_EQ(w.api().get("/v1/users/ann/info").status, 200);
    ring(first + second);
    ASSERT_TRUE(reloads(""));
    EXPECT_TRUE(w.gateway().process().says(R"("event":"vault_key_unused","key":"flow-key-1")"));
    w.connect("ben");
    ring(second);
    ASSERT_TRUE(reloads(""));
    EXPECT_EQ(w.stop_gateway(), 0);
    EXPECT_EQ(w.api().get("/v1/users/ann/info").status, 200);
    EXPECT_EQ(w.api().get("/v1/users/ben/info").status, 200);
}

} // namespace
