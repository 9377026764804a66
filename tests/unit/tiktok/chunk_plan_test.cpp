#include "tiktok/chunk_plan.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <random>

namespace gateway::tiktok {
namespace {

struct planned {
    std::uint64_t size;
    std::optional<std::uint64_t> hint;
    std::uint64_t chunk_size, count, last;
};

// The whole table of docs/tiktok-wire.md §5.1, and the sizes of the flow tests.
constexpr std::optional<std::uint64_t> none;
const planned table[] = {
    {1, none, 1, 1, 1},
    {40, none, 40, 1, 40},
    {4'194'304, none, 4'194'304, 1, 4'194'304},
    {5'000'000, none, 5'000'000, 1, 5'000'000},
    {9'000'000, 5'242'880, 9'000'000, 1, 9'000'000},
    {10'485'760, 5'242'880, 5'242'880, 2, 5'242'880},
    {50'000'123, 10'000'000, 10'000'000, 5, 10'000'123},
    {50'000'123, none, 10'000'000, 5, 10'000'123},
    {19'999'999, none, 19'999'999, 1, 19'999'999},
    {64'000'000, none, 10'000'000, 6, 14'000'000},
    {64'000'000, 64'000'000, 64'000'000, 1, 64'000'000},
    {64'000'001, none, 10'000'000, 6, 14'000'001},
    {66'259'900, 64'000'000, 33'129'950, 2, 33'129'950},
    {73'400'320, 10'485'760, 10'485'760, 7, 10'485'760},
    {150'000'000, 64'000'000, 64'000'000, 2, 86'000'000},
    {150'000'000, none, 10'000'000, 15, 10'000'000},
    {158'008'374, 5'242'880, 5'242'880, 30, 5'964'854},
    {4'294'967'296, none, 10'000'000, 429, 14'967'296},
    {4'294'967'296, 64'000'000, 64'000'000, 67, 70'967'296},
};

TEST(ChunkPlan, M05IsTheTableOfTheManual) {
    for (const planned& row : table) {
        const auto plan = plan_chunks(row.size, row.hint);
        ASSERT_TRUE(plan) << row.size;
        EXPECT_EQ(plan->chunk_size_bytes, row.chunk_size) << row.size;
        EXPECT_EQ(plan->chunk_count, row.count) << row.size;
        EXPECT_EQ(plan->at(row.count - 1).size_bytes(), row.last) << row.size;
    }
}

TEST(ChunkPlan, M05RefusesNothingAndMoreThanFourGibibytes) {
    for (const std::uint64_t size : {std::uint64_t{0}, video_bytes_max + 1, ~std::uint64_t{0}}) {
        const auto plan = plan_chunks(size, none);
        ASSERT_FALSE(plan);
        EXPECT_EQ(plan.error().code(), errc::invalid_input);
        EXPECT_EQ(plan.error().details()->fields.at(0).field, "file_to_upload");
    }
}

/// C1-C6 with bounds that are valid whether MB is decimal or binary.
void expect_within_the_rules(const chunk_plan& plan) {
    const std::uint64_t n = plan.chunk_count;
    ASSERT_GE(n, 1U);
    ASSERT_LE(n, 1000U);
    ASSERT_EQ(n, plan.size_bytes / plan.chunk_size_bytes);
    if (n == 1) {
        ASSERT_EQ(plan.chunk_size_bytes, plan.size_bytes);
        ASSERT_LE(plan.size_bytes, chunk_bytes_max);
    } else {
        ASSERT_GE(plan.chunk_size_bytes, chunk_bytes_min);
        ASSERT_LE(plan.chunk_size_bytes, chunk_bytes_max);
        ASSERT_LT(plan.at(n - 1).size_bytes(), 128'000'000U);
    }
    std::uint64_t next = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
        ASSERT_EQ(plan.at(i).first, next);
        next = plan.at(i).last + 1;
    }
    ASSERT_EQ(next, plan.size_bytes);
    ASSERT_EQ(plan.largest_chunk_bytes(), plan.at(n - 1).size_bytes());
}

TEST(ChunkPlan, M05KeepsEveryRuleForAnySizeAndHint) {
    std::mt19937_64 random(42);
    const std::uint64_t borders[] = {1,           5'000'000,   chunk_bytes_min,    9'999'999,  10'000'000,
                                     19'999'999,  20'000'000,  chunk_bytes_max,    67'108'864, 127'999'999,
                                     128'000'000, 128'000'001, video_bytes_max - 1};
    for (int i = 0; i < 20'000; ++i) {
        std::uint64_t size = 1 + random() % video_bytes_max;
        if (i % 3 == 0) size = borders[random() % std::size(borders)] + random() % 3;
        if (i % 3 == 1) size = 1 + random() % 140'000'000;
        std::optional<std::uint64_t> hint;
        if (random() % 3) hint = random() % 2 ? random() : random() % 80'000'000;
        const auto plan = plan_chunks(std::min(size, video_bytes_max), hint);
        ASSERT_TRUE(plan);
        expect_within_the_rules(*plan);
    }
}

} // namespace
} // namespace gateway::tiktok
