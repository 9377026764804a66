// How upkeep uses the store: in small units that are marked as upkeep, so that calls get their turn between
// them (job_queue.hpp); and that it reaches every table.
#include "store/sqlite/database.hpp"
#include "store/sqlite/engine.hpp"
#include "store/store.hpp"
#include "unit/store/store_fixture.hpp"

#include <map>
#include <set>

namespace gateway::testing {
namespace {

/// Counts the units that are marked as upkeep, and the others.
class counting_engine final : public store::engine {
public:
    counting_engine() : engine({}), over_(*store::sqlite_database::open_in_memory(wall_now), {}) {}

    task<std::optional<failure>> perform(job& what) override {
        ++(what.how.is_upkeep ? upkeep : others);
        return over_.perform(what);
    }
    task<result<void>> beat(deadline until) override { return over_.beat(until); }
    void spawn(task<void> background) override { over_.spawn(std::move(background)); }
    void stop() override { over_.stop(); }

    int upkeep = 0, others = 0;

private:
    store::sqlite_engine over_;
};

class Upkeep : public ::testing::Test {
protected:
    worker loop;
    counting_engine on;
    store::upkeep sweeper{on};
    store::connections connections{on};
    store::facts facts{on};
};

task<void> add_notes(store::transaction& at) {
    for (int number = 0; number < 1'000; ++number) {
        const std::string hash = std::to_string(number);
        const store::statement add("INSERT INTO webhook_notes (event_hash, noted_at) VALUES ($1, 0)",
                                   store::blob(hash));
        co_await at.run(add);
    }
}

TEST_F(Upkeep, P03ASweepIsManySmallUnitsOfUpkeep) {
    ASSERT_TRUE(run_on(loop, store::run(on, store::unit::writes(), soon(), &add_notes)));
    on.others = 0;
    const auto swept = run_on(loop, sweeper.sweep(wall_now(), soon()));
    ASSERT_TRUE(swept);
    EXPECT_TRUE(*swept);
    EXPECT_GE(on.upkeep, 5);
    EXPECT_EQ(on.others, 0);
}

TEST_F(Upkeep, P03CountingConnectionsIsUpkeep) {
    ASSERT_TRUE(run_on(loop, connections.count_by_state(soon())));
    EXPECT_GE(on.upkeep, 4) << "a unit for each state at least";
    EXPECT_EQ(on.others, 0);
}

/// A table that nobody thought of would grow without a bound.
TEST(StoreTables, V17AuditKEachTableIsSweptOrSaysWhatBoundsIt) {
    const std::set<std::string_view> swept(store::tables_with_an_end.begin(),
                                           store::tables_with_an_end.end());
    const std::map<std::string, std::string, std::less<>> bounded{
        {"connections", "a row for each user"},
        {"other_app_connections", "a row for each user and app"},
        {"refresh_intents", "a row for each user; deleted with the refresh's end or the connection"},
        {"counters", "fixed names and vault keys"},
        {"meta", "fixed names and vault keys"},
        {"caller_usage", "a row for each caller"},
        {"draft_claims", "a row for each published draft of the ledger"},
        {"webhook_deliveries", "given up after webhooks.retry_hours, by the outbox"},
        {"webhook_ends", "a few rows for each caller"},
    };
    const auto at = *store::sqlite_database::open_in_memory(wall_now);
    const store::statement ask("SELECT name FROM sqlite_schema WHERE type = 'table'");
    auto found = at->step(ask);
    int tables = 0;
    for (std::string name; found.next(name); ++tables)
        EXPECT_NE(swept.contains(name), bounded.contains(name)) << name;
    EXPECT_GE(tables, 18);
}

} // namespace
} // namespace gateway::testing
