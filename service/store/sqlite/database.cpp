#include "store/sqlite/database.hpp"

#include "store/sqlite/migrations.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <limits>
#include <sys/file.h>
#include <unistd.h>

namespace gateway::store {
namespace {

failure refused(std::string message) {
    return failure{errc::vault_unavailable, std::move(message)};
}

/// The lock is a separate file, because SQLite opens and closes the database file, which would release POSIX
/// locks.
result<int> lock_for_this_process(const std::string& path) {
    const std::string lock_path = path + ".lock";
    const int file = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return refused("The store's folder cannot be written: " + lock_path);
    if (::flock(file, LOCK_EX | LOCK_NB) == 0) return file;
    ::close(file);
    return refused("Another process has the store " + path + " open; a SQLite store serves one process.");
}

/// Created here with a private mode from the start; SQLite gives its other files the same mode.
bool make_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return false;
    ::close(file);
    return true;
}

constexpr const char* busy_timeout = "PRAGMA busy_timeout=5000;"; // a backup tool may lock the file briefly
constexpr int checkpoint_after_pages = 1000;                      // SQLite's default
constexpr const char* pragmas =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;" // an acknowledged token survives a power failure
    "PRAGMA foreign_keys=ON;"
    "PRAGMA secure_delete=ON;" // wiped tokens leave no ciphertext in free pages
    "PRAGMA trusted_schema=OFF;";

/// Removes row locks, which one thread does not need.
std::string without_locks(std::string sql) {
    for (const std::string_view lock : {" FOR UPDATE SKIP LOCKED", " FOR UPDATE"})
        for (auto at = sql.find(lock); at != std::string::npos; at = sql.find(lock, at))
            sql.erase(at, lock.size());
    return sql;
}

template <bool Greatest>
void greatest_or_least(sqlite3_context* context, int count, sqlite3_value** values) {
    if (count == 0) return;
    auto out = sqlite3_value_int64(values[0]);
    for (int at = 1; at < count; ++at) {
        const auto next = sqlite3_value_int64(values[at]);
        out = Greatest ? std::max(out, next) : std::min(out, next);
    }
    sqlite3_result_int64(context, out);
}

void now_ms(sqlite3_context* context, int, sqlite3_value**) {
    const auto& clock = *static_cast<const sqlite_database::wall_clock*>(sqlite3_user_data(context));
    sqlite3_result_int64(context, unix_ms(clock()));
}

} // namespace

result<std::unique_ptr<sqlite_database>> sqlite_database::open(const std::string& path, wall_clock clock) {
    auto lock = lock_for_this_process(path);
    if (!lock) return lock.error();
    sqlite3* handle = nullptr;
    const bool made = make_file(path);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    const int code = made ? sqlite3_open_v2(path.c_str(), &handle, flags, nullptr) : SQLITE_CANTOPEN;
    auto opened = std::make_unique<sqlite_database>(handle, *lock, std::move(clock));
    if (code != SQLITE_OK) return refused("The store cannot be opened: " + path);
    if (auto ready = opened->set_up(path); !ready) return ready.error();
    return opened;
}

result<std::unique_ptr<sqlite_database>> sqlite_database::open_in_memory(wall_clock clock) {
    sqlite3* handle = nullptr;
    const int code = sqlite3_open(":memory:", &handle);
    auto opened = std::make_unique<sqlite_database>(handle, -1, std::move(clock));
    if (code != SQLITE_OK) return refused("There is no memory for a store.");
    if (auto ready = opened->set_up("in memory"); !ready) return ready.error();
    return opened;
}

result<void> sqlite_database::set_up(const std::string& path) {
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_wal_hook(handle_, note_log_pages, this);
    const auto add = [this](const char* name, int arguments, auto* function, int flags) {
        note(sqlite3_create_function(handle_, name, arguments, SQLITE_UTF8 | SQLITE_INNOCUOUS | flags,
                                     &clock_, function, nullptr, nullptr));
    };
    add("greatest", -1, &greatest_or_least<true>, SQLITE_DETERMINISTIC);
    add("least", -1, &greatest_or_least<false>, SQLITE_DETERMINISTIC);
    add("now_ms", 0, &now_ms, 0);
    execute(busy_timeout);
    if (auto ours = judge_schema(*this); !ours) return ours.error();
    execute(pragmas);
    if (failed()) return refused("The store cannot be used: " + path + ": " + error());
    if (auto ready = migrate(*this); !ready) return ready.error();
    // The lock excludes other processes, so existing leases have no holder, and this process is registered
    // until it ends.
    statement self{"INSERT INTO store_instances (owner, alive_until, is_replica) VALUES ($1, $2, 1)"};
    self.text(owner_).number(std::numeric_limits<std::int64_t>::max());
    execute("BEGIN IMMEDIATE; DELETE FROM leases; DELETE FROM store_instances");
    step(self);
    execute("COMMIT");
    if (failed()) return refused("The store cannot be written: " + path + ": " + error());
    return {};
}

