#include "vault/token_cache.hpp"

#include <gtest/gtest.h>

namespace gateway::testing {
namespace {

const user_id ann = user_id::trusted("ann");

vault::shared_tokens set_of(std::uint64_t version, const user_id& user = ann) {
    auto out = std::make_shared<vault::token_set>();
    out->user = user;
    out->version = version;
    return out;
}

/// `sealed_version`: of an earlier pair that took the place of one that did not open.
vault::shared_tokens pair_of(std::uint64_t version, const char* account, std::uint64_t sealed_version = 0) {
    auto out = std::make_shared<vault::token_set>();
    out->user = ann;
    out->version = version;
    out->account = open_id::trusted(account);
    out->access_token = secret{"act"};
    out->sealed_version = sealed_version == 0 ? version : sealed_version;
    return out;
}

TEST(TokenCache, AProcessThatIsAloneIsSureOfWhatItRead) {
    vault::token_cache cache(100);
    const auto read = set_of(1);
    cache.put_read(read, cache.now(ann));
    EXPECT_EQ(cache.find(ann), read);
}

TEST(TokenCache, ASlowReaderNeverBringsAnOldVersionBack) {
    vault::token_cache cache(100);
    const auto before = cache.now(ann);
    cache.put_written(set_of(2), before);
    cache.put_read(set_of(1), before);
    EXPECT_EQ(cache.find(ann)->version, 2U);
}

TEST(TokenCache, AnotherReplicasChangeTakesTheOldSetAway) {
    vault::token_cache cache(100);
    cache.put_read(set_of(1), cache.now(ann));
    cache.changed_elsewhere(ann, 2);
    EXPECT_EQ(cache.find(ann), nullptr);
    EXPECT_EQ(cache.find_stale(ann), nullptr) << "it is old for sure";
    cache.put_read(set_of(2), cache.now(ann));
    cache.changed_elsewhere(ann, 0);
    EXPECT_EQ(cache.find_stale(ann), nullptr) << "it is over";
}

TEST(TokenCache, NewsThatComeLateTakeNothingAwayThatWasReadSince) {
    vault::token_cache cache(100);
    cache.put_read(set_of(2), cache.now(ann));
    cache.changed_elsewhere(ann, 2);
    EXPECT_EQ(cache.find(ann), nullptr) << "its state may be new";
    EXPECT_EQ(cache.find_stale(ann)->version, 2U);
}

TEST(TokenCache, AuditSANoteOfAnyVersionIsAHintToLookAndRefusesNoRow) {
    vault::token_cache cache(100);
    cache.put_read(pair_of(2, "open-1"), cache.now(ann));
    cache.changed_elsewhere(ann, 1'000'000);
    EXPECT_EQ(cache.find(ann), nullptr);
    EXPECT_EQ(cache.now(ann).newest_version, 2U) << "what was read, and not what somebody has said";
    cache.put_read(set_of(2), cache.now(ann));
    EXPECT_EQ(cache.find(ann)->version, 2U);
}

TEST(TokenCache, AWriteIsNotSureWhenAnotherReplicaWroteMeanwhile) {
    vault::token_cache cache(100);
    const auto before = cache.now(ann);
    cache.changed_elsewhere(ann, 2);
    cache.put_written(set_of(2), before);
    EXPECT_EQ(cache.find(ann), nullptr) << "theirs may be the later one";
    EXPECT_EQ(cache.find_stale(ann)->version, 2U);
}

TEST(TokenCache, WhatWasReadOutOfTouchIsUnsureAlsoAfterwards) {
    vault::token_cache cache(100);
    cache.put_read(set_of(1), cache.now(ann));
    cache.feed_connected(false);
    EXPECT_EQ(cache.find(ann), nullptr);
    EXPECT_EQ(cache.find_stale(ann)->version, 1U);
    const auto deaf = cache.now(ann);
    cache.put_read(set_of(2), deaf);
    cache.feed_connected(true);
    EXPECT_EQ(cache.find(ann), nullptr);
    cache.put_read(set_of(3), deaf);
    EXPECT_EQ(cache.find(ann), nullptr) << "it was asked for before";
    cache.put_read(set_of(3), cache.now(ann));
    EXPECT_EQ(cache.find(ann)->version, 3U);
}

TEST(TokenCache, AFullCacheKeepsThoseWhoCameLastRatherThanThoseWhoCameFirst) {
    vault::token_cache cache(64 * 100);
    cache.feed_connected(true);
    const auto named = [](int i) { return user_id::trusted("user" + std::to_string(i)); };
    for (int i = 0; i < 30'000; ++i)
        cache.put_read(set_of(1, named(i)), cache.now(named(i)));
    int first = 0, last = 0;
    for (int i = 0; i < 6'400; ++i) {
        first += cache.find(named(i)) ? 1 : 0;
        last += cache.find(named(30'000 - 1 - i)) ? 1 : 0;
    }
    EXPECT_GT(last, 3'000);
    EXPECT_LT(first, last / 2);
}

TEST(TokenCache, AsManyUsersFitAsItMayHaveHoweverTheyAreSpread) {
    vault::token_cache cache(10'000);
    cache.feed_connected(true);
    const auto named = [](int i) { return user_id::trusted("user" + std::to_string(i)); };
    const auto known = [&](int count) {
        int found = 0;
        for (int i = 0; i < count; ++i)
            found += cache.find(named(i)) ? 1 : 0;
        return found;
    };
    for (int i = 0; i < 10'000; ++i)
        cache.put_read(set_of(1, named(i)), cache.now(named(i)));
    EXPECT_EQ(known(10'000), 10'000);
    for (int i = 10'000; i < 30'000; ++i)
        cache.put_read(set_of(1, named(i)), cache.now(named(i)));
    EXPECT_EQ(known(30'000), 10'000);
    for (int i = 0; i < 30'000; ++i)
        cache.drop(named(i));
    for (int round = 0; round < 2; ++round)
        for (int i = 0; i < 10'000; ++i)
            cache.put_read(set_of(1, named(i)), cache.now(named(i)));
    EXPECT_GT(known(10'000), 8'000) << "those who are gone made room";
}

TEST(TokenCache, V05AuditCRemembersTheNewestVersionOfAUserWhoseTokensAreGone) {
    vault::token_cache cache(100);
    cache.put_read(pair_of(3, "open-1"), cache.now(ann));
    cache.drop(ann);
    EXPECT_EQ(cache.now(ann).newest_version, 3U);
    cache.changed_elsewhere(ann, 0);
    EXPECT_EQ(cache.find_stale(ann), nullptr);
    EXPECT_EQ(cache.now(ann).newest_version, 3U) << "whoever may send a note must not end the memory";
    cache.put_written(set_of(2), cache.now(ann));
    EXPECT_EQ(cache.find_stale(ann), nullptr) << "a write that came back late";
    cache.put_written(set_of(4), cache.now(ann));
    EXPECT_EQ(cache.find(ann)->version, 4U);
}

TEST(TokenCache, V05AuditCRemembersTheAccountOfTheNewestPairThatWasOpened) {
    vault::token_cache cache(100);
    EXPECT_TRUE(cache.now(ann).may_be_of(open_id::trusted("open-1"))) << "nothing is known";
    cache.put_read(pair_of(1, "open-1"), cache.now(ann));
    cache.put_written(pair_of(3, "open-2"), cache.now(ann));
    cache.put_written(pair_of(2, "open-1"), cache.now(ann));
    cache.put_read(set_of(4), cache.now(ann)); // without tokens: its account was not authenticated
    cache.drop(ann);
    EXPECT_TRUE(cache.now(ann).may_be_of(open_id::trusted("open-2")));
    EXPECT_FALSE(cache.now(ann).may_be_of(open_id::trusted("open-1")));
}

TEST(TokenCache, V05AuditCAPairOfTheNewestVersionIsBelievedOnlyOfTheAccountThatWasSeen) {
    const auto first = open_id::trusted("open-1"), second = open_id::trusted("open-2");
    vault::token_cache cache(100);
    EXPECT_TRUE(cache.now(ann).may_be_newest(1, first)) << "nothing is known";
    cache.put_read(pair_of(2, "open-2"), cache.now(ann));
    EXPECT_TRUE(cache.now(ann).may_be_newest(2, second));
    EXPECT_FALSE(cache.now(ann).may_be_newest(2, first)) << "no version is used twice";
    EXPECT_FALSE(cache.now(ann).may_be_newest(1, second));
    EXPECT_TRUE(cache.now(ann).may_be_newest(3, first));
}

TEST(TokenCache, V05AuditCTheVersionOfARowWithoutASealIsNotRemembered) {
    constexpr auto highest = static_cast<std::uint64_t>(INT64_MAX);
    vault::token_cache cache(100);
    cache.put_read(pair_of(1, "open-1"), cache.now(ann));
    cache.put_read(set_of(highest), cache.now(ann));
    EXPECT_EQ(cache.find(ann)->version, highest) << "this is what the store has";
    EXPECT_EQ(cache.now(ann).newest_version, 1U);
    constexpr std::uint64_t earlier = 1;
    cache.put_read(pair_of(highest, "open-1", earlier), cache.now(ann));
    EXPECT_EQ(cache.now(ann).newest_version, 1U) << "nor that of one that was mended";
    cache.put_written(pair_of(2, "open-1"), cache.now(ann));
    EXPECT_EQ(cache.now(ann).newest_version, 2U);
    EXPECT_EQ(cache.find(ann), nullptr) << "that row may be newer: the store is asked";
    EXPECT_EQ(cache.find_stale(ann)->version, 2U);
}

TEST(TokenCache, V05AuditCTheVersionOfAnotherAppsRowIsNoneOfThisAppsPairs) {
    vault::token_cache cache(100);
    cache.put_read(pair_of(1, "open-1"), cache.now(ann));
    auto others = std::make_shared<vault::token_set>();
    others->user = ann;
    others->version = 9;
    others->of_another_app = true;
    const vault::shared_tokens other = others;
    cache.put_read(other, cache.now(ann));
    EXPECT_EQ(cache.find(ann), other);
    EXPECT_EQ(cache.now(ann).newest_version, 1U);
}

TEST(TokenCache, ADoubtedSetIsReadAgainAndADroppedOneIsGone) {
    vault::token_cache cache(100);
    cache.put_read(set_of(1), cache.now(ann));
    cache.mark_stale(ann);
    EXPECT_EQ(cache.find(ann), nullptr);
    EXPECT_EQ(cache.find_stale(ann)->version, 1U);
    cache.drop(ann);
    EXPECT_EQ(cache.find_stale(ann), nullptr);
}

} // namespace
} // namespace gateway::testing
