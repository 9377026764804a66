#include "store/sqlite/database.hpp"

#include "base/memory/memory_reserve.hpp"

#include <boost/algorithm/string/erase.hpp>
#include <boost/algorithm/string/replace.hpp>
#include <sqlite3.h>

#include <cstdlib>

namespace gateway::store {
namespace {

constexpr int checkpoint_after_pages = 1000; // SQLite's default

/// From PostgreSQL's syntax. Without row locks, which one thread does not need.
std::string in_sqlite_syntax(std::string sql) {
    boost::erase_all(sql, " FOR UPDATE SKIP LOCKED");
    boost::erase_all(sql, " FOR UPDATE");
    boost::replace_all(sql, "greatest(", "max(");
    boost::replace_all(sql, "least(", "min(");
    return sql;
}

/// Returns a statement without its parameters, so that no sealed bytes stay in memory.
struct end_use {
    void operator()(sqlite3_stmt* statement) const {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
};

} // namespace

void sqlite_database::close_handle::operator()(sqlite3* database) const {
    sqlite3_close_v2(database);
}

void sqlite_database::close_handle::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

bool sqlite_database::require_room() {
    if (no_room_) note(SQLITE_FULL);
    return !no_room_;
}

void sqlite_database::refuse(std::string why) {
    if (failed()) return;
    error_ = std::move(why);
    found_lock_ = false;
}

void sqlite_database::note(int code) {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE || failed()) return;
    const memory_reserve::scope no_failure; // an error that is not noted would be a success
    error_ = std::string(sqlite3_errstr(code)) + " (" + std::to_string(code) + ")";
    const int kind = code & 0xff;
    found_lock_ = kind == SQLITE_BUSY;
    if (kind == SQLITE_FULL) {
        no_room_ = true;
        tries_room_ = false;
    }
    damaged_ = damaged_ || kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB;
    beyond_help_ = beyond_help_ || damaged_ || kind == SQLITE_IOERR;
}

void sqlite_database::clear_failure() {
    if (!beyond_help_) error_.clear();
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
    note(sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr));
}

void sqlite_database::begin(bool waits_for_the_disk) {
    if (waits_for_the_disk != waits_for_the_disk_)
        execute(waits_for_the_disk ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
    if (!failed()) waits_for_the_disk_ = waits_for_the_disk;
    execute("BEGIN IMMEDIATE");
}

void sqlite_database::execute(const char* sql) {
    if (!failed()) note(sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr));
}

bool sqlite_database::in_transaction() const {
    return sqlite3_get_autocommit(handle_.get()) == 0;
}

sqlite_database::prepared sqlite_database::prepare(const char* sql, unsigned flags) {
    prepared out;
    sqlite3_stmt* made = nullptr;
    const auto text = in_sqlite_syntax(sql);
    note(sqlite3_prepare_v3(handle_.get(), text.c_str(), -1, flags, &made, nullptr));
    out.handle.reset(made);
    const int count = failed() ? 0 : sqlite3_bind_parameter_count(made);
    for (int at = 1; at <= count; ++at) {
        const char* const name = sqlite3_bind_parameter_name(made, at);
        out.order.push_back(name == nullptr ? 0 : std::strtoul(name + 1, nullptr, 10));
    }
    return out;
}

const sqlite_database::prepared& sqlite_database::cached(const char* literal) {
    auto& found = prepared_[literal];
    if (!found.handle) found = prepare(literal, SQLITE_PREPARE_PERSISTENT);
    return found;
}

/// The bound values outlive the statement's use.
void sqlite_database::bind(const prepared& into, const std::vector<statement::parameter>& given) {
    using kind = statement::parameter::kind;
    auto* const handle = into.handle.get();
    int place = 0;
    for (const std::size_t which : into.order) { // the number of our parameter, from one
        ++place;
        if (which == 0 || which > given.size())
            return refuse("a statement has a parameter that was not given");
        const auto& one = given[which - 1];
        const auto size = static_cast<int>(one.bytes.size());
        if (one.what == kind::number) note(sqlite3_bind_int64(handle, place, one.number));
        if (one.what == kind::text)
            note(sqlite3_bind_text(handle, place, one.bytes.data(), size, SQLITE_STATIC));
        if (one.what == kind::blob)
            note(sqlite3_bind_blob(handle, place, one.bytes.data(), size, SQLITE_STATIC));
    }
}

rows sqlite_database::step(const statement& what) {
    if (failed()) return rows{*this};
    prepared composed; // not cached
    if (!what.is_literal()) composed = prepare(what.sql(), 0);
    const prepared& used = what.is_literal() ? cached(what.sql()) : composed;
    const std::unique_ptr<sqlite3_stmt, end_use> in_use(used.handle.get());
    bind(used, what.parameters());
    return failed() ? rows{*this} : read(in_use.get());
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
    const auto changed = sqlite3_stmt_readonly(handle) != 0 ? 0 : sqlite3_changes64(handle_.get());
    return {*this, static_cast<std::size_t>(columns), std::move(values), changed};
}

} // namespace gateway::store
