// The chunk of an upload that is held: its bytes, its digest, and a source that is not as long as announced.
#include "user_api/held_chunk.hpp"

#include "unit/runtime/pieces.hpp"
#include "unit/runtime/run_on.hpp"

#include <gtest/gtest.h>

namespace gateway::user_api {
namespace {

using gateway::testing::pieces;
using gateway::testing::run_on;
using gateway::testing::soon;

class HeldChunk : public ::testing::Test {
protected:
    /// All bytes of a chunk of this size.
    std::string read_chunk(held_chunk& held, std::uint64_t chunk_bytes) {
        while (held.filled_bytes() < chunk_bytes) {
            const auto before = held.filled_bytes();
            const auto read = run_on(loop, held.read_more(chunk_bytes, soon()));
            if (!read) return read.error().message();
            EXPECT_LE(held.filled_bytes() - before, piece_bytes);
        }
        std::string all;
        while (all.size() < chunk_bytes)
            all += held.piece_at(all.size());
        return all;
    }
    worker loop;
    const std::string video = std::string(300'000, 'a') + std::string(100'000, 'b');
};

TEST_F(HeldChunk, M03HoldsOneChunkAfterTheOtherAndHasTheDigestOfAll) {
    pieces from(video, 7'000);
    held_chunk held(from, 300'000);
    EXPECT_EQ(read_chunk(held, 300'000), video.substr(0, 300'000));
    EXPECT_EQ(held.piece_at(1).size(), piece_bytes) << "at most one piece at a time";
    EXPECT_EQ(held.piece_at(299'999), "a");
    held.next();
    EXPECT_EQ(held.filled_bytes(), 0U);
    EXPECT_EQ(read_chunk(held, 100'000), video.substr(300'000));
    EXPECT_TRUE(run_on(loop, held.expect_end(soon())));
    EXPECT_EQ(held.finish_digest(), sha256(video));
}

TEST_F(HeldChunk, TellsOfASourceThatIsShorterOrLonger) {
    pieces shorter(video, video.size());
    held_chunk held(shorter, 500'000);
    const auto told = read_chunk(held, 500'000);
    EXPECT_NE(told.find("ended after 400000 of 400000 bytes"), std::string::npos) << told;
    pieces longer(video, video.size());
    held_chunk part(longer, 300'000);
    read_chunk(part, 300'000);
    const auto more = run_on(loop, part.expect_end(soon()));
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code(), errc::malformed_request);
    EXPECT_NE(more.error().message().find("longer than the 400000 bytes"), std::string::npos);
}

} // namespace
} // namespace gateway::user_api
