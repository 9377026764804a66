#include "rules/arrivals.hpp"
#include "rules/chunk_rules.hpp"
#include "rules/media_type.hpp"
#include "rules/names.hpp"
#include "rules/pkce.hpp"
#include "rules/rate_window.hpp"
#include "rules/redirect_uri.hpp"
#include "rules/running_digest.hpp"
#include "rules/text_length.hpp"
#include "rules/urls.hpp"
#include "rules/webhook_signature.hpp"

#include <gtest/gtest.h>

namespace gateway::simulator {

namespace {

struct plan_case {
    chunk_plan plan;
    std::string_view fault;
};

// docs/tiktok-wire.md §5.1: the table of accepted plans and the list of refused ones.
constexpr plan_case plans[] = {
    {{1, 1, 1}, ""},
    {{4'194'304, 4'194'304, 1}, ""},
    {{5'000'000, 5'000'000, 1}, ""},
    {{9'000'000, 9'000'000, 1}, ""},
    {{10'485'760, 5'242'880, 2}, ""},
    {{50'000'123, 10'000'000, 5}, ""},
    {{50'000'123, 50'000'123, 1}, ""},
    {{19'999'999, 19'999'999, 1}, ""},
    {{64'000'000, 10'000'000, 6}, ""},
    {{64'000'000, 64'000'000, 1}, ""},
    {{64'000'001, 10'000'000, 6}, ""},
    {{66'259'900, 33'129'950, 2}, ""},
    {{73'400'320, 10'485'760, 7}, ""},
    {{150'000'000, 64'000'000, 2}, ""},
    {{158'008'374, 5'242'880, 30}, ""},
    {{4'294'967'296, 10'000'000, 429}, ""},
    {{4'294'967'296, 64'000'000, 67}, ""},
    {{50'000'123, 10'000'000, 6}, "The total chunk count is invalid"},
    {{121'000'000, 64'000'000, 1}, "The chunk size is invalid"},
    {{66'259'900, 64'000'000, 1}, "The chunk size is invalid"},
    {{158'008'374, 158'008'374, 1}, "The chunk size is invalid"},
    {{20'000'000, 4'000'000, 5}, "The chunk size is invalid"},
    {{200'000'000, 100'000'000, 2}, "The chunk size is invalid"},
    {{4'000'000, 2'000'000, 2}, "The chunk size is invalid"},
    {{0, 1, 1}, "The video size is invalid"},
    {{-1, 1, 1}, "The video size is invalid"},
    {{10, 0, 1}, "The chunk size is invalid"},
    {{10, 10, 0}, "The total chunk count is invalid"},
    {{4'294'967'297, 64'000'000, 67}, "The video size is invalid"},
    {{20'000'000, 5'000'000, 1'001}, "The total chunk count is invalid"},
};

} // namespace

TEST(ChunkRules, TakeAndRefuseWhatTheManualDoes) {
    for (const plan_case& one : plans) {
        EXPECT_EQ(fault_of_plan(one.plan, bounds_of("lenient", false)), one.fault)
            << one.plan.video_size << "/" << one.plan.chunk_size << "/" << one.plan.total_chunk_count;
    }
}

TEST(ChunkRules, ReadMegabytesAsTheSwitchSays) {
    const chunk_plan decimal_least{10'000'000, 5'000'000, 2};
    EXPECT_EQ(fault_of_plan(decimal_least, bounds_of("decimal", false)), "");
    EXPECT_NE(fault_of_plan(decimal_least, bounds_of("binary", false)), "");
    const chunk_plan binary_most{67'108'864, 67'108'864, 1};
    EXPECT_EQ(fault_of_plan(binary_most, bounds_of("lenient", false)), "");
    EXPECT_NE(fault_of_plan(binary_most, bounds_of("decimal", false)), "");
}

TEST(ChunkRules, TakeTheRoundedUpCountOnlyWhenAskedTo) {
    const chunk_plan rounded_up{50'000'123, 10'000'000, 6};
    EXPECT_EQ(fault_of_plan(rounded_up, bounds_of("lenient", true)), "");
    EXPECT_EQ(planned_last(rounded_up, 50'000'000), 50'000'122);
}

TEST(ChunkRules, PutTheRemainderOnTheLastChunk) {
    const chunk_plan plan{50'000'123, 10'000'000, 5};
    EXPECT_EQ(planned_last(plan, 0), 9'999'999);
    EXPECT_EQ(planned_last(plan, 15'000'000), 19'999'999);
    EXPECT_EQ(planned_last(plan, 40'000'000), 50'000'122);
}

TEST(Arrivals, CountTheCallsOfAUserInEverySlidingWindow) {
    arrivals came;
    const auto call = [&came](const std::string& account, std::int64_t at_ms) {
        came.note("/init/", account, 2, milliseconds{60'000}, from_unix_ms(at_ms));
    };
    call("one", 0);
    call("one", 59'000);
    call("two", 59'500);
    call("one", 60'000); // the first one is out of the window
    EXPECT_EQ(came.worst().at("/init/").calls, 2U);
    EXPECT_EQ(came.worst().at("/init/").above, 0U);
    call("one", 60'001);
    EXPECT_EQ(came.worst().at("/init/").calls, 3U);
    EXPECT_EQ(came.worst().at("/init/").above, 1U);
    EXPECT_EQ(came.worst().at("/init/").account, "one");
    EXPECT_EQ(came.worst().at("/init/").at, from_unix_ms(60'001));
}

TEST(RateWindow, TakesSoManyCallsAndSaysHowLongToWait) {
    rate_windows windows;
    const wall_time start = from_unix_ms(1'000'000);
    const milliseconds minute{60'000};
    for (int i = 0; i < 6; ++i) {
        EXPECT_FALSE(windows.take("a", 6, minute, start + milliseconds{i * 1'000}));
    }
    EXPECT_EQ(windows.take("a", 6, minute, start + milliseconds{5'000}), milliseconds{55'000});
    EXPECT_FALSE(windows.take("b", 6, minute, start + milliseconds{5'000}));
}

TEST(RateWindow, SlidesAndDoesNotCountRefusedCalls) {
    rate_windows windows;
    const wall_time start = from_unix_ms(1'000'000);
    const milliseconds minute{60'000};
    EXPECT_FALSE(windows.take("a", 1, minute, start));
    EXPECT_TRUE(windows.take("a", 1, minute, start + milliseconds{59'999}));
    EXPECT_FALSE(windows.take("a", 1, minute, start + minute));
}

TEST(Pkce, TakesTheVectorOfTheManual) {
    constexpr std::string_view verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    constexpr std::string_view hex = "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3";
    constexpr std::string_view base64url = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    EXPECT_TRUE(verifier_fits(verifier, hex, true));
    EXPECT_TRUE(verifier_fits(verifier, hex, false));
    EXPECT_TRUE(verifier_fits(verifier, base64url, false));
    EXPECT_FALSE(verifier_fits(verifier, base64url, true));
    EXPECT_FALSE(verifier_fits("short", hex, false));
}

TEST(WebhookSignature, IsTheVectorOfTheManual) {
    constexpr std::string_view body =
        R"({"client_key":"ck_test","event":"post.publish.complete","create_time":1633174587,"user_openid":"open_1",)"
        R"("content":"{\"publish_id\":\"v_pub_file~v2-1.7000000000000000001\",\"publish_type\":\"DIRECT_PUBLISH\"}"})";
    ASSERT_EQ(body.size(), 209U);
    EXPECT_EQ(webhook_signature("test_client_secret", 1'633'174'587, body),
              "t=1633174587,s=5c1b0d1fcd7ea726461cc09abccf16c5ef5e0fb456957d614280eb72b9af3771");
}

TEST(WebhookSignature, FaultVMayHaveABlankBehindItsComma) {
    const std::string usual = webhook_signature("secret", 7, "body");
    const std::string blank = webhook_signature("secret", 7, "body", true);
    EXPECT_EQ(usual.find(' '), std::string::npos);
    EXPECT_EQ(blank, "t=7, " + usual.substr(usual.find("s=")));
}

TEST(RedirectUri, DesktopAppsMayLeaveThePortOpen) {
    app_settings app;
    app.kind = "desktop";
    app.redirect_uris = {"http://127.0.0.1:*/oauth/callback"};
    EXPECT_TRUE(is_registered(app, "http://127.0.0.1:8080/oauth/callback"));
    EXPECT_FALSE(is_registered(app, "http://127.0.0.1:8080/oauth/callback/"));
    EXPECT_FALSE(is_registered(app, "https://127.0.0.1:8080/oauth/callback"));
    EXPECT_FALSE(is_registered(app, "http://127.0.0.1/oauth/callback"));
    EXPECT_NE(fault_of_registration(app, "http://example.test:80/x"), "");
}

TEST(RedirectUri, WebAppsUseHttpsToTheLetter) {
    app_settings app;
    app.redirect_uris = {"https://gateway.example/oauth/callback"};
    EXPECT_TRUE(is_registered(app, "https://gateway.example/oauth/callback"));
    EXPECT_FALSE(is_registered(app, "https://gateway.example/oauth/callback/"));
    EXPECT_NE(fault_of_registration(app, "http://gateway.example/oauth/callback"), "");
    EXPECT_NE(fault_of_registration(app, "https://gateway.example/oauth/callback?a=b"), "");
}

TEST(Ownership, IsByDomainOrByPrefixAndNeverByAddress) {
    app_settings app;
    app.verified_domains = {"media.example.test"};
    app.verified_prefixes = {"https://cdn.example/videos/user/"};
    EXPECT_TRUE(is_owned(app, "https://media.example.test/any/thing.mp4"));
    EXPECT_TRUE(is_owned(app, "https://eu.media.example.test/a.mp4"));
    EXPECT_FALSE(is_owned(app, "https://evilmedia.example.test/a.mp4"));
    EXPECT_FALSE(is_owned(app, "https://media.example.test.evil.example/a.mp4"));
    EXPECT_FALSE(is_owned(app, "https://media.example.test@evil.example/a.mp4"));
    EXPECT_TRUE(is_owned(app, "https://cdn.example/videos/user/123/a.mp4"));
    EXPECT_FALSE(is_owned(app, "https://cdn.example/videos/2023/user/123/a.mp4"));
    EXPECT_FALSE(is_owned(app, "https://127.0.0.1/a.mp4"));
    EXPECT_TRUE(is_owned(app, "https://sf16-va.tiktokcdn.com/obj/sample.mp4"));
}

TEST(TextLength, CountsCodeUnitsOrCodePoints) {
    EXPECT_EQ(text_length("aé😀", false), 4U);
    EXPECT_EQ(text_length("aé😀", true), 3U);
    EXPECT_EQ(cut_text("a😀b", 2, false), "a");
    EXPECT_EQ(cut_text("a😀b", 3, false), "a😀");
}

TEST(MediaType, IsToldFromTheFirstBytes) {
    using std::string_view_literals::operator""sv;
    EXPECT_EQ(sniff("\0\0\0\x18"
                    "ftypmp42"sv),
              media_type::mp4);
    EXPECT_EQ(sniff("\0\0\0\x14"
                    "ftypqt  "sv),
              media_type::mov);
    EXPECT_EQ(sniff("\x1A\x45\xDF\xA3"sv), media_type::webm);
    EXPECT_EQ(sniff("\xFF\xD8\xFF\xE0"sv), media_type::jpeg);
    EXPECT_EQ(sniff("RIFF\1\2\3\4WEBPVP8 "sv), media_type::webp);
    EXPECT_EQ(sniff("<html>"sv), media_type::unknown);
    EXPECT_FALSE(is_photo(media_type::png));
}

TEST(RunningDigest, CanBeGoneBackOn) {
    running_digest kept;
    kept.update("a");
    running_digest tried = kept;
    tried.update("x");
    kept.update("bc");
    EXPECT_EQ(kept.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_NE(tried.hex(), kept.hex());
}

TEST(Names, LookLikeTikToks) {
    const std::string log_id = new_log_id(from_unix_ms(1'633'999'724'000));
    EXPECT_EQ(log_id.size(), 34U);
    EXPECT_EQ(log_id.substr(0, 14), "20211012004844");
    EXPECT_EQ(std::to_string(new_post_id()).size(), 19U);
    EXPECT_EQ(open_id_of("a", "b"), open_id_of("a", "b"));
    EXPECT_NE(open_id_of("a", "b"), open_id_of("c", "b"));
    EXPECT_NE(new_authorization_code().find('*'), std::string::npos);
}

} // namespace gateway::simulator