sqlite_database::~sqlite_database() {
    for (const auto& [literal, statement] : prepared_)
        sqlite3_finalize(statement.handle);
    sqlite3_close_v2(handle_);
    if (lock_file_ >= 0) ::close(lock_file_);
}

bool sqlite_database::require_room() {
    if (no_room_) refuse_for_room();
    return !no_room_;
}

void sqlite_database::refuse(std::string why) {
    if (failed()) return;
    code_ = SQLITE_MISMATCH;
    error_ = std::move(why);
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

void sqlite_database::clear_failure() {
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

bool sqlite_database::in_transaction() const {
    return sqlite3_get_autocommit(handle_) == 0;
}

sqlite_database::prepared sqlite_database::prepare(const char* sql, bool for_long) {
    prepared out;
    if (failed()) return out;
    const auto text = without_locks(sql);
    note(sqlite3_prepare_v3(handle_, text.c_str(), -1, for_long ? SQLITE_PREPARE_PERSISTENT : 0, &out.handle,
                            nullptr));
    const int count = failed() ? 0 : sqlite3_bind_parameter_count(out.handle);
    for (int at = 1; at <= count; ++at) {
        const char* const name = sqlite3_bind_parameter_name(out.handle, at);
        out.order.push_back(name == nullptr ? 0 : std::strtoul(name + 1, nullptr, 10));
    }
    return out;
}

/// One use of a statement: prepared or from the cache, and returned with its parameters cleared, so that no
/// sealed bytes stay in memory.
class sqlite_database::use {
public:
    use(sqlite_database& at, const statement& what) : at_(at), cached_(what.is_literal()) {
        const auto found = cached_ ? at.prepared_.find(what.sql()) : at.prepared_.end();
        if (found != at.prepared_.end()) {
            statement_ = &found->second;
        } else {
            own_ = at.prepare(what.sql(), cached_);
            statement_ = &own_;
            if (cached_ && !at.failed())
                statement_ = &at.prepared_.emplace(what.sql(), std::move(own_)).first->second;
        }
        for (std::size_t at_parameter = 0; at_parameter < statement_->order.size(); ++at_parameter)
            bind(static_cast<int>(at_parameter) + 1, statement_->order[at_parameter], what.parameters());
    }
    use(const use&) = delete;
    use& operator=(const use&) = delete;
    ~use() {
        sqlite3_reset(handle());
        sqlite3_clear_bindings(handle());
        if (statement_ == &own_) sqlite3_finalize(own_.handle);
    }

    sqlite3_stmt* handle() const { return statement_->handle; }

private:
    /// `which`: the number of our parameter, from one. The bound values outlive this use.
    void bind(int place, std::size_t which, const std::vector<statement::parameter>& given) {
        using kind = statement::parameter::kind;
        if (which == 0 || which > given.size()) {
            at_.refuse("a statement has a parameter that was not given");
            return;
        }
        const auto& one = given[which - 1];
        const auto size = static_cast<int>(one.bytes.size());
        if (one.what == kind::number) at_.note(sqlite3_bind_int64(handle(), place, one.number));
        if (one.what == kind::text)
            at_.note(sqlite3_bind_text(handle(), place, one.bytes.data(), size, SQLITE_STATIC));
        if (one.what == kind::blob)
            at_.note(sqlite3_bind_blob(handle(), place, one.bytes.data(), size, SQLITE_STATIC));
    }

    sqlite_database& at_;
    bool cached_;
    prepared own_;
    prepared* statement_ = nullptr;
};

rows sqlite_database::step(const statement& what) {
    if (failed()) return rows{*this};
    const use one(*this, what);
    return failed() ? rows{*this} : read(one.handle());
}

rows sqlite_database::read(sqlite3_stmt* handle) {
    std::vector<rows::value> values;
    const int columns = sqlite3_column_count(handle);
    int code = sqlite3_step(handle);
    for (; code == SQLITE_ROW; code = sqlite3_step(handle)) {
        for (int at = 0; at < columns; ++at) {
            const int kind = sqlite3_column_type(handle, at);
            if (kind == SQLITE_INTEGER) {
                values.emplace_back(sqlite3_column_int64(handle, at));
            } else if (kind == SQLITE_TEXT || kind == SQLITE_BLOB) {
                const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(handle, at));
                const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle, at));
                values.emplace_back(bytes == nullptr ? std::string{} : std::string(bytes, size));
            } else {
                values.emplace_back();
            }
        }
    }
    note(code);
    if (failed()) return rows{*this};
    const auto changed = sqlite3_stmt_readonly(handle) != 0 ? 0 : sqlite3_changes64(handle_);
    return {*this, static_cast<std::size_t>(columns), std::move(values), changed};
}

} // namespace gateway::store
