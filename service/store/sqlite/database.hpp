// One SQLite file, opened exclusively by this process. It is the transaction of the running unit; used on the
// store's thread only. Statements are in PostgreSQL's syntax: row locks are removed (one thread needs none),
// $1 is bound by name, greatest() and least() become max() and min(), and now_ms() is defined. Only its .cpp
// files include sqlite3.h.
#pragma once
#include "base/clock.hpp"
#include "base/descriptor.hpp"
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

/// Who else may read or change the database, as a sentence for the operator; empty if nobody. Looks at the
/// folder, since whoever may write there can put another database in its place, and at the files of SQLite
/// and ours.
std::string describe_exposed_database(const std::string& path);
/// Why its first bytes are not those of our store, or of a newer one; empty if nothing speaks against it. Not
/// while this process has it open: closing the file again would give back SQLite's locks.
std::string describe_foreign_database(const std::string& path);

class sqlite_database final : public transaction {
public:
    using wall_clock = std::function<wall_time()>;

    /// Opens or creates the file (0600), takes the process lock, migrates the schema. `path` is a path and
    /// never one of SQLite's other names. Fails with a sentence for the operator: vault_unavailable if
    /// another process uses it, it is not a store of this program, or its schema is newer than this program;
    /// invalid_input if other users may read or change it.
    static result<std::unique_ptr<sqlite_database>> open(const std::string& path,
                                                         wall_clock clock = wall_now);
    /// One in memory, for tests.
    static result<std::unique_ptr<sqlite_database>> open_in_memory(wall_clock clock);
    /// For open(): takes ownership of all arguments.
    sqlite_database(sqlite3* handle, descriptor lock, wall_clock clock)
        : lock_(std::move(lock)), handle_(handle), clock_(std::move(clock)) {}

    task<rows> run(const statement& what) override { co_return step(what); }
    void notify(change /*what*/) override {} // no other process uses the store
    bool require_room() override;
    void refuse(std::string why) override;
    bool failed() const override { return !error_.empty(); }
    const std::string& owner() const override { return owner_; }

    /// Like run(), without a coroutine.
    rows step(const statement& what);

    /// Begins a transaction that writes. If it does not wait for the disk, it becomes durable with the next
    /// one that waits and changes a row (one without changes writes no log): the log is written in order, and
    /// a sync covers all of it (SQLite, "Write-Ahead Logging").
    void begin(bool waits_for_the_disk);
    /// Statements without rows, several at once.
    void execute(const char* sql);

    /// The error since the last clear_failure(), for the log; contains no data.
    const std::string& error() const { return error_; }
    /// Clears the error for the next job. An I/O error or a damaged file is never cleared: the state of the
    /// disk is then unknown, and only a new start can find it out.
    void clear_failure();
    /// The error is that another process has locked the file: nothing was done, and the same may be tried
    /// again. The database never waits for a lock itself, because its thread would keep no deadline
    /// meanwhile.
    bool found_lock() const { return found_lock_ && failed(); }
    bool beyond_help() const { return beyond_help_; }
    /// What the file holds is not a database, or no whole one.
    bool is_damaged() const { return damaged_; }

    /// A write found the disk full, and no write that needs space was durable since.
    bool no_room() const { return no_room_; }
    /// This transaction needs space: if it becomes durable, there is space again.
    void try_room() { tries_room_ = true; }
    /// Call after COMMIT, with whether it was durable.
    void ended(bool durable);
    /// Moves a long log into the file. Not left to SQLite, which hides errors of this step: a failed fsync
    /// must not be repeated and reported as successful (V02).
    void checkpoint_when_due();

    bool in_transaction() const;

private:
    struct close_handle {
        void operator()(sqlite3* database) const;
        void operator()(sqlite3_stmt* statement) const;
    };
    /// A statement and, for each of SQLite's parameters, the number of ours.
    struct prepared {
        std::unique_ptr<sqlite3_stmt, close_handle> handle;
        std::vector<std::size_t> order;
    };

    static result<std::unique_ptr<sqlite_database>> open_locked(const std::string& path, descriptor lock,
                                                                wall_clock clock);
    result<void> set_up(const std::string& path);
    static int note_log_pages(void* self, sqlite3* handle, const char* database, int pages);
    prepared prepare(const char* sql, unsigned flags);
    const prepared& cached(const char* literal);
    void bind(const prepared& into, const std::vector<statement::parameter>& given);
    rows read(sqlite3_stmt* handle);
    void note(int code);

    descriptor lock_;
    std::unique_ptr<sqlite3, close_handle> handle_;
    wall_clock clock_; // the clock of now_ms()
    std::string owner_ =
        new_ulid(wall_now()); // the owner of rows; rows of other owners belong to earlier processes
    bool beyond_help_ = false, damaged_ = false, no_room_ = false, tries_room_ = false, found_lock_ = false;
    bool waits_for_the_disk_ = true;
    int log_pages_ = 0;
    std::string error_;                                  // empty: none
    std::unordered_map<const void*, prepared> prepared_; // keyed by the address of the literal
};

} // namespace gateway::store
