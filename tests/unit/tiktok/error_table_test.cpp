#include "tiktok/error_table.hpp"

#include <gtest/gtest.h>

namespace gateway::tiktok {
namespace {

struct translation {
    int status;
    const char* code;
    errc ours;
};

const translation table[] = {
    {401, "access_token_invalid", errc::tiktok_error}, // tokens/ decides what it means
    {401, "scope_not_authorized", errc::missing_scope},
    {400, "scope_permission_missed", errc::missing_scope},
    {400, "invalid_params", errc::invalid_input},
    {400, "invalid_param", errc::invalid_input},
    {400, "invalid_file_upload", errc::invalid_input},
    {429, "rate_limit_exceeded", errc::rate_limited},
    {500, "internal_error", errc::tiktok_error},
    {400, "app_version_check_failed", errc::posting_refused},
    {400, "invalid_publish_id", errc::no_such_post},
    {400, "token_not_authorized_for_specified_publish_id", errc::no_such_post},
    {400, "publish_not_cancellable", errc::not_cancellable},
    {403, "spam_risk_too_many_posts", errc::rate_limited},
    {200, "spam_risk_too_many_posts", errc::rate_limited},
    {403, "spam_risk_too_many_pending_share", errc::rate_limited},
    {200, "reached_active_user_cap", errc::rate_limited},
    {403, "spam_risk_user_banned_from_posting", errc::posting_refused},
    {200, "spam_risk_user_banned_from_posting", errc::posting_refused},
    {403, "spam_risk_text", errc::posting_refused},
    {403, "unaudited_client_can_only_post_to_private_accounts", errc::unaudited_client},
    {403, "url_ownership_unverified", errc::url_ownership_unverified},
    {403, "privacy_level_option_mismatch", errc::privacy_level_not_allowed},
    {400, "a_code_of_tomorrow", errc::tiktok_error},
    {401, "", errc::tiktok_error},
    {403, "", errc::tiktok_error},
    {429, "", errc::rate_limited},
    {404, "", errc::tiktok_error},
    {302, "", errc::tiktok_error},
    {503, "", errc::tiktok_error},
    {500, "invalid_params", errc::tiktok_error},
    {400, "invalid_request", errc::tiktok_error},
};

TEST(ErrorTable, U09TranslatesEveryCodeOfTheManualAndSurvivesTheUnknown) {
    for (const translation& row : table) {
        const failure f = translate(endpoint::video_init, {row.status, row.code, "words", "log"});
        EXPECT_EQ(f.code(), row.ours) << row.status << " " << row.code;
        ASSERT_TRUE(f.details() && f.details()->tiktok) << row.code;
        EXPECT_EQ(f.details()->tiktok->code, row.code);
        EXPECT_EQ(f.details()->tiktok->log_id, "log");
    }
}

TEST(ErrorTable, HourJARefusalThatSomebodyCanCureSaysHow) {
    struct cure {
        const char* code;
        const char* says;
    };
    for (const auto& each :
         {cure{"scope_not_authorized", "connect the user again"}, cure{"rate_limit_exceeded", "Retry-After"},
          cure{"spam_risk_too_many_posts", "Retry-After"},
          cure{"spam_risk_too_many_pending_share", "can post or delete some"},
          cure{"reached_active_user_cap", "Retry-After"}, cure{"spam_risk_text", "look into the TikTok app"},
          cure{"app_version_check_failed", "has to be updated"},
          cure{"unaudited_client_can_only_post_to_private_accounts", "SELF_ONLY to private accounts"},
          cure{"url_ownership_unverified", "verify it in TikTok's portal"},
          cure{"privacy_level_option_mismatch", "GET /v1/users/{user_id}/creator"},
          cure{"publish_not_cancellable", "its status tells"}}) {
        const auto why = translate(endpoint::video_init, {403, each.code, "words", "log"});
        EXPECT_NE(why.message().find(each.says), std::string::npos) << why.message();
    }
}

TEST(ErrorTable, GivesTheDailyCapsTheirScopeAndAnHour) {
    for (const char* code :
         {"spam_risk_too_many_posts", "spam_risk_too_many_pending_share", "reached_active_user_cap"}) {
        const failure f = translate(endpoint::creator_info, {200, code, "", ""});
        EXPECT_EQ(f.details()->scope, limit_scope::tiktok_daily);
        EXPECT_EQ(f.details()->retry_after, milliseconds{3'600'000});
    }
}

TEST(ErrorTable, U07HonoursRetryAfterUpToACapAndNoNonsense) {
    const auto wait_for = [](std::string_view header) {
        const failure f = translate(endpoint::user_info, {429, "rate_limit_exceeded", "", ""}, header);
        EXPECT_EQ(f.details()->scope, limit_scope::tiktok_user);
        return f.details()->retry_after.value();
    };
    EXPECT_EQ(wait_for("7"), milliseconds{7'000});
    EXPECT_EQ(wait_for("0"), milliseconds{0});
    EXPECT_EQ(wait_for("99999999"), retry_after_max);
    for (const char* nonsense :
         {"", "-5", "soon", "7.5", "Sun, 06 Nov 1994 08:49:37 GMT", "9999999999999999999999"})
        EXPECT_EQ(wait_for(nonsense), rate_limit_wait) << nonsense;
}

TEST(ErrorTable, G05LabelsComeFromAClosedSet) {
    EXPECT_EQ(code_label({403, "spam_risk_text", "", ""}), "spam_risk");
    EXPECT_EQ(code_label({400, "scope_permission_missed", "", ""}), "scope_not_authorized");
    EXPECT_EQ(code_label({400, "whatever a stranger writes", "", ""}), "http_4xx");
    EXPECT_EQ(code_label({502, "", "", ""}), "http_5xx");
    EXPECT_EQ(code_label({200, "", "", ""}), "unknown");
}

} // namespace
} // namespace gateway::tiktok
