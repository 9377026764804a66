#include "base/memory/worker_memory.hpp"

#include "unit/runtime/run_on.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace gateway {
namespace {

constexpr std::size_t frame_bytes = 300;

task<int> one_deeper(int depth) {
    if (depth == 0) co_return 0;
    const int below = co_await one_deeper(depth - 1);
    co_return below + 1;
}

TEST(WorkerMemory, GivesAgainWhatWasGivenBackWhereASizeFits) {
    const worker_memory here;
    void* const first = worker_memory::take(frame_bytes);
    worker_memory::give(first, frame_bytes);
    if (!frames_are_kept) {
        EXPECT_EQ(here.kept_bytes(), 0U);
        return;
    }
    EXPECT_GE(here.kept_bytes(), frame_bytes);
    void* const larger = worker_memory::take(frame_bytes * 2);
    EXPECT_NE(larger, first);
    void* const second = worker_memory::take(frame_bytes - 1);
    EXPECT_EQ(second, first);
    EXPECT_EQ(here.kept_bytes(), 0U);
    worker_memory::give(larger, frame_bytes * 2);
    worker_memory::give(second, frame_bytes - 1);
}

TEST(WorkerMemory, KeepsNoMoreThanItsBoundAndNothingLarge) {
    const worker_memory here;
    std::vector<void*> blocks;
    for (std::size_t i = 0; i < 2 * worker_memory::kept_bytes_max / frame_bytes; ++i)
        blocks.push_back(worker_memory::take(frame_bytes));
    EXPECT_EQ(std::set<void*>(blocks.begin(), blocks.end()).size(), blocks.size());
    for (void* const block : blocks)
        worker_memory::give(block, frame_bytes);
    EXPECT_LE(here.kept_bytes(), worker_memory::kept_bytes_max);
    // A size that is used later is cached, too.
    void* const other = worker_memory::take(2 * frame_bytes);
    worker_memory::give(other, 2 * frame_bytes);
    EXPECT_LE(here.kept_bytes(), worker_memory::kept_bytes_max);
    if (frames_are_kept) {
        void* const again = worker_memory::take(2 * frame_bytes);
        EXPECT_EQ(again, other);
        worker_memory::give(again, 2 * frame_bytes);
    }
    const auto before = here.kept_bytes();
    constexpr std::size_t large = 1 << 20;
    worker_memory::give(worker_memory::take(large), large);
    EXPECT_EQ(here.kept_bytes(), before);
}

TEST(WorkerMemory, IsEachThreadsOwnAndTakesWhatOthersTook) {
    const worker_memory here;
    void* const block = worker_memory::take(frame_bytes);
    std::thread([block] {
        const worker_memory there;
        worker_memory::give(block, frame_bytes);
        EXPECT_EQ(there.kept_bytes() > 0, frames_are_kept);
    }).join();
    EXPECT_EQ(here.kept_bytes(), 0U);
    // Without worker_memory the system's allocator is used.
    std::thread([] { worker_memory::give(worker_memory::take(frame_bytes), frame_bytes); }).join();
}

TEST(WorkerMemory, HoldsTheFramesOfCoroutines) {
    worker home;
    const worker_memory here;
    EXPECT_EQ(testing::run_on(home, one_deeper(20)), 20);
    const auto once = here.kept_bytes();
    EXPECT_EQ(once > 0, frames_are_kept);
    EXPECT_EQ(testing::run_on(home, one_deeper(20)), 20);
    EXPECT_EQ(here.kept_bytes(), once) << "the second run takes what the first has left";
}

TEST(WorkerMemory, HoldsStrings) {
    const worker_memory here;
    {
        worker_string text(frame_bytes, 'x');
        const worker_string moved = std::move(text);
        EXPECT_EQ(moved.size(), frame_bytes);
    }
    EXPECT_EQ(here.kept_bytes() > 0, frames_are_kept);
}

} // namespace
} // namespace gateway
