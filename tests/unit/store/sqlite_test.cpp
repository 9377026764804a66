// The SQLite engine: the suite of all engines, and tests of this engine only.
#include "runtime/task_group.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/engine.hpp"
#include "store/store.hpp"
#include "unit/store/followed_posts.hpp"
#include "unit/store/outbox_fixture.hpp"

#include <sqlite3.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace gateway::testing {
namespace {

std::unique_ptr<store::store> open_sqlite(const temporary_folder& in) {
    auto opened = store::open_store("sqlite:" + in.file("gateway.db"));
    if (!opened) throw std::runtime_error(opened.error().message());
    return std::move(*opened);
}

/// How far the stores' clock is ahead.
std::atomic<milliseconds>& passed() {
    static std::atomic<milliseconds> all{milliseconds{0}};
    return all;
}

std::unique_ptr<store::store> open_with_clock(const temporary_folder& in) {
    auto clock = [] { return wall_now() + passed().load(); };
    auto opened = store::open_sqlite_engine(in.file("gateway.db"), {}, std::move(clock));
    if (!opened) throw std::runtime_error(opened.error().message());
    return std::make_unique<store::store>(std::move(*opened));
}

void pass_time(const temporary_folder&, milliseconds by) {
    passed() = passed().load() + by;
}

std::string bytes_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

task<void> claim(store::store& at, std::string draft, std::string attempt, int& claimed) {
    const auto first = co_await at.ledger.claim_draft(user("ann"), post_id(draft), attempt, soon());
    if (first && *first == attempt) ++claimed;
}

task<void> begin(store::store& at, std::string attempt, int& good, int& bad) {
    store::post_record record;
    record.attempt = std::move(attempt);
    const auto begun = co_await at.ledger.begin(std::move(record), soon());
    ++(begun ? good : bad);
}

task<void> connect(store::store& at, std::string name, int& good) {
    store::grant_permit no_permit;
    const auto stored = co_await at.connections.put(connection(name, 1), 0, std::move(no_permit), soon());
    if (stored && *stored) ++good;
}

void make_old(const temporary_folder& in) {
    const auto path = in.file("gateway.db");
    sqlite3* at = nullptr;
    const auto sql = "BEGIN;" + bytes_of(OLD_STORES "/4a13757_sqlite.sql") + "COMMIT;";
    const bool made = sqlite3_open(path.c_str(), &at) == SQLITE_OK
                      && sqlite3_exec(at, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
    const std::string trouble = sqlite3_errmsg(at);
    sqlite3_close(at);
    if (!made) throw std::runtime_error(trouble);
    if (::chmod(path.c_str(), 0600) != 0) throw std::runtime_error("the old store cannot be made private");
}

} // namespace

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreSuite,
                         ::testing::Values(store_engine{"Sqlite", open_with_clock, pass_time}),
                         [](const auto& made) { return made.param.name; });
INSTANTIATE_TEST_SUITE_P(Sqlite, FollowedPosts,
                         ::testing::Values(store_engine{"Sqlite", open_with_clock, pass_time}),
                         [](const auto& made) { return made.param.name; });

INSTANTIATE_TEST_SUITE_P(Sqlite, OutboxSuite,
                         ::testing::Values(store_engine{"Sqlite", open_with_clock, pass_time}),
                         [](const auto& made) { return made.param.name; });
INSTANTIATE_TEST_SUITE_P(Sqlite, FailingOutboxSuite,
                         ::testing::Values(store_engine{"Sqlite", open_with_clock, pass_time}),
                         [](const auto& made) { return made.param.name; });
INSTANTIATE_TEST_SUITE_P(Sqlite, OldStoreSuite,
                         ::testing::Values(store_engine{"Sqlite", open_with_clock, pass_time, make_old}),
                         [](const auto& made) { return made.param.name; });

TEST(SqliteStore, V10RefusesASecondProcessOnOneStore) {
    const temporary_folder folder;
    const auto first = open_sqlite(folder);
    const auto second = store::open_store("sqlite:" + folder.file("gateway.db"));
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message().find("Another process"), std::string::npos);
}

