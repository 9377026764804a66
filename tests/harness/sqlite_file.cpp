#include "harness/sqlite_file.hpp"

#include <sqlite3.h>

#include <memory>
#include <stdexcept>

namespace harness {

std::string run_sqlite(const std::string& file, const std::string& sql) {
    sqlite3* handle = nullptr;
    const int opened = sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr);
    const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(handle, &sqlite3_close);
    sqlite3_busy_timeout(handle, 10'000); // milliseconds; the gateway writes, too
    sqlite3_stmt* prepared = nullptr;
    if (opened != SQLITE_OK || sqlite3_prepare_v2(handle, sql.c_str(), -1, &prepared, nullptr) != SQLITE_OK)
        throw std::runtime_error(sql + ": " + sqlite3_errmsg(handle));
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement(prepared, &sqlite3_finalize);
    const int stepped = sqlite3_step(prepared);
    if (stepped != SQLITE_ROW && stepped != SQLITE_DONE)
        throw std::runtime_error(sql + ": " + sqlite3_errmsg(handle));
    if (stepped == SQLITE_DONE || sqlite3_column_count(prepared) == 0) return {};
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(prepared, 0));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(prepared, 0));
    return bytes ? std::string(bytes, size) : std::string();
}

} // namespace harness
