// Cached rows of the ledger are equal to the file's, also with concurrent writes.
#include "store/post_cache.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace gateway::store {
namespace {

const user_id ann = user_id::trusted("ann");
const user_id ben = user_id::trusted("ben");
const publish_id one = publish_id::trusted("p1");

shared_post row(const std::string& status) {
    post_record out;
    out.user = ann;
    out.id = one;
    out.status = status;
    return std::make_shared<const post_record>(std::move(out));
}

TEST(PostCache, GivesBackWhatTheFileSaidAlsoThatThereIsNothing) {
    post_cache cache;
    EXPECT_FALSE(cache.find(ann, one));
    cache.put(ann, one, row("A"), cache.now(ann));
    cache.put(ben, one, nullptr, cache.now(ben));
    EXPECT_EQ((*cache.find(ann, one))->status, "A");
    ASSERT_TRUE(cache.find(ben, one)) << "that Ben has no such post is known";
    EXPECT_FALSE(*cache.find(ben, one));
    EXPECT_FALSE(cache.find(ann, publish_id::trusted("p2"))) << "of Ann's other posts nothing is known";
}

TEST(PostCache, AReaderNeverPutsBackWhatItReadBeforeAWrite) {
    post_cache cache;
    auto noted = cache.now(ann);
    { const post_cache::changing write(cache, ann); }
    cache.put(ann, one, row("before"), noted);
    EXPECT_FALSE(cache.find(ann, one));

    {
        const post_cache::changing write(cache, ann);
        cache.put(ann, one, row("perhaps before"), cache.now(ann)); // read during the write
    }
    EXPECT_FALSE(cache.find(ann, one));
}

TEST(PostCache, AWriteOfNobodyKnowsWhoseForgetsAll) {
    post_cache cache;
    cache.put(ann, one, row("A"), cache.now(ann));
    const auto noted = cache.now(ben);
    { const post_cache::changing write(cache, user_id{}); }
    EXPECT_FALSE(cache.find(ann, one));
    cache.put(ben, one, row("B"), noted);
    EXPECT_FALSE(cache.find(ben, one));
}

TEST(PostCache, KeepsTheLatestOfAUser) {
    post_cache cache;
    for (int i = 0; i < 100; ++i)
        cache.put(ann, publish_id::trusted("p" + std::to_string(i)), row("A"), cache.now(ann));
    EXPECT_FALSE(cache.find(ann, publish_id::trusted("p0")));
    EXPECT_TRUE(cache.find(ann, publish_id::trusted("p99")));
    cache.put(ann, publish_id::trusted("p99"), row("B"), cache.now(ann));
    EXPECT_EQ((*cache.find(ann, publish_id::trusted("p99")))->status, "B");
    EXPECT_TRUE(cache.find(ann, publish_id::trusted("p84")))
        << "known twice, it would have pushed the oldest out";
}

class PostCacheBounds : public ::testing::Test {
protected:
    static constexpr int users = 20'000;
    static user_id name(int i) { return user_id::trusted("u" + std::to_string(i)); }

    void put_all(const shared_post& said) {
        for (int i = 0; i < users; ++i)
            cache.put(name(i), one, said, cache.now(name(i)));
    }
    /// The number of users who are still cached after all were added.
    int kept(const shared_post& said) {
        put_all(said);
        int sum = 0;
        for (int i = 0; i < users; ++i)
            sum += cache.find(name(i), one).has_value() ? 1 : 0;
        return sum;
    }
    static shared_post row_of(std::size_t settings_bytes) {
        post_record large = *row("A");
        large.settings.assign(settings_bytes, 'x');
        return std::make_shared<const post_record>(std::move(large));
    }

    post_cache cache{64 * 10'000};
};

TEST_F(PostCacheBounds, KeepsAsManyAsFitIntoItsBytes) {
    const int without = kept(nullptr);
    const int with_rows = kept(row("A"));
    EXPECT_GT(without, 64 * 30);
    EXPECT_LT(without, 64 * 100);
    EXPECT_GT(with_rows, 64 * 8);
    EXPECT_LT(with_rows, without / 2);
    EXPECT_EQ(kept(row_of(4'000)), 64);
    EXPECT_NEAR(kept(nullptr), without, without / 10.0) << "what is pushed out counts no more";
}

TEST_F(PostCacheBounds, WhatIsForgottenCountsNoMore) {
    const int without = kept(nullptr);
    for (int round = 0; round < 20; ++round) {
        put_all(row("A"));
        for (int i = 0; i < users; ++i)
            const post_cache::changing write(cache, name(i));
    }
    EXPECT_NEAR(kept(nullptr), without, without / 10.0);
    for (int round = 0; round < 20; ++round) {
        put_all(row("A"));
        const post_cache::changing write(cache, user_id{});
    }
    EXPECT_NEAR(kept(nullptr), without, without / 10.0);
}

TEST_F(PostCacheBounds, ForgetsWhatNoRoomIsLargeEnoughFor) {
    cache.put(ann, one, row("A"), cache.now(ann));
    cache.put(ann, one, row_of(11'000), cache.now(ann));
    EXPECT_FALSE(cache.find(ann, one)) << "nor is the older row given";
    cache.put(ann, one, row("B"), cache.now(ann));
    EXPECT_EQ((*cache.find(ann, one))->status, "B");
}

TEST(PostCache, HasRoomForTwentyFiveThousandRowsAsTheyAre) {
    post_cache cache;
    post_record direct = *row("PROCESSING_UPLOAD");
    direct.attempt = "01JDC4Q1V8K7Z2M9T5R3X6W0AB";
    direct.id = publish_id::trusted("v_pub_file~v2-1.7571035512345678902");
    direct.action = "TIKTOK_UPLOAD_VIDEO";
    direct.settings =
        R"({"caption":"a caption of some length, as captions are","privacy_level":"SELF_ONLY"})";
    direct.sha256.assign(64, 'a');
    const auto said = std::make_shared<const post_record>(std::move(direct));
    const auto name = [](int i) {
        return user_id::trusted("5b3f8c1e-5d57-4b1c-9b42-" + std::to_string(100'000'000 + i));
    };
    for (int i = 0; i < 25'000; ++i)
        cache.put(name(i), said->id, said, cache.now(name(i)));
    int known = 0;
    for (int i = 0; i < 25'000; ++i)
        known += cache.find(name(i), said->id).has_value() ? 1 : 0;
    EXPECT_GT(known, 24'500);
}

} // namespace
} // namespace gateway::store
