// One SQLite file, opened for this process alone: the only file that includes sqlite3.h stands behind it.
// Used from one thread (the store's). The first error is kept and makes every later step of the same job do
// nothing, so that a job reads like its SQL and is judged once, at its end.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace gateway::store {

class sqlite_database {
public:
    /// Opens or makes the file (0600), takes the lock of the process, brings the schema up to date. Fails
    /// with vault_unavailable and a sentence for the operator: another process has it, it is not ours, its
    /// schema is newer than this program.
    static result<std::unique_ptr<sqlite_database>> open(const std::string& path);
    /// For open(): takes both.
    sqlite_database(sqlite3* handle, int lock_file) : handle_(handle), lock_file_(lock_file) {}
    ~sqlite_database();
    sqlite_database(const sqlite_database&) = delete;
    sqlite_database& operator=(const sqlite_database&) = delete;

    /// A transaction that writes. Without waiting for the disk its end is durable with that of the next one
    /// that waits and changes a row (one that finds nothing to change writes no log): the log is written in
    /// order, and a wait is for all of it (SQLite, "Write-Ahead Logging").
    void begin(bool waits_for_the_disk);
    /// Statements without rows, several at once.
    void execute(const char* sql);

    bool failed() const { return code_ != 0; }
    /// What went wrong since the last forgive(), for the log; no data in it.
    const std::string& error() const { return error_; }
    /// The next job begins with a clean slate. After an I/O error or a damaged file there is none: what the
    /// disk holds is then unknown, and only a new start may find out.
    void forgive();
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

    std::int64_t changes() const;
    bool in_transaction() const;
    /// Names this opening of the store: rows of any other are those of a process that is gone.
    const std::string& instance() const { return instance_; }

private:
    friend class query;
    static int note_log_pages(void* self, sqlite3* handle, const char* database, int pages);
    sqlite3_stmt* statement(const char* sql);
    void note(int code);

    sqlite3* handle_;
    int lock_file_;
    std::string instance_ = new_ulid(wall_now());
    int code_ = 0;
    bool beyond_help_ = false, no_room_ = false, tries_room_ = false;
    bool waits_for_the_disk_ = true;
    int log_pages_ = 0;
    std::string error_;
    // Keyed by the text of the literal, which lives as long as the program.
    std::unordered_map<std::string_view, sqlite3_stmt*> statements_;
};

/// One use of a cached statement. Parameters are given in order, columns are read in order.
class query {
public:
    query(sqlite_database& at, const char* sql);
    ~query();
    query(const query&) = delete;
    query& operator=(const query&) = delete;

    query& text(std::string_view value);
    query& blob(std::string_view value);
    query& number(std::int64_t value);
    query& number(std::uint64_t value);
    query& time(wall_time value);

    /// Steps to the next row; false at the end or on an error.
    bool row();
    /// Steps to the end; gives how many rows were changed.
    std::int64_t run();

    std::string next_text();
    std::int64_t next_number();
    std::uint64_t next_count();
    wall_time next_time();

private:
    sqlite_database& at_;
    sqlite3_stmt* statement_;
    int parameter_ = 0;
    int column_ = 0;
};

} // namespace gateway::store
