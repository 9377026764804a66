// The SQLite engine with a full or failing disk.
#include "store/queries.hpp"
#include "store/sqlite/engine.hpp"
#include "store/store.hpp"
#include "unit/store/store_fixture.hpp"

#include <fstream>
#include <new>
#include <stdexcept>

namespace gateway::testing {
namespace {

task<void> execute(store::transaction& at, const store::statement& what) {
    co_await at.run(what);
}

task<void> fail() {
    throw std::logic_error("a bug in the store");
    co_return;
}

/// Uses the engine directly, to limit its disk.
class SqliteTrouble : public ::testing::Test {
protected:
    SqliteTrouble() : line(*store::sqlite_database::open(folder.file("gateway.db")), {}) {}

    void pages_max(int pages) {
        const auto pragma = store::statement::composed("PRAGMA max_page_count=" + std::to_string(pages));
        ASSERT_TRUE(run_on(loop, store::run(line, store::unit::reads(), soon(), &execute, pragma)));
    }
    bool write(const std::string& name, std::size_t bytes) {
        return run_on(loop, facts.put(name, std::string(bytes, 'x'), soon())).has_value();
    }
    bool ping() { return run_on(loop, line.beat(soon())).has_value(); }
    bool begin_refresh() {
        const auto held = run_on(loop, refreshes.take_lease(user("ann"), milliseconds{0}, soon()));
        if (!held || !*held) return false;
        const auto begun = run_on(loop, refreshes.begin(**held, 1, soon()));
        return begun && *begun != store::refresh_begin::refused;
    }
    void fill() {
        pages_max(1);
        for (int i = 0; line.state().now == store::condition::ok && i < 1000; ++i)
            write("filler" + std::to_string(i), 20'000);
    }

    temporary_folder folder;
    worker loop;
    store::sqlite_engine line;
    store::facts facts{line};
    store::connections connections{line};
    store::refreshes refreshes{line};
};

TEST_F(SqliteTrouble, V01AFullDiskRefusesWritesAndReadersGoOn) {
    ASSERT_TRUE(write("before", 10));
    fill();
    EXPECT_EQ(line.state().now, store::condition::disk_full);
    EXPECT_FALSE(write("more", 200'000));
    EXPECT_FALSE(ping());
    const auto there = run_on(loop, facts.find("before", soon()));
    ASSERT_TRUE(there);
    EXPECT_EQ(**there, "xxxxxxxxxx");
}

TEST_F(SqliteTrouble, V01NoRefreshBeginsWhileItsResultCouldNotBeStored) {
    ASSERT_TRUE(run_on(loop, connections.put(connection("ann", 1), 0, {}, soon())));
    ASSERT_TRUE(begin_refresh());
    fill();
    EXPECT_FALSE(begin_refresh());
    EXPECT_EQ(line.state().now, store::condition::disk_full);
    pages_max(1'000'000);
    EXPECT_FALSE(begin_refresh()) << "not before a write proved that there is room";
    EXPECT_TRUE(ping());
    EXPECT_EQ(line.state().now, store::condition::ok);
    EXPECT_TRUE(write("more", 200'000));
}

TEST_F(SqliteTrouble, V01DeathQARefreshWithoutRoomHasFailedAndIsNoOthersTurn) {
    ASSERT_TRUE(run_on(loop, connections.put(connection("ann", 1), 0, {}, soon())));
    const auto held = run_on(loop, refreshes.take_lease(user("ann"), seconds{60}, soon()));
    ASSERT_TRUE(held && *held);
    ASSERT_TRUE(run_on(loop, refreshes.begin(**held, 1, soon()))) << "its row is there, and needs no room";
    fill();
    const auto begun = run_on(loop, refreshes.begin(**held, 1, soon()));
    EXPECT_FALSE(begun) << "refused would mean that another replica refreshes";
    EXPECT_EQ(line.state().now, store::condition::disk_full);
}

TEST_F(SqliteTrouble, V01ItHealsWhenThereIsRoomAgainAndTheTrialLeavesNothing) {
    fill();
    pages_max(1'000'000);
    ASSERT_TRUE(ping());
    ASSERT_TRUE(ping()) << "and the trial's own bytes go again";
    const auto trial = run_on(loop, facts.find("room", soon()));
    ASSERT_TRUE(trial);
    EXPECT_FALSE(trial->has_value());
}

task<void> fail_after_writing(store::transaction& at) {
    store::statement put{"INSERT INTO meta (name, value) VALUES ('half', x'00')"};
    co_await at.run(put);
    throw std::bad_alloc();
}

task<bool> has_half(store::transaction& at) {
    store::statement ask{"SELECT count(*) FROM meta WHERE name = 'half'"};
    const auto found = co_await store::number_of(at, std::move(ask));
    co_return found > 0;
}

TEST(SqliteStore, P07AuditMWhatThrowsFailsAloneAndLeavesNothing) {
    worker loop;
    store::sqlite_engine at(*store::sqlite_database::open_in_memory(wall_now), {});
    at.spawn(fail());
    EXPECT_FALSE(run_on(loop, store::run(at, store::unit::writes(), soon(), &fail_after_writing)));
    const auto found = run_on(loop, store::run(at, store::unit::reads(), soon(), &has_half));
    ASSERT_TRUE(found);
    EXPECT_FALSE(*found);
    EXPECT_EQ(at.faults(), 2U);
    at.stop();
}

TEST(SqliteStore, V02ADamagedFileIsSaidToBeBeyondHelpAndNothingIsWrittenAnyMore) {
    const temporary_folder folder;
    worker loop;
    const auto path = folder.file("gateway.db");
    std::int64_t page = 0, page_size = 0;
    {
        const auto before = *store::open_store("sqlite:" + path);
        ASSERT_TRUE(run_on(loop, before->connections.put(connection("ann", 1), 0, {}, soon())));
    }
    {
        auto at = *store::sqlite_database::open(path);
        auto root = at->step(
            store::statement{"SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_files_1'"});
        ASSERT_TRUE(root.next());
        page = root.next_number();
        auto size = at->step(store::statement{"PRAGMA page_size"});
        ASSERT_TRUE(size.next());
        page_size = size.next_number();
    }
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp((page - 1) * page_size);
    file << std::string(static_cast<std::size_t>(page_size), '\x7f');
    file.close();
    const auto at = *store::open_store("sqlite:" + path);
    EXPECT_TRUE(*run_on(loop, at->connections.find(user("ann"), soon())));
    EXPECT_EQ(at->on().state().now, store::condition::ok);
    EXPECT_TRUE(run_on(loop, at->ledger.find(user("ann"), post_id("p"), soon())));
    EXPECT_TRUE(at->ledger.find_cached(user("ann"), post_id("p"))) << "that she has none";
    EXPECT_FALSE(run_on(loop, at->files.find(file_id::trusted("f"), soon())));
    EXPECT_EQ(at->on().state().now, store::condition::failed);
    EXPECT_FALSE(at->ledger.find_cached(user("ann"), post_id("p")))
        << "of a file that is damaged nothing is known";
    EXPECT_FALSE(at->on().state().reason.empty());
    EXPECT_FALSE(run_on(loop, at->connections.put(connection("ann", 2), 1, {}, soon())));
    EXPECT_FALSE(run_on(loop, at->on().beat(soon())));
}

} // namespace
} // namespace gateway::testing
