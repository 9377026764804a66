#include "store/sqlite/database.hpp"

#include "store/sqlite/migrations.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace gateway::store {
namespace {

failure refused(std::string message) {
    return failure{errc::vault_unavailable, std::move(message)};
}

/// The lock is a file of its own: SQLite opens and closes the database file, which would drop POSIX locks.
result<int> lock_for_this_process(const std::string& path) {
    const std::string lock_path = path + ".lock";
    const int file = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return refused("The store's folder cannot be written: " + lock_path);
    if (::flock(file, LOCK_EX | LOCK_NB) == 0) return file;
    ::close(file);
    return refused("Another process has the store " + path + " open; a SQLite store serves one process.");
}

/// Made by us, so that nobody else can read it from its first byte; SQLite gives its side files the same
/// mode.
bool make_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return false;
    ::close(file);
    return true;
}

constexpr const char* patience = "PRAGMA busy_timeout=5000;"; // a backup tool may hold the file for a moment
constexpr int checkpoint_after_pages = 1000;                  // as SQLite has it by itself
constexpr const char* habits =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;" // a token that was acknowledged survives the power going
    "PRAGMA foreign_keys=ON;"
    "PRAGMA secure_delete=ON;" // wiped tokens leave no ciphertext in free pages
    "PRAGMA trusted_schema=OFF;";

} // namespace

result<std::unique_ptr<sqlite_database>> sqlite_database::open(const std::string& path) {
    auto lock = lock_for_this_process(path);
    if (!lock) return lock.error();
    sqlite3* handle = nullptr;
    const bool made = make_file(path);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    const int code = made ? sqlite3_open_v2(path.c_str(), &handle, flags, nullptr) : SQLITE_CANTOPEN;
    auto opened = std::make_unique<sqlite_database>(handle, *lock);
    if (code != SQLITE_OK) return refused("The store cannot be opened: " + path);
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_wal_hook(handle, note_log_pages, opened.get());
    opened->execute(patience);
    if (auto ours = judge_schema(*opened); !ours) return ours.error();
    opened->execute(habits);
    if (opened->failed()) return refused("The store cannot be used: " + path + ": " + opened->error());
    if (auto ready = migrate(*opened); !ready) return ready.error();
    // The lock says no other process lives, so its leases are nobody's.
    opened->execute("DELETE FROM leases");
    if (opened->failed()) return refused("The store cannot be written: " + path + ": " + opened->error());
    return opened;
}

sqlite_database::~sqlite_database() {
    for (const auto& [sql, statement] : statements_)
        sqlite3_finalize(statement);
    sqlite3_close_v2(handle_);
    ::close(lock_file_);
}

void sqlite_database::note(int code) {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE || code_ != 0) return;
    code_ = code;
    error_ = std::string(sqlite3_errstr(code)) + " (" + std::to_string(code) + ")";
    const int kind = code & 0xff;
    if (kind == SQLITE_FULL) {
        no_room_ = true;
        tries_room_ = false;
    }
    if (kind == SQLITE_IOERR || kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB) beyond_help_ = true;
}

void sqlite_database::forgive() {
    if (beyond_help_) return;
    code_ = 0;
    error_.clear();
}

void sqlite_database::refuse_for_room() {
    note(SQLITE_FULL);
}

void sqlite_database::ended(bool durable) {
    if (durable && tries_room_) no_room_ = false;
    tries_room_ = false;
}

int sqlite_database::note_log_pages(void* self, sqlite3*, const char*, int pages) {
    static_cast<sqlite_database*>(self)->log_pages_ = pages;
    return SQLITE_OK;
}

void sqlite_database::checkpoint_when_due() {
    if (failed() || log_pages_ < checkpoint_after_pages) return;
    note(sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr));
}

void sqlite_database::begin(bool waits_for_the_disk) {
    if (waits_for_the_disk != waits_for_the_disk_)
        execute(waits_for_the_disk ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
    if (!failed()) waits_for_the_disk_ = waits_for_the_disk;
    execute("BEGIN IMMEDIATE");
}

void sqlite_database::execute(const char* sql) {
    if (!failed()) note(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr));
}

std::int64_t sqlite_database::changes() const {
    return sqlite3_changes64(handle_);
}

bool sqlite_database::in_transaction() const {
    return sqlite3_get_autocommit(handle_) == 0;
}

sqlite3_stmt* sqlite_database::statement(const char* sql) {
    if (failed()) return nullptr;
    if (const auto found = statements_.find(sql); found != statements_.end()) return found->second;
    sqlite3_stmt* made = nullptr;
    note(sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr));
    if (!failed()) statements_.emplace(sql, made);
    return made;
}

query::query(sqlite_database& at, const char* sql) : at_(at), statement_(at.statement(sql)) {}

query::~query() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_); // sealed bytes do not stay in the cache
}

query& query::text(std::string_view value) {
    const char* data = value.data() == nullptr ? "" : value.data(); // a null pointer would mean NULL
    if (statement_)
        at_.note(sqlite3_bind_text(statement_, ++parameter_, data, static_cast<int>(value.size()),
                                   SQLITE_TRANSIENT));
    return *this;
}

query& query::blob(std::string_view value) {
    const char* data = value.data() == nullptr ? "" : value.data();
    if (statement_)
        at_.note(sqlite3_bind_blob(statement_, ++parameter_, data, static_cast<int>(value.size()),
                                   SQLITE_TRANSIENT));
    return *this;
}

query& query::number(std::int64_t value) {
    if (statement_) at_.note(sqlite3_bind_int64(statement_, ++parameter_, value));
    return *this;
}

query& query::number(std::uint64_t value) {
    return number(static_cast<std::int64_t>(value));
}

query& query::time(wall_time value) {
    return number(unix_ms(value));
}

bool query::row() {
    if (statement_ == nullptr || at_.failed()) return false;
    const int code = sqlite3_step(statement_);
    at_.note(code);
    column_ = 0;
    return code == SQLITE_ROW;
}

std::int64_t query::run() {
    while (row()) {
    }
    return at_.failed() ? 0 : at_.changes();
}

std::string query::next_text() {
    const int at = column_++;
    const void* bytes = sqlite3_column_blob(statement_, at); // text and blob alike, as stored
    const int size = sqlite3_column_bytes(statement_, at);
    return bytes == nullptr ? std::string{}
                            : std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

std::int64_t query::next_number() {
    return sqlite3_column_int64(statement_, column_++);
}

std::uint64_t query::next_count() {
    return static_cast<std::uint64_t>(next_number());
}

wall_time query::next_time() {
    return from_unix_ms(next_number());
}

} // namespace gateway::store
