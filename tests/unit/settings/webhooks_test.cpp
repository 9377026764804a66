// Who is told by webhook, and with what it is signed.
#include "settings/loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace gateway::settings {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::string minimum = "tiktok: {client_key: a, client_secret: b}\nvault: {keys_file: k}\n";
const std::string one_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const std::string other_secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

loaded with_caller(const std::string& more, const std::string& sections = {}) {
    return load_text(minimum + sections + "callers:\n  - name: shop\n    key_sha256: " + std::string(64, 'a')
                         + "\n" + more,
                     {}, "g.yaml");
}

std::string faults_of(const loaded& from) {
    std::string out;
    for (const auto& one : from.faults)
        out += text_of(one) + "\n";
    return out;
}

TEST(WebhookSettings, ACallerMayHaveAReceiverAndOneOrTwoSecrets) {
    const auto plain =
        with_caller("    webhook_url: https://shop.example/h?k=1\n    webhook_secret: " + one_secret);
    EXPECT_EQ(faults_of(plain), "");
    ASSERT_EQ(plain.values.callers.size(), 1U);
    EXPECT_EQ(plain.values.callers[0].webhook_url, "https://shop.example/h?k=1");
    ASSERT_EQ(plain.values.callers[0].webhook_secrets.list().size(), 1U);
    EXPECT_EQ(plain.values.callers[0].webhook_secrets.list()[0].size(), 24U);
    const auto two = with_caller("    webhook_url: https://shop.example\n    webhook_secret: [" + other_secret
                                 + ", " + one_secret + "]");
    EXPECT_EQ(faults_of(two), "");
    ASSERT_EQ(two.values.callers[0].webhook_secrets.list().size(), 2U);
    EXPECT_TRUE(two.values.callers[0].webhook_secrets.list()[1].equals(
        plain.values.callers[0].webhook_secrets.list()[0].reveal()))
        << "the newest first";
    EXPECT_FALSE(two.values.callers == plain.values.callers);
    EXPECT_TRUE(plain.values.callers == plain.values.callers);
}

TEST(WebhookSettings, TheSecretMayBeInAFile) {
    const std::string file = std::filesystem::temp_directory_path() / ("whsec-" + std::to_string(::getpid()));
    std::ofstream(file) << other_secret << "\r\n" << one_secret << "\n\n";
    std::filesystem::permissions(file,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::others_read);
    const auto read = with_caller("    webhook_url: https://shop.example\n    webhook_secret_file: " + file);
    EXPECT_EQ(faults_of(read), "");
    EXPECT_EQ(read.values.callers[0].webhook_secrets.list().size(), 2U);
    ASSERT_FALSE(read.remarks.empty());
    EXPECT_THAT(text_of(read.remarks[0]),
                HasSubstr("callers[0].webhook_secret_file: " + file + " may be read"));
    std::filesystem::remove(file);
    EXPECT_THAT(
        faults_of(with_caller("    webhook_url: https://shop.example\n    webhook_secret_file: " + file)),
        HasSubstr("callers[0].webhook_secret_file: names " + file + ", which cannot be read"));
}

TEST(WebhookSettings, G01WhatIsWrongWithAReceiverIsToldByKeyAndShowsNoSecret) {
    const std::string url = "    webhook_url: https://shop.example\n";
    EXPECT_THAT(faults_of(with_caller(url)), HasSubstr("callers[0].webhook_secret: is missing"));
    EXPECT_THAT(faults_of(with_caller(url + "    webhook_secret: " + one_secret
                                      + "\n    webhook_secret_file: /nowhere")),
                HasSubstr("callers[0].webhook_secret: is given twice"));
    for (const std::string& wrong : {std::string("planted"), std::string("whsec_planted"),
                                     "[" + one_secret + ", " + one_secret + ", " + one_secret + "]",
                                     std::string("[]"), std::string("whsec_cGxhbnRlZA==")}) {
        const auto faults = faults_of(with_caller(url + "    webhook_secret: " + wrong));
        EXPECT_THAT(faults, HasSubstr("callers[0].webhook_secret: must be whsec_")) << wrong;
        EXPECT_THAT(faults, testing::Not(HasSubstr("planted")));
        EXPECT_THAT(faults, testing::Not(HasSubstr("is missing")));
    }
}

TEST(WebhookSettings, S03AReceiverIsHttpsOnAPublicNameUnlessItsHostIsAllowed) {
    const auto faults = [](const std::string& url, const std::string& sections = {}) {
        return faults_of(
            with_caller("    webhook_url: '" + url + "'\n    webhook_secret: " + one_secret, sections));
    };
    for (const char* url :
         {"http://shop.example/", "https://shop.example:8443/", "https://localhost/", "https://127.0.0.1/",
          "https://10.0.0.1/", "https://2130706433/", "https://[::1]/", "https://user@shop.example/",
          "https://shop.example/#x", "https://shop.svc.cluster.local:8443/", "shop.example"})
        EXPECT_THAT(faults(url), HasSubstr("callers[0].webhook_url: ")) << url;
    EXPECT_THAT(faults("https://shop.example:8443/?token=planted"), testing::Not(HasSubstr("planted")));
    const std::string allowed = "webhooks: {allowed_hosts: ['*.svc.cluster.local', localhost, 10.0.0.1]}\n";
    for (const char* url :
         {"https://shop.svc.cluster.local:8443/", "https://localhost:9443/h", "https://10.0.0.1/"})
        EXPECT_EQ(faults(url, allowed), "") << url;
    for (const char* url :
         {"https://svc.cluster.local.evil.example:8443/", "http://localhost/", "https://[::1]/"})
        EXPECT_THAT(faults(url, allowed), HasSubstr("webhook_url")) << url;
    for (const char* pattern : {"'*'", "'*.*'", "'localhost:9443'", "''", "'a/b'"})
        EXPECT_THAT(
            faults("https://shop.example", "webhooks: {allowed_hosts: [" + std::string(pattern) + "]}\n"),
            HasSubstr("webhooks.allowed_hosts: "))
            << pattern;
}

TEST(WebhookSettings, EventsAreKeptAtLeastAsLongAsTheyAreTried) {
    const auto got = load_text(minimum + "webhooks: {keep_days: 2, retry_hours: 49}\n", {});
    EXPECT_THAT(faults_of(got),
                HasSubstr("webhooks.keep_days: must not be shorter than webhooks.retry_hours"));
    EXPECT_THAT(load_text(minimum + "webhooks: {keep_days: 2, retry_hours: 48}\n", {}).faults, IsEmpty());
}

} // namespace
} // namespace gateway::settings
