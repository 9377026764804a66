// What is remembered of the ledger is what the file says, whoever writes meanwhile.
#include "store/sqlite/post_memory.hpp"

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
    return shared(std::move(out));
}

TEST(PostMemory, GivesBackWhatTheFileSaidAlsoThatThereIsNothing) {
    post_memory memory;
    EXPECT_FALSE(memory.find(ann, one));
    memory.put(ann, one, row("A"), memory.now(ann));
    memory.put(ben, one, nullptr, memory.now(ben));
    EXPECT_EQ((*memory.find(ann, one))->status, "A");
    ASSERT_TRUE(memory.find(ben, one)) << "that Ben has no such post is known";
    EXPECT_FALSE(*memory.find(ben, one));
    EXPECT_FALSE(memory.find(ann, publish_id::trusted("p2"))) << "of Ann's other posts nothing is known";
}

TEST(PostMemory, AReaderNeverPutsBackWhatItReadBeforeAWrite) {
    post_memory memory;
    auto noted = memory.now(ann);
    { const post_memory::changing write(memory, ann); }
    memory.put(ann, one, row("before"), noted);
    EXPECT_FALSE(memory.find(ann, one));

    {
        const post_memory::changing write(memory, ann);
        memory.put(ann, one, row("perhaps before"), memory.now(ann)); // read while the write is on its way
    }
    EXPECT_FALSE(memory.find(ann, one));
}

TEST(PostMemory, AWriteOfNobodyKnowsWhoseForgetsAll) {
    post_memory memory;
    memory.put(ann, one, row("A"), memory.now(ann));
    const auto noted = memory.now(ben);
    { const post_memory::changing write(memory, user_id{}); }
    EXPECT_FALSE(memory.find(ann, one));
    memory.put(ben, one, row("B"), noted);
    EXPECT_FALSE(memory.find(ben, one));
}

TEST(PostMemory, KeepsTheLatestOfAUser) {
    post_memory memory;
    for (int i = 0; i < 100; ++i)
        memory.put(ann, publish_id::trusted("p" + std::to_string(i)), row("A"), memory.now(ann));
    EXPECT_FALSE(memory.find(ann, publish_id::trusted("p0")));
    EXPECT_TRUE(memory.find(ann, publish_id::trusted("p99")));
    memory.put(ann, publish_id::trusted("p99"), row("B"), memory.now(ann));
    EXPECT_EQ((*memory.find(ann, publish_id::trusted("p99")))->status, "B");
    EXPECT_TRUE(memory.find(ann, publish_id::trusted("p84")))
        << "known twice, it would have pushed the oldest out";
}

class PostMemoryBounds : public ::testing::Test {
protected:
    static constexpr int users = 20'000;
    static user_id name(int i) { return user_id::trusted("u" + std::to_string(i)); }

    void put_all(const shared_post& said) {
        for (int i = 0; i < users; ++i)
            memory.put(name(i), one, said, memory.now(name(i)));
    }
    /// Users who are still known after all were put.
    int kept(const shared_post& said) {
        put_all(said);
        int sum = 0;
        for (int i = 0; i < users; ++i)
            sum += memory.find(name(i), one).has_value() ? 1 : 0;
        return sum;
    }
    static shared_post row_of(std::size_t settings_bytes) {
        post_record large = *row("A");
        large.settings.assign(settings_bytes, 'x');
        return shared(std::move(large));
    }

    post_memory memory{64 * 10'000};
};

TEST_F(PostMemoryBounds, KeepsAsManyAsFitIntoItsBytes) {
    const int without = kept(nullptr);
    const int with_rows = kept(row("A"));
    EXPECT_GT(without, 64 * 30);
    EXPECT_LT(without, 64 * 100);
    EXPECT_GT(with_rows, 64 * 8);
    EXPECT_LT(with_rows, without / 2);
    EXPECT_EQ(kept(row_of(4'000)), 64);
    EXPECT_NEAR(kept(nullptr), without, without / 10.0) << "what is pushed out counts no more";
}

TEST_F(PostMemoryBounds, WhatIsForgottenCountsNoMore) {
    const int without = kept(nullptr);
    for (int round = 0; round < 20; ++round) {
        put_all(row("A"));
        for (int i = 0; i < users; ++i)
            const post_memory::changing write(memory, name(i));
    }
    EXPECT_NEAR(kept(nullptr), without, without / 10.0);
    for (int round = 0; round < 20; ++round) {
        put_all(row("A"));
        const post_memory::changing write(memory, user_id{});
    }
    EXPECT_NEAR(kept(nullptr), without, without / 10.0);
}

TEST_F(PostMemoryBounds, ForgetsWhatNoRoomIsLargeEnoughFor) {
    memory.put(ann, one, row("A"), memory.now(ann));
    memory.put(ann, one, row_of(11'000), memory.now(ann));
    EXPECT_FALSE(memory.find(ann, one)) << "nor is the older row given";
    memory.put(ann, one, row("B"), memory.now(ann));
    EXPECT_EQ((*memory.find(ann, one))->status, "B");
}

TEST(PostMemory, HasRoomForTwentyFiveThousandRowsAsTheyAre) {
    post_memory memory;
    post_record direct = *row("PROCESSING_UPLOAD");
    direct.attempt = "01JDC4Q1V8K7Z2M9T5R3X6W0AB";
    direct.id = publish_id::trusted("v_pub_file~v2-1.7571035512345678902");
    direct.action = "TIKTOK_UPLOAD_VIDEO";
    direct.settings =
        R"({"caption":"a caption of some length, as captions are","privacy_level":"SELF_ONLY"})";
    direct.sha256.assign(64, 'a');
    const auto said = shared(std::move(direct));
    const auto name = [](int i) {
        return user_id::trusted("5b3f8c1e-5d57-4b1c-9b42-" + std::to_string(100'000'000 + i));
    };
    for (int i = 0; i < 25'000; ++i)
        memory.put(name(i), said->id, said, memory.now(name(i)));
    int known = 0;
    for (int i = 0; i < 25'000; ++i)
        known += memory.find(name(i), said->id).has_value() ? 1 : 0;
    EXPECT_GT(known, 24'500);
}

} // namespace
} // namespace gateway::store
