// One allocation fails, each in turn, after a background coroutine has failed.
#include "base/memory/memory_reserve.hpp"
#include "runtime/keep_running.hpp"
#include "unit/base/failing_allocations.hpp"
#include "unit/runtime/run_on.hpp"

#include <new>

namespace gateway {
namespace {

/// Throws once, and then an allocation fails.
task<void> fail_once(testing::failing_allocations& memory, int n, int& times) {
    if (++times > 1) co_return;
    memory.fail_nth(n);
    throw n;
}

TEST(Worker, P07AuditMNoFailedAllocationTakesItsPauseFromABackgroundCoroutine) {
    memory_reserve::set_up();
    testing::failing_allocations memory;
    bool over = false;
    for (int n = 1; !over && n < 100; ++n) {
        worker w;
        int times = 0, noted = 0;
        const auto start = [&] { return fail_once(memory, n, times); };
        const auto note = [&noted](const std::exception_ptr&) { ++noted; };
        const auto pause = milliseconds{10};
        const auto begun = steady_now();
        w.group().spawn(keep_running(start, note, pause));
        testing::turn_until(w, [&] { return times == 2; });
        over = memory.stop();
        // An allocation of the start itself may be the one: that is another fault, with a pause of its own.
        EXPECT_GE(steady_now() - begun, noted * pause) << n;
        EXPECT_TRUE(testing::run_on(w, w.group().wait_empty(testing::soon())));
        EXPECT_LE(noted, 2) << n;
        memory_reserve::refill();
    }
    EXPECT_TRUE(over);
    EXPECT_GT(memory.failed(), 1);
    std::set_new_handler(nullptr);
}

} // namespace
} // namespace gateway
