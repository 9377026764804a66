// The request that brings a webhook, and its signature.
#include "webhooks/message.hpp"

#include "settings/signing_secrets.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace gateway::webhooks {
namespace {

std::vector<secret> keys_of(std::initializer_list<std::string_view> texts) {
    std::vector<secret> out;
    for (const auto text : texts)
        out.push_back(settings::read_signing_secret(text).value());
    return out;
}

constexpr std::string_view one_key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view other_key = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

TEST(WebhookMessage, IsSignedAsTheExampleOfStandardWebhooks) {
    EXPECT_EQ(
        sign(keys_of({one_key}), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1'614'265'330, R"({"test": 2432232314})"),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookMessage, HasASignatureOfEachSecretWhileTheyChange) {
    const auto both = sign(keys_of({other_key, one_key}), "id", 7, "{}");
    EXPECT_EQ(both,
              sign(keys_of({other_key}), "id", 7, "{}") + " " + sign(keys_of({one_key}), "id", 7, "{}"));
}

TEST(WebhookMessage, IsOneRequestWithItsBody) {
    const auto keys = keys_of({one_key});
    const message what{"msg_1", R"({"a":1})", from_unix_ms(1'795'000'000'999)};
    const outbound::origin to{"shop.example", 443};
    EXPECT_EQ(write_request(to, "/hooks?x=1", keys, what),
              "POST /hooks?x=1 HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\n"
              "Accept-Encoding: identity\r\nUser-Agent: tiktok-gateway\r\nwebhook-id: "
              "msg_1\r\nwebhook-timestamp: 1795000000\r\n"
              "webhook-signature: "
                  + sign(keys, "msg_1", 1'795'000'000, what.body) + "\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
    EXPECT_NE(write_request({"shop.example", 8443}, "/", keys, what).find("Host: shop.example:8443\r\n"),
              std::string::npos);
}

TEST(WebhookMessage, ASecretIsWhsecAndTheBase64Of24To64Bytes) {
    EXPECT_TRUE(settings::read_signing_secret(one_key));
    for (const char* wrong : {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                              "whsec_MfKQ9r8GKYqrTwjUPD8ILA==", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
                              "whsec_%fKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
        EXPECT_FALSE(settings::read_signing_secret(wrong)) << wrong;
    EXPECT_FALSE(settings::read_signing_secret("whsec_" + std::string(88, 'A'))) << "66 bytes";
}

} // namespace
} // namespace gateway::webhooks
