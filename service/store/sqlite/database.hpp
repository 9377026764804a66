// One SQLite file, opened for this process alone: the only file that includes sqlite3.h stands behind it. It
// is the transaction of the unit that runs; used from one thread (the store's). Statements are PostgreSQL's:
// their row locks are left out (one thread needs none), $1 is bound by name, and greatest(), least() and
// now_ms() are there.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/engine.hpp"
#include "store/statement.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace gateway::store {

class sqlite_database final : public transaction {
public:
    using wall_clock = std::function<wall_time()>;

    /// Opens or makes the file (0600), takes the lock of the process, brings the schema up to date. Fails
    /// with vault_unavailable and a sentence for the operator: another process has it, it is not ours, its
    /// schema is newer than this program.
    static result<std::unique_ptr<sqlite_database>> open(const std::string& path,
                                                         wall_clock clock = wall_now);
    /// One in memory, for tests.
    static result<std::unique_ptr<sqlite_database>> open_in_memory(wall_clock clock);
    /// For open(): takes all.
    sqlite_database(sqlite3* handle, int lock_file, wall_clock clock)
        : handle_(handle), lock_file_(lock_file), clock_(std::move(clock)) {}
    ~sqlite_database() override;

    task<rows> run(const statement& what) override { co_return step(what); }
    void notify(change /*what*/) override {} // this process is alone with the store
    bool require_room() override;
    void refuse(std::string why) override;
    bool failed() const override { return code_ != 0; }
    const std::string& owner() const override { return owner_; }

    /// As run(), at once.
    rows step(const statement& what);

    /// A transaction that writes. Without waiting for the disk its end is durable with that of the next one
    /// that waits and changes a row (one that finds nothing to change writes no log): the log is written in
    /// order, and a wait is for all of it (SQLite, "Write-Ahead Logging").
    void begin(bool waits_for_the_disk);
    /// Statements without rows, several at once.
    void execute(const char* sql);

    /// What went wrong since the last clear_failure(), for the log; no data in it.
    const std::string& error() const { return error_; }
    /// The next job begins with a clean slate. After an I/O error or a damaged file there is none: what the
    /// disk holds is then unknown, and only a new start may find out.
    void clear_failure();
    bool beyond_help() const { return beyond_help_; }

    /// A write found the disk full, and none that needs room was durable since.
    bool no_room() const { return no_room_; }
    /// This transaction writes what needs room: if it is durable, there is some.
    void try_room() { tries_room_ = true; }
    /// As if the write had been tried and had found no room.
    void refuse_for_room();
    /// After COMMIT, by whether it was durable.
    void ended(bool durable);
    /// Moves the log into the file once it is long. Done here and not by SQLite itself, which keeps an error
    /// on this way to itself: a failed fsync must not be tried again and called good (V02).
    void checkpoint_when_due();

    bool in_transaction() const;

private:
    static int note_log_pages(void* self, sqlite3* handle, const char* database, int pages);
    /// A statement and, for each of SQLite's parameters, which of ours it is.
    struct prepared {
        sqlite3_stmt* handle = nullptr;
        std::vector<std::size_t> order;
    };
    class use;
    result<void> set_up(const std::string& path);
    prepared prepare(const char* sql, bool for_long);
    rows read(sqlite3_stmt* handle);
    void note(int code);

    sqlite3* handle_;
    int lock_file_;
    wall_clock clock_;                         // what now_ms() gives
    std::string owner_ = new_ulid(wall_now()); // of rows: any other's are of a process that is gone
    int code_ = 0;
    bool beyond_help_ = false, no_room_ = false, tries_room_ = false;
    bool waits_for_the_disk_ = true;
    int log_pages_ = 0;
    std::string error_;
    std::unordered_map<const void*, prepared> prepared_; // by the address of the literal
};

} // namespace gateway::store
