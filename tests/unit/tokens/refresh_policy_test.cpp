#include "tokens/refresh_policy.hpp"

#include "base/backoff.hpp"
#include "tokens/refresh_backoff.hpp"

#include <gtest/gtest.h>

namespace gateway::tokens {
namespace {

using store::connection_state;

const wall_time start = from_unix_ms(1'795'000'000'000);
constexpr milliseconds ahead{300'000};

struct token_case {
    const char* what;
    seconds age;
    seconds lifetime;
    connection_state state;
    bool has_refresh;
    bool backing_off;
    token_step expected;
};

TEST(RefreshPolicy, DecidesByAgeStateAndBackOff) {
    using enum token_step;
    using enum connection_state;
    const token_case cases[] = {
        {"fresh", seconds{0}, seconds{7200}, connected, true, false, use},
        {"just before the window", seconds{6899}, seconds{7200}, connected, true, false, use},
        {"inside the window", seconds{6900}, seconds{7200}, connected, true, false, use_and_refresh},
        {"inside, after trouble", seconds{6900}, seconds{7200}, connected, true, true, use},
        {"inside, nothing to refresh with", seconds{6900}, seconds{7200}, connected, false, false, use},
        {"at its last moment", seconds{7196}, seconds{7200}, connected, true, false, refresh},
        {"over", seconds{7300}, seconds{7200}, connected, true, false, refresh},
        {"over, after trouble", seconds{7300}, seconds{7200}, connected, true, true, wait},
        {"over, nothing to refresh with", seconds{7300}, seconds{7200}, connected, false, false, reconnect},
        {"short life, first half", seconds{4}, seconds{10}, connected, true, false, use},
        {"short life, second half", seconds{6}, seconds{10}, connected, true, false, use_and_refresh},
        {"short life, last quarter", seconds{8}, seconds{10}, connected, true, false, refresh},
        {"in doubt but good", seconds{10}, seconds{7200}, refresh_in_doubt, true, false, use_and_refresh},
        {"in doubt, good, after trouble", seconds{10}, seconds{7200}, refresh_in_doubt, true, true, use},
        {"in doubt and over", seconds{7300}, seconds{7200}, refresh_in_doubt, true, false, refresh},
        {"revoked", seconds{0}, seconds{7200}, revoked, true, false, reconnect},
        {"to be connected again", seconds{0}, seconds{7200}, reconnect_required, true, false, reconnect},
    };
    for (const auto& one : cases) {
        vault::token_set tokens;
        tokens.access_token = secret{"act"};
        if (one.has_refresh) tokens.refresh_token = secret{"rft"};
        tokens.state = one.state;
        tokens.received_at = start;
        tokens.access_expires_at = start + one.lifetime;
        tokens.refresh_expires_at = start + std::chrono::hours{24 * 180};
        EXPECT_EQ(decide(tokens, start + one.age, ahead, one.backing_off), one.expected) << one.what;
        tokens.refresh_expires_at = start + one.age;
        const bool needs_one = one.expected == refresh || one.expected == wait;
        EXPECT_EQ(decide(tokens, start + one.age, ahead, one.backing_off) == reconnect,
                  needs_one || one.expected == reconnect)
            << one.what << ", refresh token over";
    }
}

TEST(RefreshPolicy, T15BacksOffWithFullJitterUpToABound) {
    EXPECT_EQ(jittered_backoff(milliseconds{500}, 0, milliseconds{60'000}, 1), milliseconds{500});
    EXPECT_EQ(jittered_backoff(milliseconds{500}, 3, milliseconds{60'000}, 1), milliseconds{4000});
    EXPECT_EQ(jittered_backoff(milliseconds{500}, 3, milliseconds{60'000}, 0.25), milliseconds{1000});
    EXPECT_EQ(jittered_backoff(milliseconds{500}, 4'000'000'000, milliseconds{60'000}, 1),
              milliseconds{60'000});
    EXPECT_EQ(jittered_backoff(milliseconds{500}, 3, milliseconds{60'000}, 0), milliseconds{0});
}

TEST(RefreshBackoff, T16SpreadsAHundredThousandRefreshesAtTheConfiguredRate) {
    refresh_backoff backoff{10};
    const auto now = steady_now();
    milliseconds last{0};
    for (int i = 0; i < 100'000; ++i) {
        const auto wait = backoff.reserve_turn(now);
        EXPECT_GE(wait, last);
        last = wait;
    }
    EXPECT_NEAR(static_cast<double>(last.count()), 99'999 * 100.0, 200.0);
}

TEST(RefreshBackoff, T16KeepsThePaceAlsoWhereOneTookLongerAfterItsTurn) {
    refresh_backoff backoff{10};
    const auto now = steady_now();
    EXPECT_EQ(backoff.reserve_turn(now), milliseconds{0});
    EXPECT_EQ(backoff.reserve_turn(now), milliseconds{100});
    EXPECT_EQ(backoff.reserve_send_slot(now + milliseconds{90}), milliseconds{0}) << "the first was held up";
    EXPECT_EQ(backoff.reserve_send_slot(now + milliseconds{100}), milliseconds{90});
    EXPECT_EQ(backoff.reserve_send_slot(now + seconds{9}), milliseconds{0}) << "nothing is saved up";
}

TEST(RefreshBackoff, T15MakesEverybodyWaitAfterTroubleOfTheEndpointUntilItAnswers) {
    refresh_backoff backoff{10};
    const auto now = steady_now();
    const auto ann = user_id::trusted("ann");
    EXPECT_FALSE(backoff.blocked_by(ann, 1, true, now));
    const failure trouble{errc::tiktok_error, "trouble"};
    backoff.endpoint_failed(trouble, std::nullopt, now, 1);
    const auto first = backoff.blocked_by(ann, 1, true, now);
    ASSERT_TRUE(first);
    backoff.endpoint_failed(trouble, std::nullopt, now, 1);
    EXPECT_GT(backoff.blocked_by(ann, 1, true, now)->left, first->left);
    EXPECT_EQ(first->why.message(), "trouble");
    EXPECT_FALSE(backoff.blocked_by(ann, 1, true, now + seconds{61}));
    backoff.endpoint_failed(trouble, milliseconds{120'000}, now, 0);
    EXPECT_TRUE(backoff.blocked_by(ann, 1, true, now + seconds{119}));
    backoff.endpoint_failed(trouble, std::chrono::hours{24}, now, 0);
    EXPECT_FALSE(backoff.blocked_by(ann, 1, true, now + seconds{301})) << "an absurd Retry-After is cut";
}

TEST(RefreshBackoff, T08AsksAUserInDoubtAgainLaterAndOthersSooner) {
    refresh_backoff backoff{10};
    const auto now = steady_now();
    const auto ann = user_id::trusted("ann"), bob = user_id::trusted("bob");
    backoff.user_failed(ann, 1, failure{errc::reconnect_required, "x"}, now, 0);
    EXPECT_TRUE(backoff.blocked_by(ann, 1, true, now + seconds{4}));
    EXPECT_FALSE(backoff.blocked_by(bob, 1, true, now));
    backoff.succeeded(ann);
    EXPECT_FALSE(backoff.blocked_by(ann, 1, true, now));
}

TEST(RefreshBackoff, T21LetsANewGrantNotWaitForTheTroubleOfTheOld) {
    refresh_backoff backoff{10};
    const auto now = steady_now();
    const auto ann = user_id::trusted("ann");
    backoff.user_failed(ann, 1, failure{errc::reconnect_required, "x"}, now, 1);
    EXPECT_TRUE(backoff.blocked_by(ann, 1, true, now));
    EXPECT_FALSE(backoff.blocked_by(ann, 2, true, now));
}

TEST(RefreshBackoff, T16WhatWasOnlyPostponedHoldsNobodyWhoNeedsIt) {
    refresh_backoff backoff(50);
    const auto now = steady_now();
    const user_id ann = user_id::trusted("ann");
    backoff.postpone(ann, 1, failure{errc::vault_unavailable, "later"}, seconds{60}, now);
    EXPECT_TRUE(backoff.blocked_by(ann, 1, false, now)) << "its token is good: others go first";
    EXPECT_FALSE(backoff.blocked_by(ann, 1, true, now)) << "and now it is over";
    backoff.user_failed(ann, 1, failure{errc::tiktok_error, "no"}, now, 1);
    EXPECT_TRUE(backoff.blocked_by(ann, 1, true, now)) << "trouble is trouble";
}

TEST(RefreshBackoff, T15LetsOneProbeThroughAtATimeAfterTroubleOfTheEndpoint) {
    refresh_backoff backoff{10};
    const auto now = steady_now(), later = now + seconds{61};
    const auto ann = user_id::trusted("ann"), bob = user_id::trusted("bob");
    const failure trouble{errc::tiktok_error, "trouble"};
    backoff.endpoint_failed(trouble, std::nullopt, now, 1);
    backoff.started(ann);
    EXPECT_FALSE(backoff.blocked_by(ann, 1, true, later));
    ASSERT_TRUE(backoff.blocked_by(bob, 1, true, later));
    EXPECT_EQ(backoff.blocked_by(bob, 1, true, later)->why.message(), "trouble");
    backoff.ended(ann);
    EXPECT_FALSE(backoff.blocked_by(bob, 1, true, later)) << "the next probe, whatever became of the first";
    backoff.started(bob);
    EXPECT_TRUE(backoff.blocked_by(ann, 1, true, later));
    backoff.endpoint_answered();
    EXPECT_FALSE(backoff.blocked_by(ann, 1, true, later)) << "it works again";
}

TEST(RefreshPolicy, FaultKJudgesARefusedPairByItsAgeAndByWhoTookIt) {
    using enum refusal_step;
    constexpr refusal_times times{milliseconds{3'000}, milliseconds{60'000}, milliseconds{10'000}};
    const auto never = std::optional<milliseconds>{};
    struct row {
        const char* what;
        refused_pair pair;
        refusal_step expected;
        milliseconds wait{0};
    };
    const row rows[] = {
        {"of a login, seen for the first time", {false, false, never, 0}, refresh},
        {"of a login, taken elsewhere", {false, true, never, 0}, refresh},
        {"taken here before", {true, true, milliseconds{1}, 0}, refresh},
        {"taken here before, the tenth in a row", {true, true, milliseconds{1}, 9}, refresh},
        {"of this moment", {false, false, milliseconds{0}, 1}, send_again, milliseconds{500}},
        {"a second old", {false, false, milliseconds{1'000}, 1}, send_again, milliseconds{2'000}},
        {"all but settled", {false, false, milliseconds{2'900}, 0}, send_again, milliseconds{100}},
        {"young, of the clock's refresh", {false, false, milliseconds{3'000}, 0}, refresh},
        {"settled and young", {false, false, milliseconds{3'000}, 1}, try_later, milliseconds{57'000}},
        {"young, taken elsewhere", {false, true, milliseconds{59'999}, 1}, try_later, milliseconds{1}},
        {"a minute old", {false, false, milliseconds{60'000}, 1}, refresh},
        {"of the second, not settled", {false, false, milliseconds{100}, 2}, send_again, milliseconds{500}},
        {"of the second, settled", {false, false, milliseconds{3'000}, 2}, try_later, milliseconds{7'000}},
        {"of the second, ten seconds old", {false, false, milliseconds{10'000}, 2}, reconnect},
        {"of the second, old", {false, false, milliseconds{600'000}, 2}, reconnect},
        {"of the second, taken elsewhere",
         {false, true, milliseconds{5'000}, 2},
         try_later,
         milliseconds{55'000}},
        {"of the second, taken elsewhere, old", {false, true, milliseconds{60'000}, 2}, refresh},
    };
    for (const auto& [what, pair, expected, wait] : rows) {
        const auto next = classify_refusal(pair, times);
        EXPECT_EQ(next.what, expected) << what;
        EXPECT_EQ(next.wait, wait) << what;
    }
    EXPECT_EQ(forced_after({false, false, never, 0}), 1U);
    EXPECT_EQ(forced_after({false, false, milliseconds{60'000}, 1}), 2U);
    EXPECT_EQ(forced_after({false, true, milliseconds{60'000}, 1}), 1U) << "what was taken begins anew";
    EXPECT_EQ(forced_after({false, false, std::chrono::hours{3}, 1}), 1U) << "as does what nobody remembers";
}

} // namespace
} // namespace gateway::tokens
