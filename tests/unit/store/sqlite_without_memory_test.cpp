// An allocation of the SQLite engine fails that even the reserve does not serve.
#include "store/facts.hpp"
#include "store/sqlite/engine.hpp"
#include "unit/base/failing_allocations.hpp"
#include "unit/store/store_fixture.hpp"

#include <latch>
#include <thread>

namespace gateway::testing {
namespace {

task<void> hold_the_thread(std::latch& arrived, std::latch& go_on) {
    arrived.count_down();
    go_on.wait();
    co_return;
}

using found = result<std::optional<std::string>>;

task<void> find(store::facts& facts, std::optional<found>& out) {
    auto got = co_await facts.find("a", soon());
    out.emplace(std::move(got));
}

/// There is no handler of operator new here, as if the reserve were empty.
TEST(SqliteWithoutMemory, P07AuditMAJobIsDoneThoughItsBatchCouldNotBegin) {
    temporary_folder folder;
    worker loop;
    store::sqlite_engine engine(*store::sqlite_database::open(folder.file("gateway.db")), {});
    store::facts facts(engine);
    ASSERT_TRUE(run_on(loop, facts.put("a", "1", soon())));
    std::latch arrived(1), go_on(1);
    engine.spawn(hold_the_thread(arrived, go_on));
    arrived.wait();
    std::optional<found> out;
    loop.group().spawn(find(facts, out)); // adds the job; the batch is posted
    loop.loop().restart();
    loop.loop().poll();
    failing_allocations fault;
    fault.fail_nth(1);
    go_on.count_down(); // from here on only the store's thread allocates
    while (fault.failed() == 0)
        std::this_thread::yield();
    turn_until(loop, [&] { return out.has_value(); });
    ASSERT_TRUE(*out);
    EXPECT_EQ(**out, "1");
    EXPECT_EQ(engine.faults(), 1U);
    EXPECT_EQ(fault.thrown(), 1);
}

} // namespace
} // namespace gateway::testing