TEST(SqliteStore, KeepsWhatItHeldOverARestartButNoLease) {
    const temporary_folder folder;
    worker loop;
    auto at = open_sqlite(folder);
    ASSERT_TRUE(*run_on(loop, at->connections.put(connection("ann", 1), 0, {}, soon())));
    ASSERT_TRUE(*run_on(loop, at->refreshes.take_lease(user("ann"), milliseconds{60'000}, soon())));
    at.reset();
    at = open_sqlite(folder);
    EXPECT_TRUE(*run_on(loop, at->connections.find(user("ann"), soon())));
    EXPECT_TRUE(*run_on(loop, at->refreshes.take_lease(user("ann"), milliseconds{60'000}, soon())));
}

TEST(SqliteStore, HourKADamagedFileIsToldWithItsPathAndItsCureAndNotTriedAgain) {
    const temporary_folder folder;
    const auto path = folder.file("gateway.db");
    {
        auto at = *store::sqlite_database::open(path);
        at->execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE");
        ASSERT_FALSE(at->failed()) << at->error();
    }
    std::filesystem::resize_file(path, 9'000);
    const auto refused = store::open_store("sqlite:" + path);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::invalid_input) << "another start does not help";
    EXPECT_NE(refused.error().message().find(path), std::string::npos) << refused.error().message();
    EXPECT_NE(refused.error().message().find("copy"), std::string::npos) << refused.error().message();
}

TEST(SqliteStore, V14RefusesASchemaNewerThanItselfAndTouchesNothing) {
    const temporary_folder folder;
    const auto path = folder.file("gateway.db");
    {
        auto at = *store::sqlite_database::open(path);
        at->execute("PRAGMA user_version=99; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE");
        ASSERT_FALSE(at->failed()) << at->error();
    }
    const auto before = bytes_of(path);
    const auto refused = store::open_store("sqlite:" + path);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message().find("schema 99"), std::string::npos);
    EXPECT_EQ(refused.error().code(), errc::invalid_input) << "another start does not help";
    EXPECT_EQ(bytes_of(path), before);
}

TEST(SqliteStore, RefusesTheFileOfAnotherProgram) {
    const temporary_folder folder;
    std::ofstream(folder.file("text.db")) << std::string(5000, 'x');
    ASSERT_EQ(::chmod(folder.file("text.db").c_str(), 0600), 0);
    const auto refused = store::open_store("sqlite:" + folder.file("text.db"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::invalid_input);
    EXPECT_EQ(bytes_of(folder.file("text.db")), std::string(5000, 'x'));
    EXPECT_FALSE(store::open_store("sqlite:/nowhere/at/all.db"));
}

TEST(SqliteStore, TheLogIsMovedIntoTheFileBeforeItGrowsLong) {
    const temporary_folder folder;
    worker loop;
    const auto at = open_sqlite(folder);
    auto large = connection("ann", 1);
    large.sealed_tokens.assign(400'000, 'x');
    for (std::uint64_t version = 1; version <= 60; ++version) { // 24 MB
        large.version = version;
        ASSERT_TRUE(*run_on(loop, at->connections.put(large, version - 1, {}, soon())));
    }
    EXPECT_LT(std::filesystem::file_size(folder.file("gateway.db-wal")), 12'000'000U);
}

TEST(SqliteStore, MakesItsFilesReadableByTheirOwnerOnly) {
    const temporary_folder folder;
    worker loop;
    const auto at = open_sqlite(folder);
    ASSERT_TRUE(run_on(loop, at->on().beat(soon())));
    for (const char* name : {"gateway.db", "gateway.db-wal", "gateway.db.lock"}) {
        const auto mode = std::filesystem::status(folder.file(name)).permissions();
        EXPECT_EQ(mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
                  std::filesystem::perms::none)
            << name;
    }
}

TEST(SqliteStore, AuditQAPathIsOnlyAPathWhateverSqliteWouldTakeItFor) {
    const temporary_folder folder;
    worker loop;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.file("."));
    for (const char* name :
         {":memory:", "file:x?mode=memory", "file:y?mode=memory&cache=shared", "file::memory:"}) {
        {
            const auto at = store::open_store("sqlite:" + std::string(name));
            ASSERT_TRUE(at) << at.error().message();
            ASSERT_TRUE(*run_on(loop, (*at)->connections.put(connection("ann", 1), 0, {}, soon())));
        }
        const auto again = store::open_store("sqlite:" + std::string(name));
        ASSERT_TRUE(again) << again.error().message();
        EXPECT_TRUE(*run_on(loop, (*again)->connections.find(user("ann"), soon()))) << name;
        EXPECT_GT(std::filesystem::file_size(folder.file(name)), 0U);
    }
    std::filesystem::current_path(before);
}

TEST(SqliteStore, AuditQRefusesADatabaseThatOthersMayReadOrWriteAndSaysWhich) {
    const temporary_folder folder;
    open_sqlite(folder).reset();
    for (const char* name :
         {"gateway.db", "gateway.db-wal", "gateway.db-shm", "gateway.db-journal", "gateway.db.lock"}) {
        const auto path = folder.file(name);
        std::ofstream(path, std::ios::app).flush();
        for (const ::mode_t mode : {0604U, 0602U, 0644U, 0666U, 0601U}) {
            ASSERT_EQ(::chmod(path.c_str(), mode), 0);
            const auto refused = store::open_store("sqlite:" + folder.file("gateway.db"));
            ASSERT_FALSE(refused) << name << " " << mode;
            EXPECT_EQ(refused.error().code(), errc::invalid_input);
            EXPECT_NE(refused.error().message().find(path), std::string::npos) << refused.error().message();
        }
        std::filesystem::remove(path);
    }
    EXPECT_TRUE(open_sqlite(folder));
}

TEST(SqliteStore, AuditQTakesFromTheGroupWhatKubernetesGivesItAndLeavesItTheReading) {
    const temporary_folder folder;
    open_sqlite(folder).reset();
    const auto path = folder.file("gateway.db");
    ASSERT_EQ(::chmod(path.c_str(), 0660), 0);
    const auto at = open_sqlite(folder);
    worker loop;
    ASSERT_TRUE(run_on(loop, at->on().beat(soon())));
    for (const auto& file : {path, path + "-wal"}) {
        struct stat facts {};
        ASSERT_EQ(::stat(file.c_str(), &facts), 0);
        EXPECT_EQ(facts.st_mode & 0777U, 0640U) << file;
    }
}

TEST(SqliteStore, AuditQRefusesAFolderInWhichOthersCanPutAnotherDatabase) {
    const temporary_folder folder;
    for (const ::mode_t mode : {0777U, 01777U, 0702U}) {
        ASSERT_EQ(::chmod(folder.file("").c_str(), mode), 0);
        const auto refused = store::open_store("sqlite:" + folder.file("gateway.db"));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code(), errc::invalid_input);
        EXPECT_FALSE(std::filesystem::exists(folder.file("gateway.db")));
    }
    for (const ::mode_t mode : {0755U, 0750U, 02770U}) {
        ASSERT_EQ(::chmod(folder.file("").c_str(), mode), 0);
        EXPECT_TRUE(open_sqlite(folder)) << "the group is this process's own";
    }
}

TEST(SqliteStore, SharesACommitBetweenJobsAndFailsOnlyTheOneThatIsWrong) {
    const temporary_folder folder;
    worker loop;
    const auto at = open_sqlite(folder);
    int good = 0, bad = 0, claimed = 0;
    task_group group(loop.executor());
    for (int i = 0; i < 100; ++i) {
        group.spawn(begin(*at, i % 10 == 0 ? "same" : "attempt" + std::to_string(i), good, bad));
        group.spawn(claim(*at, "d" + std::to_string(i / 2), std::to_string(i), claimed));
    }
    run_on(loop, group.wait_empty(soon()));
    EXPECT_EQ(good, 91);
    EXPECT_EQ(bad, 9);
    EXPECT_EQ(claimed, 50);
    EXPECT_TRUE(*run_on(loop, at->ledger.find_attempt("attempt99", soon())));
}

TEST(SqliteStore, APageEndsAfterAThousandRowsOnWhichAPatternWasTried) {
    const temporary_folder folder;
    worker loop;
    const auto at = open_sqlite(folder);
    task_group group(loop.executor());
    int good = 0;
    for (int i = 0; i < 1'200; ++i)
        group.spawn(connect(*at, "user" + std::to_string(10'000 + i), good));
    run_on(loop, group.wait_empty(soon()));
    ASSERT_EQ(good, 1'200);
    const std::vector<std::string> patterns{"u*1100", "u*1150"};
    const auto first = *run_on(loop, at->connections.list(patterns, "", 1, soon()));
    EXPECT_TRUE(first.rows.empty());
    EXPECT_EQ(first.next, "user10999");
    const auto second = *run_on(loop, at->connections.list(patterns, first.next, 1, soon()));
    ASSERT_EQ(second.rows.size(), 1U);
    EXPECT_EQ(second.next, "user11100");
    const auto last = *run_on(loop, at->connections.list(patterns, second.next, 1, soon()));
    ASSERT_EQ(last.rows.size(), 1U);
    EXPECT_EQ(last.rows[0].user.text(), "user11150");
    EXPECT_EQ(last.next, "");
}

TEST(SqliteStore, L09APageEndsAfterAThousandRowsAlsoOfSeveralPatterns) {
    const temporary_folder folder;
    worker loop;
    const auto at = open_sqlite(folder);
    task_group group(loop.executor());
    int good = 0;
    for (int i = 0; i < 600; ++i)
        for (const char* head : {"a", "b"})
            group.spawn(connect(*at, head + std::to_string(1'000 + i), good));
    run_on(loop, group.wait_empty(soon()));
    ASSERT_EQ(good, 1'200);
    const std::vector<std::string> patterns{"a*x", "b*x"};
    const auto first = *run_on(loop, at->connections.list(patterns, "", 100, soon()));
    EXPECT_TRUE(first.rows.empty());
    EXPECT_EQ(first.next, "b1399");
    const auto second = *run_on(loop, at->connections.list(patterns, first.next, 100, soon()));
    EXPECT_TRUE(second.rows.empty());
    EXPECT_EQ(second.next, "");
}

TEST(SqliteStore, L09APageEndsAfterAHundredPatternsAndTheListFindsAllTheSame) {
    const temporary_folder folder;
    worker loop;
    const auto at = open_sqlite(folder);
    std::vector<std::string> patterns, expected{"n1000", "n1150", "n1249"};
    for (int i = 0; i < 250; ++i)
        patterns.push_back("n" + std::to_string(1'000 + i));
    for (const auto& name : expected)
        ASSERT_TRUE(*run_on(loop, at->connections.put(connection(name, 1), 0, {}, soon())));
    std::vector<std::string> found;
    std::string cursor;
    int pages = 0;
    do {
        auto page = *run_on(loop, at->connections.list(patterns, cursor, 100, soon()));
        for (const auto& row : page.rows)
            found.push_back(row.user.text());
        cursor = page.next;
    } while (!cursor.empty() && ++pages < 10);
    EXPECT_EQ(found, expected);
    EXPECT_EQ(pages, 2) << "after two of them there is another";
}

TEST(SqliteStore, RefusesJobsBeyondItsLineInsteadOfHoldingThem) {
    const temporary_folder folder;
    worker loop;
    auto opened = store::open_store("sqlite:" + folder.file("gateway.db"), {.waiting_max = 4});
    ASSERT_TRUE(opened);
    int good = 0, bad = 0;
    task_group group(loop.executor());
    for (int i = 0; i < 500; ++i)
        group.spawn(begin(**opened, "a" + std::to_string(i), good, bad));
    run_on(loop, group.wait_empty(soon()));
    EXPECT_EQ(good + bad, 500);
    EXPECT_GE(good, 4);
    EXPECT_GT(bad, 0);
}

} // namespace gateway::testing
