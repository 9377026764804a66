#include "posts/post_facts.hpp"

#include "posts/attempt_writer.hpp"
#include "posts/post_settings.hpp"
#include "posts/settlement.hpp"

#include <gtest/gtest.h>

namespace gateway::posts {
namespace {

const wall_time now = from_unix_ms(1'795'000'000'000);

TEST(PostFacts, M10GivesEachStatusAStateAndInventsNone) {
    EXPECT_EQ(state_of("PROCESSING_UPLOAD"), "processing");
    EXPECT_EQ(state_of("PROCESSING_DOWNLOAD"), "processing");
    EXPECT_EQ(state_of("SEND_TO_USER_INBOX"), "in_inbox");
    EXPECT_EQ(state_of("PUBLISH_COMPLETE"), "published");
    EXPECT_EQ(state_of("FAILED"), "failed");
    EXPECT_EQ(state_of("A_WORD_OF_TOMORROW"), "processing");
    EXPECT_EQ(state_of(""), "unconfirmed");
}

TEST(PostFacts, M10CallsAnAttemptUnconfirmedUntilTikToksWordIsKnown) {
    store::post_record row;
    EXPECT_EQ(state_of(row), "unconfirmed");
    row.status = "PROCESSING_UPLOAD";
    EXPECT_EQ(state_of(row), "processing");
    row.state = store::post_state::outcome_unknown;
    EXPECT_EQ(state_of(row), "unconfirmed");
    row.state = store::post_state::settled;
    row.status = "PUBLISH_COMPLETE";
    EXPECT_EQ(state_of(row), "published");
}

TEST(PostFacts, FaultMTakesAnEndForWholeOnlyWhereNoIdCanStillCome) {
    struct row {
        const char* kind;
        const char* status;
        const char* privacy_level;
        const char* post_ids;
        bool whole;
    };
    for (const auto& each : {
             row{"direct_file", "FAILED", "PUBLIC_TO_EVERYONE", "[]", true},
             row{"inbox_file", "FAILED", "", "[]", true},
             row{"direct_file", "PUBLISH_COMPLETE", "PUBLIC_TO_EVERYONE", "[]", false},
             row{"direct_file", "PUBLISH_COMPLETE", "FOLLOWER_OF_CREATOR", "[]", false},
             row{"direct_url", "PUBLISH_COMPLETE", "PUBLIC_TO_EVERYONE", R"(["7"])", true},
             row{"direct_photo", "PUBLISH_COMPLETE", "PUBLIC_TO_EVERYONE", R"([{"gone":"7","at":1}])", true},
             row{"direct_photo", "PUBLISH_COMPLETE", "PUBLIC_TO_EVERYONE", "not a list", false},
             row{"direct_file", "PUBLISH_COMPLETE", "SELF_ONLY", "[]",
                 false}, // the creator may make it public
             row{"direct_file", "PUBLISH_COMPLETE", "SELF_ONLY", R"(["7"])", true},
             row{"direct_url", "PUBLISH_COMPLETE", "", "[]", false},
             row{"inbox_file", "PUBLISH_COMPLETE", "", "[]", false},
             row{"inbox_file", "PUBLISH_COMPLETE", "SELF_ONLY", "[]",
                 false}, // the creator may have chosen more
             row{"inbox_photo", "PUBLISH_COMPLETE", "", R"(["7"])", true},
             row{"inbox_file", "SEND_TO_USER_INBOX", "", "[]", false},
             row{"direct_file", "PROCESSING_UPLOAD", "SELF_ONLY", "[]", false},
             row{"direct_file", "A_WORD_OF_TOMORROW", "SELF_ONLY", R"(["7"])", false},
             row{"direct_file", "", "SELF_ONLY", "[]", false},
         }) {
        store::post_record known;
        known.kind = each.kind;
        known.status = each.status;
        known.post_ids = each.post_ids;
        tiktok::post_info info;
        info.privacy_level = each.privacy_level;
        known.settings = write_settings(info);
        EXPECT_EQ(end_is_whole(known), each.whole)
            << each.kind << " " << each.status << " " << each.privacy_level << " " << each.post_ids;
    }
}

TEST(PostFacts, I04GivesAnAttemptWhoseProcessIsGoneTheEndThatIsCertain) {
    struct row {
        const char* kind;
        const char* id;
        store::post_state state;
        bool had_no_effect;
    };
    using enum store::post_state;
    for (const auto& each :
         {row{"inbox_file", "", settled, true}, row{"direct_file", "", settled, true},
          row{"direct_file", "p", outcome_unknown, false}, row{"direct_url", "", outcome_unknown, false},
          row{"inbox_photo", "", outcome_unknown, false}, row{"direct_photo", "p", settled, false}}) {
        store::post_record begun;
        begun.kind = each.kind;
        begun.id = publish_id::trusted(each.id);
        const auto ended = ended_by_crash(begun, now);
        EXPECT_EQ(ended.state, each.state) << each.kind << each.id;
        EXPECT_EQ(had_no_effect(ended), each.had_no_effect) << each.kind << each.id;
    }
}

TEST(PostSettings, ComeBackFromTheLedgerAsTheyWere) {
    tiktok::post_info info;
    info.caption = "a\n\"b\" \xF0\x9F\x98\x80";
    info.privacy_level = "PUBLIC_TO_EVERYONE";
    info.disable_duet = true;
    info.is_aigc = false;
    info.video_cover_timestamp_ms = 1'000;
    const tiktok::post_info back = read_settings(write_settings(info));
    EXPECT_EQ(back.caption, info.caption);
    EXPECT_EQ(back.privacy_level, info.privacy_level);
    EXPECT_TRUE(back.disable_duet);
    EXPECT_FALSE(back.disable_stitch);
    EXPECT_EQ(back.is_aigc, false);
    EXPECT_EQ(back.video_cover_timestamp_ms, 1'000);
    for (const auto* other : {"not json", "[1]", "7", "null", "\"caption\""})
        EXPECT_EQ(read_settings(other).caption, "") << other;
}

TEST(PostFacts, DeathHAPullThatTikTokHasFailedHadAnEffect) {
    struct row {
        const char* kind;
        const char* id;
        const char* sha256;
        bool had_no_effect;
    };
    for (const auto& each : {row{"direct_file", "", "", true}, row{"direct_file", "p", "", true},
                             row{"direct_file", "p", "ab", false}, row{"inbox_photo", "", "", true},
                             row{"inbox_photo", "p", "", false}, row{"direct_url", "p", "", false}}) {
        store::post_record failed;
        failed.state = store::post_state::settled;
        failed.status = "FAILED";
        failed.kind = each.kind;
        failed.id = publish_id::trusted(each.id);
        failed.sha256 = each.sha256;
        EXPECT_EQ(had_no_effect(failed), each.had_no_effect) << each.kind << each.id << each.sha256;
        failed.state = store::post_state::outcome_unknown;
        EXPECT_FALSE(had_no_effect(failed));
    }
}

TEST(PostFacts, AFailedPostIsToldWithTikToksReasonAndWhetherANewUploadHelps) {
    const auto cure = post_failed("internal"), none = post_failed("duration_check_failed");
    EXPECT_EQ(cure.code(), errc::post_failed);
    EXPECT_EQ(cure.message(), "TikTok failed this post (internal); a new upload can help.");
    EXPECT_EQ(none.message(),
              "TikTok failed this post (duration_check_failed); the same upload again would not help.");
    EXPECT_EQ(post_failed("").message(), "TikTok failed this post; the same upload again would not help.");
}

TEST(PostSettings, DeathQEachOfThemComesBackFromTheLedger) {
    const auto each = [](auto set) {
        tiktok::post_info info;
        set(info);
        const auto text = write_settings(info);
        EXPECT_NE(text, "{}");
        EXPECT_EQ(write_settings(read_settings(text)), text);
        return text;
    };
    using info = tiktok::post_info;
    EXPECT_EQ(each([](info& of) { of.disable_stitch = true; }), R"({"disable_stitch":true})");
    EXPECT_EQ(each([](info& of) { of.disable_duet = true; }), R"({"disable_duet":true})");
    EXPECT_EQ(each([](info& of) { of.disable_comment = true; }), R"({"disable_comment":true})");
    EXPECT_EQ(each([](info& of) { of.brand_content_toggle = true; }), R"({"brand_content_toggle":true})");
    EXPECT_EQ(each([](info& of) { of.brand_organic_toggle = true; }), R"({"brand_organic_toggle":true})");
    EXPECT_EQ(each([](info& of) { of.auto_add_music = true; }), R"({"auto_add_music":true})");
    EXPECT_EQ(each([](info& of) { of.is_aigc = false; }), R"({"is_aigc":false})");
    EXPECT_EQ(each([](info& of) { of.video_cover_timestamp_ms = 0; }), R"({"video_cover_timestamp_ms":0})");
    for (const char* name : {"caption", "title", "description", "privacy_level"})
        EXPECT_EQ(each([&](info& of) {
                      apply_settings(of, {{name, "x"}});
                  }),
                  std::string(R"({")") + name + R"(":"x"})");
}

TEST(PostSettings, AreThoseOfThePublishElseThoseOfTheUpload) {
    tiktok::post_info upload;
    upload.caption = "of the upload";
    upload.disable_comment = true;
    tiktok::post_info both = upload;
    apply_settings(both, {{"privacy_level", "PUBLIC_TO_EVERYONE"}, {"disable_comment", false}});
    EXPECT_EQ(both.caption, "of the upload");
    EXPECT_EQ(both.privacy_level, "PUBLIC_TO_EVERYONE");
    EXPECT_FALSE(both.disable_comment);
}

TEST(PostSettings, NeverWidenAnAudience) {
    EXPECT_EQ(complete_direct({}, "SELF_ONLY")->privacy_level, "SELF_ONLY");
    tiktok::post_info branded;
    branded.brand_content_toggle = true;
    const auto refused = complete_direct(branded, "SELF_ONLY");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::invalid_input);
    EXPECT_EQ(refused.error().details()->fields.at(0).field, "brand_content_toggle");
    branded.privacy_level = "PUBLIC_TO_EVERYONE";
    EXPECT_TRUE(complete_direct(branded, "SELF_ONLY"));
}

TEST(PostSettings, RefuseALevelTheCreatorDoesNotHave) {
    tiktok::creator creator;
    creator.privacy_levels = {"FOLLOWER_OF_CREATOR", "SELF_ONLY"};
    EXPECT_TRUE(check_offered(creator, "SELF_ONLY"));
    const auto refused = check_offered(creator, "PUBLIC_TO_EVERYONE");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::privacy_level_not_allowed);
    EXPECT_NE(refused.error().message().find("FOLLOWER_OF_CREATOR, SELF_ONLY"), std::string::npos);
}

store::post_record post_of(const char* kind, milliseconds ago, const char* status = "PUBLISH_COMPLETE") {
    store::post_record post;
    post.kind = kind;
    post.id = publish_id::trusted("p");
    post.status = status;
    post.created_at = now - ago;
    return post;
}

TEST(DailyWait, EndsWhenTheOldestPostOfTheDayLeavesTheWindow) {
    constexpr milliseconds hour{3'600'000};
    const std::vector<store::post_record> recent{
        post_of("direct_file", hour),
        post_of("direct_url", 20 * hour),
        post_of("direct_file", 23 * hour, "FAILED"),
        post_of("inbox_file", 22 * hour, "SEND_TO_USER_INBOX"),
        post_of("inbox_file", 23 * hour), // the creator has posted it
        post_of("direct_file", 30 * hour)};
    EXPECT_EQ(wait_for_daily_cap(recent, true, now), 4 * hour);
    EXPECT_EQ(wait_for_daily_cap(recent, false, now), 2 * hour);
    EXPECT_EQ(wait_for_daily_cap({}, true, now), hour);
    EXPECT_EQ(wait_for_daily_cap({post_of("direct_file", 24 * hour)}, true, now), hour) << "it has left";
}

TEST(DailyWait, IsForTikToksDailyCapAlone) {
    EXPECT_TRUE(is_daily_cap(failure(errc::rate_limited, "").scope(limit_scope::tiktok_daily)));
    EXPECT_FALSE(is_daily_cap(failure(errc::rate_limited, "").scope(limit_scope::tiktok_user)));
    EXPECT_FALSE(is_daily_cap(failure(errc::rate_limited, "")));
    EXPECT_FALSE(is_daily_cap(failure(errc::tiktok_error, "").scope(limit_scope::tiktok_daily)));
}

TEST(Ledger, I05CallsALostInitUnknownOnlyWhereItCanPost) {
    const failure lost = failure(errc::tiktok_unreachable, "gone").may_have_reached_tiktok();
    const failure photos = meaning_of_failed_init(lost, true);
    EXPECT_EQ(photos.code(), errc::outcome_unknown);
    EXPECT_FALSE(photos.message().empty());
    EXPECT_TRUE(photos.details()->may_have_reached_tiktok);
    const failure bytes_to_come = meaning_of_failed_init(lost, false);
    EXPECT_EQ(bytes_to_come.code(), errc::tiktok_unreachable);
    EXPECT_TRUE(!bytes_to_come.details() || !bytes_to_come.details()->may_have_reached_tiktok);
    const failure refused(errc::invalid_input, "no");
    EXPECT_EQ(meaning_of_failed_init(refused, true).code(), errc::invalid_input);
}

TEST(Ledger, FaultJAPagesLimitIsToldWithItsWaitWhereBytesAreStillToCome) {
    const failure page = failure(errc::rate_limited, "wait")
                             .scope(limit_scope::tiktok_user)
                             .retry_after(milliseconds{7'000})
                             .tiktok({429, "", "", ""})
                             .may_have_reached_tiktok();
    const failure told = meaning_of_failed_init(page, false);
    EXPECT_EQ(told.code(), errc::rate_limited);
    EXPECT_EQ(told.details()->scope, limit_scope::tiktok_user);
    EXPECT_EQ(told.details()->retry_after, milliseconds{7'000});
    EXPECT_EQ(told.details()->tiktok->status, 429);
    EXPECT_FALSE(told.details()->may_have_reached_tiktok);
    EXPECT_EQ(meaning_of_failed_init(page, true).code(), errc::outcome_unknown);
}

} // namespace
} // namespace gateway::posts
