// A disk that is full or fails under the SQLite engine.
#include "store/open_store.hpp"
#include "store/sqlite/line.hpp"
#include "store/sqlite/operations.hpp"
#include "unit/store/store_fixture.hpp"

#include <fstream>

namespace gateway::testing {
namespace {

/// The engine without its port, to be able to make its disk small.
class SqliteTrouble : public ::testing::Test {
protected:
    SqliteTrouble() : line(*store::sqlite_database::open(folder.file("gateway.db")), 100) {}

    template <class F>
    auto job(store::effect what, F work) {
        return run_on(loop, store::on_line(line, what, soon(), std::move(work)));
    }
    void pages_max(int pages) {
        const std::string sql = "PRAGMA max_page_count=" + std::to_string(pages);
        ASSERT_TRUE(job(store::effect::reads, [&sql](store::sqlite_database& at) {
            at.execute(sql.c_str());
            return store::done{};
        }));
    }
    bool write(const std::string& name, std::size_t bytes) {
        const std::string value(bytes, 'x');
        return job(store::effect::writes,
                   [&name, &value](store::sqlite_database& at) {
                       store::sqlite::put_meta(at, name, value);
                       return store::done{};
                   })
            .has_value();
    }
    bool ping() {
        return job(store::effect::writes,
                   [](store::sqlite_database& at) {
                       store::sqlite::ping(at);
                       return store::done{};
                   })
            .has_value();
    }
    bool begin_refresh() {
        const auto now = at_second(++refreshes * 60); // the lease of the last one is over
        const auto begun = job(store::effect::writes, [now](store::sqlite_database& at) {
            const auto held = store::sqlite::take_lease(at, user("ann"), "us", milliseconds{1000}, now);
            return held && store::sqlite::begin_refresh(at, *held, 1, now) != store::refresh_begin::refused;
        });
        return begun && *begun;
    }
    void fill() {
        pages_max(1);
        for (int i = 0; line.how_it_is().now == store::condition::well && i < 1000; ++i)
            write("filler" + std::to_string(i), 20'000);
    }

    temporary_folder folder;
    worker loop;
    store::sqlite_line line;
    int refreshes = 0;
};

TEST_F(SqliteTrouble, V01AFullDiskRefusesWritesAndReadersGoOn) {
    ASSERT_TRUE(write("before", 10));
    fill();
    EXPECT_EQ(line.how_it_is().now, store::condition::no_room);
    EXPECT_FALSE(write("more", 200'000));
    EXPECT_FALSE(ping());
    const auto there = job(store::effect::reads,
                           [](store::sqlite_database& at) { return store::sqlite::find_meta(at, "before"); });
    ASSERT_TRUE(there);
    EXPECT_EQ(**there, "xxxxxxxxxx");
}

TEST_F(SqliteTrouble, V01NoRefreshBeginsWhileItsResultCouldNotBeStored) {
    ASSERT_TRUE(job(store::effect::writes, [](store::sqlite_database& at) {
        return store::sqlite::put_connection(at, connection("ann", 1), 0);
    }));
    ASSERT_TRUE(begin_refresh());
    fill();
    EXPECT_FALSE(begin_refresh());
    EXPECT_EQ(line.how_it_is().now, store::condition::no_room);
    pages_max(1'000'000);
    EXPECT_FALSE(begin_refresh()) << "not before a write proved that there is room";
    EXPECT_TRUE(ping());
    EXPECT_EQ(line.how_it_is().now, store::condition::well);
    EXPECT_TRUE(write("more", 200'000));
}

TEST_F(SqliteTrouble, V01ItHealsWhenThereIsRoomAgainAndTheTrialLeavesNothing) {
    fill();
    pages_max(1'000'000);
    ASSERT_TRUE(ping());
    ASSERT_TRUE(ping()) << "and the trial's own bytes go again";
    const auto trial = job(store::effect::reads,
                           [](store::sqlite_database& at) { return store::sqlite::find_meta(at, "room"); });
    ASSERT_TRUE(trial);
    EXPECT_FALSE(trial->has_value());
}

TEST(SqliteStore, V02ADamagedFileIsSaidToBeBeyondHelpAndNothingIsWrittenAnyMore) {
    const temporary_folder folder;
    worker loop;
    const auto path = folder.file("gateway.db");
    std::int64_t page = 0, page_size = 0;
    {
        auto at = *store::sqlite_database::open(path);
        store::sqlite::put_connection(*at, connection("ann", 1), 0);
        store::query root{*at, "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_files_1'"};
        ASSERT_TRUE(root.row());
        page = root.next_number();
        store::query size{*at, "PRAGMA page_size"};
        ASSERT_TRUE(size.row());
        page_size = size.next_number();
    }
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp((page - 1) * page_size);
    file << std::string(static_cast<std::size_t>(page_size), '\x7f');
    file.close();
    const auto at = *store::open_store("sqlite:" + path);
    EXPECT_TRUE(*run_on(loop, at->find_connection(user("ann"), soon())));
    EXPECT_EQ(at->how_it_is().now, store::condition::well);
    EXPECT_TRUE(run_on(loop, at->find_post(user("ann"), post_id("p"), soon())));
    EXPECT_TRUE(at->post_at_hand(user("ann"), post_id("p"))) << "that she has none";
    EXPECT_FALSE(run_on(loop, at->find_file(file_id::trusted("f"), soon())));
    EXPECT_EQ(at->how_it_is().now, store::condition::beyond_help);
    EXPECT_FALSE(at->post_at_hand(user("ann"), post_id("p"))) << "of a file that is damaged nothing is known";
    EXPECT_FALSE(at->how_it_is().reason.empty());
    EXPECT_FALSE(run_on(loop, at->put_connection(connection("ann", 2), 1, soon())));
    EXPECT_FALSE(run_on(loop, at->ping(soon())));
}

} // namespace
} // namespace gateway::testing
