#include "tiktok/webhook.hpp"

#include "base/digest.hpp"

#include <gtest/gtest.h>

namespace gateway::tiktok {
namespace {

// The test vector of docs/tiktok-wire.md §7.
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
    const auto event = read_webhook(body);
    EXPECT_EQ(event.without_effect, "");
    EXPECT_EQ(event.kind, webhook_kind::publish_complete);
    EXPECT_EQ(event.client_key, "ck_test");
    EXPECT_EQ(event.account.text(), "open_1");
    EXPECT_EQ(event.created_at_s, 1'633'174'587);
    EXPECT_EQ(event.post.text(), "v_pub_file~v2-1.7000000000000000001");
}

TEST(Webhook, TakesBothSpellingsAndIdsInBothForms) {
    for (const char* name : {"post.publish.publicly_available", "post.publish.publicaly_available"}) {
        const std::string text = std::string(R"({"event":")") + name
                                 + R"(","create_time":"7","user_openid":"o","content":)"
                                   R"("{\"publish_id\":\"p\",\"post_id\":7602997517160123666}"})";
        const auto event = read_webhook(text);
        EXPECT_EQ(event.without_effect, "");
        EXPECT_EQ(event.kind, webhook_kind::publicly_available);
        EXPECT_EQ(event.post_id, "7602997517160123666");
        EXPECT_EQ(event.created_at_s, 7);
    }
    const auto removed =
        read_webhook(R"({"event":"authorization.removed","user_openid":"o","content":"{\"reason\":1}"})");
    EXPECT_EQ(removed.without_effect, "");
    EXPECT_EQ(removed.kind, webhook_kind::authorization_removed);
    EXPECT_EQ(removed.reason_number, 1);
}

TEST(Webhook, FaultWReadsWhateverItIsAndSaysWhyItHasNoEffect) {
    const char* const events[] = {"authorization.removed",
                                  "post.publish.failed",
                                  "post.publish.complete",
                                  "post.publish.inbox_delivered",
                                  "post.publish.publicly_available",
                                  "post.publish.publicaly_available",
                                  "post.publish.no_longer_publicly_available",
                                  "post.publish.no_longer_publicaly_available",
                                  "video.upload.failed",
                                  "video.publish.completed",
                                  "portability.download.ready",
                                  "tiktok.ping",
                                  "something.new",
                                  ""};
    const char* const odd[] = {R"("plain text")",
                               R"({"publish_id":"p1"})",
                               R"("")",
                               "null",
                               "7",
                               "[]",
                               "true",
                               R"("[\"p1\"]")",
                               R"("{")",
                               R"("7")",
                               R"("{\"publish_id\":\"p\",\"publish_id\":\"q\"}")"};
    for (const char* event : events) {
        const std::string named = std::string(R"({"client_key":"k","event":")") + event + R"(")";
        EXPECT_FALSE(read_webhook(named + "}").without_effect.empty()) << event << " without content";
        for (const char* content : odd)
            EXPECT_FALSE(read_webhook(named + R"(,"content":)" + content + "}").without_effect.empty())
                << event << " " << content;
    }
    for (const char* none : {"", "[]", "{", "{}", "null", "plain text", R"("{}")", R"({"event":7})",
                             R"({"event":"post.publish.complete","content":"{\"publish_id\":\"a b\"}"})"})
        EXPECT_FALSE(read_webhook(none).without_effect.empty()) << none;
}

TEST(Webhook, FaultWKnowsTheTestEventOfThePortal) {
    const auto ping = read_webhook(
        R"({"client_key":"k","event":"tiktok.ping","create_time":1633174587123,"user_openid":"act.x",)"
        R"("content":"{\"reason\":\"testing Webhook\"}"})");
    EXPECT_EQ(ping.kind, webhook_kind::ping);
    EXPECT_EQ(ping.without_effect, "it is a test");
    EXPECT_EQ(ping.created_at_s, 1'633'174'587) << "it came in milliseconds";
}

TEST(Webhook, FaultWTakesBlanksAroundThePartsOfASignature) {
    const std::string hex(good.substr(15));
    for (const auto& spaced :
         {"t=1633174587, s=" + hex, " t=1633174587 ,\ts=" + hex + " ", "s=" + hex + ",  t=1633174587"})
        EXPECT_TRUE(accepted(spaced, body)) << spaced;
    EXPECT_FALSE(accepted("t=1633174587, s= " + hex, body)) << "a blank within a part is part of it";
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
