#include "tiktok/webhook.hpp"

#include "base/digest.hpp"

#include <gtest/gtest.h>

namespace gateway::tiktok {
namespace {

// The vector of tiktok-api §7.
constexpr std::string_view body =
    R"({"client_key":"ck_test","event":"post.publish.complete","create_time":1633174587,"user_openid":"open_1",)"
    R"("content":"{\"publish_id\":\"v_pub_file~v2-1.7000000000000000001\",\"publish_type\":\"DIRECT_PUBLISH\"}"})";
constexpr std::string_view good =
    "t=1633174587,s=5c1b0d1fcd7ea726461cc09abccf16c5ef5e0fb456957d614280eb72b9af3771";
const secret key{"test_client_secret"};
const wall_time then = from_unix_ms(1'633'174'587'000);

bool accepted(std::string_view signature, std::string_view bytes, wall_time now = then) {
    const auto verdict = verify_webhook(signature, bytes, key, now);
    EXPECT_TRUE(verdict || verdict.error().code() == errc::unauthenticated);
    return verdict.has_value();
}

TEST(Webhook, AcceptsTheVectorOfTheManual) {
    EXPECT_EQ(body.size(), 209U);
    EXPECT_TRUE(accepted(good, body));
    EXPECT_TRUE(accepted(std::string("s=") + std::string(good.substr(15)) + ", t=1633174587", body));
}

TEST(Webhook, U16RefusesEveryOtherSignature) {
    std::string other_body(body);
    other_body[20] ^= 1;
    EXPECT_FALSE(accepted(good, other_body));
    EXPECT_FALSE(accepted(good, std::string(body) + "\n"));
    std::string other_hex(good);
    other_hex.back() = '0';
    EXPECT_FALSE(accepted(other_hex, body));
    for (const char* bad :
         {"", "t=1633174587", "s=00", "t=,s=", "t=x,s=5c", "nonsense", ",,,",
          "t=1633174588,s=5c1b0d1fcd7ea726461cc09abccf16c5ef5e0fb456957d614280eb72b9af3771"})
        EXPECT_FALSE(accepted(bad, body)) << bad;
    EXPECT_FALSE(accepted(std::string(good) + ",t=1633174587", body)); // twice
    EXPECT_FALSE(verify_webhook(good, body, secret{"another_secret"}, then));
}

TEST(Webhook, U16RefusesOldAndFutureTimes) {
    EXPECT_TRUE(accepted(good, body, then + seconds{300}));
    EXPECT_FALSE(accepted(good, body, then + seconds{301}));
    EXPECT_TRUE(accepted(good, body, then - seconds{300}));
    EXPECT_FALSE(accepted(good, body, then - seconds{301}));
    EXPECT_TRUE(verify_webhook(good, body, key, then + seconds{3'000}, seconds{3'600}));
}

TEST(Webhook, ReadsWhatTikTokSays) {
    const auto event = parse_webhook(body);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->kind, webhook_kind::publish_complete);
    EXPECT_EQ(event->client_key, "ck_test");
    EXPECT_EQ(event->account.text(), "open_1");
    EXPECT_EQ(event->created_at_s, 1'633'174'587);
    EXPECT_EQ(event->post.text(), "v_pub_file~v2-1.7000000000000000001");
}

TEST(Webhook, TakesBothSpellingsAndIdsInBothForms) {
    for (const char* name : {"post.publish.publicly_available", "post.publish.publicaly_available"}) {
        const std::string text = std::string(R"({"event":")") + name
                                 + R"(","create_time":"7","user_openid":"o","content":)"
                                   R"("{\"publish_id\":\"p\",\"post_id\":7602997517160123666}"})";
        const auto event = parse_webhook(text);
        ASSERT_TRUE(event);
        EXPECT_EQ(event->kind, webhook_kind::publicly_available);
        EXPECT_EQ(event->post_id, "7602997517160123666");
        EXPECT_EQ(event->created_at_s, 7);
    }
    const auto removed =
        parse_webhook(R"({"event":"authorization.removed","user_openid":"o","content":"{\"reason\":1}"})");
    ASSERT_TRUE(removed);
    EXPECT_EQ(removed->kind, webhook_kind::authorization_removed);
    EXPECT_EQ(removed->reason_number, 1);
    EXPECT_EQ(parse_webhook(R"({"event":"something.new"})")->kind, webhook_kind::other);
}

TEST(Webhook, U16RefusesWhatIsNoEvent) {
    for (const char* bad : {"", "[]", "{", "{}", R"({"event":"post.publish.complete"})",
                            R"({"event":"post.publish.complete","content":"{"})",
                            R"({"event":"post.publish.complete","content":"{\"publish_id\":\"a b\"}"})"})
        EXPECT_FALSE(parse_webhook(bad)) << bad;
}

TEST(Webhook, U16TellsDeliveriesApartByTheirFingerprint) {
    webhook_event one;
    one.name = "post.publish.complete";
    one.post = publish_id::trusted("p1");
    webhook_event other = one;
    EXPECT_EQ(one.fingerprint(), other.fingerprint());
    other.created_at_s = 1;
    EXPECT_NE(one.fingerprint(), other.fingerprint());
}

} // namespace
} // namespace gateway::tiktok
