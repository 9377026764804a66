// What is remembered of the ledger is what the file says, whoever writes meanwhile.
#include "store/sqlite/post_memory.hpp"

#include <gtest/gtest.h>

namespace gateway::store {
namespace {

const user_id ann = user_id::trusted("ann");
const user_id ben = user_id::trusted("ben");
const publish_id one = publish_id::trusted("p1");

post_memory::found row(const std::string& status) {
    post_record out;
    out.user = ann;
    out.id = one;
    out.status = status;
    return out;
}

TEST(PostMemory, GivesBackWhatTheFileSaidAlsoThatThereIsNothing) {
    post_memory memory;
    EXPECT_FALSE(memory.find(ann, one));
    memory.put(ann, one, row("A"), memory.now(ann));
    memory.put(ben, one, std::nullopt, memory.now(ben));
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

TEST(PostMemory, KeepsTheLatestOfAUserAndABoundedNumberOfUsers) {
    post_memory memory;
    for (int i = 0; i < 100; ++i)
        memory.put(ann, publish_id::trusted("p" + std::to_string(i)), row("A"), memory.now(ann));
    EXPECT_FALSE(memory.find(ann, publish_id::trusted("p0")));
    EXPECT_TRUE(memory.find(ann, publish_id::trusted("p99")));
    int kept = 0;
    for (int i = 0; i < 40'000; ++i) {
        const auto user = user_id::trusted("u" + std::to_string(i));
        memory.put(user, one, std::nullopt, memory.now(user));
    }
    for (int i = 0; i < 40'000; ++i)
        kept += memory.find(user_id::trusted("u" + std::to_string(i)), one).has_value() ? 1 : 0;
    EXPECT_EQ(kept, 64 * 256);
}

} // namespace
} // namespace gateway::store
