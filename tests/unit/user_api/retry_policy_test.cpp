#include "user_api/retry_policy.hpp"

#include "base/backoff.hpp"
#include "tiktok/error_table.hpp"

#include <gtest/gtest.h>

namespace gateway::user_api {
namespace {

constexpr milliseconds plenty{10'000};

failure refusal(int status, const char* code) {
    return tiktok::translate(tiktok::endpoint::user_info, {status, code, "", ""});
}

retry_decision asked(const failure& f, tiktok::repeat_class repeats, tries so_far = {},
                     milliseconds left = plenty) {
    retry_budget budget;
    return decide_retry(f, repeats, so_far, std::nullopt, steady_now(), left, false, 0.5, budget);
}

TEST(RetryPolicy, RefreshesOnceForARefusedTokenWhateverTheClass) {
    for (const auto repeats : {tiktok::repeat_class::safe, tiktok::repeat_class::unsafe}) {
        EXPECT_EQ(asked(refusal(401, "access_token_invalid"), repeats).what, retry_step::refresh);
        EXPECT_EQ(asked(refusal(401, "access_token_invalid"), repeats, {0, token_refusals_max}).what,
                  retry_step::give_up);
    }
    EXPECT_EQ(asked(refusal(401, "scope_not_authorized"), tiktok::repeat_class::safe).what,
              retry_step::give_up);
}

TEST(RetryPolicy, ARefusedTokensWordsAreToldWhereItsRefreshFailedWithoutAny) {
    const auto refused = refusal(401, "access_token_invalid");
    const auto code_in = [](const failure& told) {
        return told.details() && told.details()->tiktok ? told.details()->tiktok->code : "";
    };
    EXPECT_EQ(code_in(with_words_of(refused, {errc::tiktok_error, "later"})), "access_token_invalid");
    const failure with_words = failure(errc::tiktok_error, "later").tiktok({503, "server_error", "", ""});
    EXPECT_EQ(code_in(with_words_of(refused, with_words)), "server_error");
    EXPECT_EQ(code_in(with_words_of(refused, {errc::tiktok_unreachable, "away"})), "");
    EXPECT_EQ(code_in(with_words_of({errc::tiktok_error, ""}, {errc::tiktok_error, "later"})), "");
    EXPECT_EQ(with_words_of(refused, {errc::tiktok_error, "later"}).message(), "later");
}

TEST(RetryPolicy, U02RepeatsReadsAfterTroubleAndNothingElse) {
    const failure trouble[] = {refusal(503, ""),
                               refusal(500, "internal_error"),
                               refusal(429, "rate_limit_exceeded"),
                               {errc::tiktok_unreachable, ""}};
    for (const failure& f : trouble) {
        EXPECT_EQ(asked(f, tiktok::repeat_class::safe).what, retry_step::again);
        EXPECT_EQ(asked(f, tiktok::repeat_class::unsafe).what, retry_step::give_up);
        EXPECT_EQ(asked(f, tiktok::repeat_class::safe, {repeats_max, false}).what, retry_step::give_up);
    }
    const failure final[] = {refusal(400, "invalid_params"), refusal(404, ""),
                             refusal(400, "tomorrow"),       refusal(200, "spam_risk_too_many_posts"),
                             {errc::tiktok_tls, ""},         {errc::deadline_exceeded, ""}};
    for (const failure& f : final)
        EXPECT_EQ(asked(f, tiktok::repeat_class::safe).what, retry_step::give_up);
}

TEST(RetryPolicy, I05NeverRepeatsAnInitWhoseAnswerWasLost) {
    const failure lost = failure(errc::tiktok_unreachable, "").may_have_reached_tiktok();
    EXPECT_EQ(asked(lost, tiktok::repeat_class::unsafe).what, retry_step::give_up);
    retry_budget budget;
    EXPECT_EQ(
        decide_retry(lost, tiktok::repeat_class::unsafe, {}, {}, steady_now(), plenty, true, 0.5, budget)
            .what,
        retry_step::give_up);
}

TEST(RetryPolicy, U04DeathMOnlyAReadIsSentAgainAtOnceAndOnlyOnce) {
    EXPECT_TRUE(repeats_at_once(tiktok::repeat_class::safe, {}, plenty));
    EXPECT_FALSE(repeats_at_once(tiktok::repeat_class::unsafe, {}, plenty));
    EXPECT_FALSE(repeats_at_once(tiktok::repeat_class::safe, {0, 0, stale_max}, plenty));
    EXPECT_FALSE(repeats_at_once(tiktok::repeat_class::safe, {}, milliseconds{0}));
}

TEST(RetryPolicy, StaysInsideTheDeadlineAndHonoursANamedWait) {
    retry_budget budget;
    const failure limited = refusal(429, "rate_limit_exceeded");
    const auto with_wait = [&](int wait_s, milliseconds left) {
        return decide_retry(limited, tiktok::repeat_class::safe, {}, seconds{wait_s}, steady_now(), left,
                            false, 0.5, budget);
    };
    EXPECT_EQ(with_wait(3, plenty).what, retry_step::again);
    EXPECT_EQ(with_wait(3, plenty).wait, milliseconds{3'000});
    EXPECT_EQ(with_wait(30, plenty).what, retry_step::give_up);
    EXPECT_EQ(asked(refusal(503, ""), tiktok::repeat_class::safe, {}, milliseconds{50}).what,
              retry_step::give_up);
}

TEST(RetryPolicy, LetsABatchWaitForTheWindowSinceARefusalHadNoEffect) {
    retry_budget budget;
    const auto next = decide_retry(refusal(429, "rate_limit_exceeded"), tiktok::repeat_class::unsafe, {},
                                   std::nullopt, steady_now(), milliseconds{600'000}, true, 0.0, budget);
    EXPECT_EQ(next.what, retry_step::again);
    EXPECT_EQ(next.wait, tiktok::rate_limit_wait);
}

TEST(RetryPolicy, U08AddsNoMoreThanATenthInAStorm) {
    retry_budget budget;
    const auto now = steady_now();
    int repeats = 0;
    for (int call = 0; call < 10'000; ++call) {
        budget.earn();
        for (tries so_far; so_far.repeats < repeats_max; ++so_far.repeats) {
            const auto next = decide_retry(refusal(503, ""), tiktok::repeat_class::safe, so_far, std::nullopt,
                                           now, plenty, false, 0.5, budget);
            if (next.what != retry_step::again) break;
            ++repeats;
        }
    }
    EXPECT_LE(repeats, 1'010);
    EXPECT_GE(repeats, 990);
}

TEST(RetryPolicy, FaultLRepeatsAReadAgainOnceTimeHasPassedHoweverFewCallsCame) {
    retry_budget budget;
    const auto began = steady_now();
    const auto repeats_at = [&](milliseconds later) {
        return decide_retry(refusal(503, ""), tiktok::repeat_class::safe, {}, std::nullopt, began + later,
                            plenty, false, 0.5, budget)
                   .what
               == retry_step::again;
    };
    int saved = 0;
    while (repeats_at(milliseconds{0}))
        ++saved;
    EXPECT_EQ(saved, 10);
    EXPECT_FALSE(repeats_at(milliseconds{900}));
    EXPECT_TRUE(repeats_at(milliseconds{1'000}));
    EXPECT_FALSE(repeats_at(milliseconds{1'500}));
    EXPECT_FALSE(repeats_at(milliseconds{500})) << "time that seems to go back gives nothing";
    EXPECT_TRUE(repeats_at(milliseconds{2'000}));
    for (int second = 3; second < 1'000; ++second)
        EXPECT_TRUE(repeats_at(seconds{second})) << "one a second, for ever";
    int after_an_hour = 0;
    while (repeats_at(seconds{4'600}))
        ++after_an_hour;
    EXPECT_EQ(after_an_hour, 10) << "a quiet hour saves up no more than a few";
}

TEST(RetryPolicy, FaultLAddsToAStormNoMoreThanATenthAndOneASecond) {
    retry_budget budget;
    const auto began = steady_now();
    int repeats = 0;
    for (int call = 0; call < 10'000; ++call) { // a thousand a second
        budget.earn();
        const auto next = decide_retry(refusal(503, ""), tiktok::repeat_class::safe, {}, std::nullopt,
                                       began + milliseconds{call}, plenty, false, 0.5, budget);
        repeats += next.what == retry_step::again ? 1 : 0;
    }
    EXPECT_LE(repeats, 10 + 1'000 + 10);
    EXPECT_GE(repeats, 1'000);
}

TEST(RetryPolicy, U07DoublesTheBoundOfItsFullJitter) {
    EXPECT_EQ(jittered_backoff(milliseconds{100}, 0, milliseconds{1'000}, 0.5), milliseconds{50});
    EXPECT_EQ(jittered_backoff(milliseconds{100}, 2, milliseconds{1'000}, 0.5), milliseconds{200});
    EXPECT_EQ(jittered_backoff(milliseconds{100}, 60, milliseconds{1'000}, 0.5), milliseconds{500});
    EXPECT_EQ(jittered_backoff(milliseconds{100}, 3, milliseconds{1'000}, 0.0), milliseconds{0});
}

} // namespace
} // namespace gateway::user_api
