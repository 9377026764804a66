// One allocation of the queue of the store's jobs fails, each in turn.
#include "base/memory/memory_reserve.hpp"
#include "unit/base/failing_allocations.hpp"
#include "unit/store/job_queue_fixture.hpp"

#include <functional>
#include <map>
#include <new>

namespace gateway::testing {
namespace {

class JobQueueWithoutMemory : public JobQueue {
protected:
    JobQueueWithoutMemory() { memory_reserve::set_up(); }
    ~JobQueueWithoutMemory() override { std::set_new_handler(nullptr); }

    void fill() {
        const auto late = deadline{steady_now() + milliseconds{20'000}};
        for (const char* name : {"g1", "g2", "g3"})
            add(name, late.of_party(greedy));
        add("q1", soon().of_party(quiet), unit::writes());
        add("q2", late.of_party(quiet));
    }
    /// Each allocation of `step` fails in turn. Both engines call the queue in the body of a coroutine.
    void fail_each_of(const std::function<void()>& step) {
        for (int n = 1; n < 100; ++n) {
            ended.clear();
            fill();
            fault.fail_nth(n);
            memory_reserve::enter_body();
            EXPECT_NO_THROW(step());
            const bool over = fault.stop();
            queue.reopen();
            take(9);
            ASSERT_EQ(ended.size(), 5U) << "each job has an end";
            EXPECT_TRUE(queue.empty());
            memory_reserve::refill();
            if (over) return;
        }
        ADD_FAILURE() << "it allocates without end";
    }

    failing_allocations fault;
};

TEST_F(JobQueueWithoutMemory, P07AuditMNoFailedAllocationLeavesItHalfChanged) {
    fail_each_of([this] { queue.take(4); });
    fail_each_of([this] { queue.take_reads(4); });
    fail_each_of([this] { queue.give_back(queue.take(5)); });
    fail_each_of([this] { queue.refuse_late(steady_now() + milliseconds{30'000}); });
    fail_each_of([this] { queue.close(); });
    EXPECT_GT(fault.failed(), 10);
    EXPECT_EQ(fault.thrown(), 0);
}

} // namespace
} // namespace gateway::testing
