// Another process has locked the file of the SQLite engine, as a backup does.
#include "store/store.hpp"
#include "unit/store/store_fixture.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace gateway::testing {
namespace {

/// A connection beside the store's.
class locking_tool {
public:
    explicit locking_tool(const std::string& path) {
        if (sqlite3_open(path.c_str(), &at_) != SQLITE_OK) throw std::runtime_error("cannot open " + path);
    }
    ~locking_tool() { sqlite3_close(at_); }
    locking_tool(const locking_tool&) = delete;
    locking_tool& operator=(const locking_tool&) = delete;

    bool execute(const char* sql) { return sqlite3_exec(at_, sql, nullptr, nullptr, nullptr) == SQLITE_OK; }

private:
    sqlite3* at_ = nullptr;
};

task<void> put(store::facts& facts, std::string name, deadline until, std::optional<result<void>>& out) {
    auto done = co_await facts.put(std::move(name), "1", until);
    out.emplace(std::move(done));
}

class SqliteLock : public ::testing::Test {
protected:
    temporary_folder folder;
    worker loop;
    std::unique_ptr<store::store> at = *store::open_store("sqlite:" + folder.file("gateway.db"));
    locking_tool tool{folder.file("gateway.db")};
};

TEST_F(SqliteLock, AuditJAWriteIsAnsweredAtItsDeadlineWhileTheFileIsLocked) {
    ASSERT_TRUE(tool.execute("BEGIN EXCLUSIVE"));
    const auto began = steady_now();
    const auto late = run_on(loop, at->facts.put("a", "1", in(300)));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), errc::deadline_exceeded);
    EXPECT_GE(steady_now() - began, milliseconds{300});
    EXPECT_LT(steady_now() - began, milliseconds{2'000});
}

TEST_F(SqliteLock, AuditJReadsGoOnWhileAWriteWaitsForTheLockAndIsDoneAfterIt) {
    ASSERT_TRUE(tool.execute("BEGIN EXCLUSIVE"));
    std::optional<result<void>> written, late;
    loop.group().spawn(put(at->facts, "a", soon(), written));
    loop.group().spawn(put(at->facts, "b", in(200), late));
    turn_until(loop, [&] { return late.has_value(); });
    EXPECT_FALSE(*late);
    const auto found = run_on(loop, at->facts.find("a", soon()));
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->has_value());
    EXPECT_FALSE(written.has_value());
    EXPECT_EQ(at->on().trouble(), "another process has locked the file");
    ASSERT_TRUE(tool.execute("COMMIT"));
    turn_until(loop, [&] { return written.has_value(); });
    EXPECT_TRUE(*written);
    EXPECT_EQ(at->on().trouble(), "");
    EXPECT_EQ(run_on(loop, at->facts.find("a", soon()))->value_or(""), "1");
    EXPECT_FALSE(run_on(loop, at->facts.find("b", soon()))->has_value());
}

TEST_F(SqliteLock, AuditJReadsGoOnHoweverManyWritesOfTheSameCallerWaitForTheLock) {
    ASSERT_TRUE(tool.execute("BEGIN EXCLUSIVE"));
    constexpr std::size_t count = 400; // more than a batch
    std::vector<std::optional<result<void>>> written(count);
    for (std::size_t i = 0; i < count; ++i)
        loop.group().spawn(put(at->facts, "w" + std::to_string(i), soon(), written[i]));
    const auto found = run_on(loop, at->facts.find("a", soon()));
    EXPECT_TRUE(found);
    const auto has_ended = [](const std::optional<result<void>>& one) { return one.has_value(); };
    EXPECT_TRUE(std::none_of(written.begin(), written.end(), has_ended)) << "they wait for some seconds";
    ASSERT_TRUE(tool.execute("COMMIT"));
    turn_until(loop, [&] { return std::all_of(written.begin(), written.end(), has_ended); });
    EXPECT_TRUE(*written.back());
}

} // namespace
} // namespace gateway::testing
