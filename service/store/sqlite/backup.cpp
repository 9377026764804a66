// A copy of a SQLite store that a gateway may have open.
#include "store/sqlite/backup.hpp"

#include "base/descriptor.hpp"
#include "store/sqlite/database.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <unistd.h>

namespace gateway::store {
namespace {

constexpr int lock_wait_ms = 30'000;

failure refused(std::string why) {
    return failure{errc::invalid_input, std::move(why)};
}

using handle = std::unique_ptr<sqlite3, decltype(&sqlite3_close_v2)>;
using query = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

/// Into an empty file, which SQLite takes for one that is not there.
result<void> copy_pages(const std::string& from, const std::string& into) {
    sqlite3* opened = nullptr;
    const int code =
        sqlite3_open_v2(from.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    const handle database(opened, &sqlite3_close_v2);
    if (code != SQLITE_OK) return refused("The store " + from + " cannot be opened: " + sqlite3_errstr(code));
    sqlite3_busy_timeout(opened, lock_wait_ms);
    sqlite3_stmt* prepared = nullptr;
    sqlite3_prepare_v2(opened, "VACUUM INTO ?1", -1, &prepared, nullptr);
    const query copy(prepared, &sqlite3_finalize);
    if (prepared) sqlite3_bind_text(prepared, 1, into.c_str(), -1, SQLITE_STATIC);
    if (!prepared || sqlite3_step(prepared) != SQLITE_DONE)
        return refused("The store " + from + " cannot be copied to " + into + ": " + sqlite3_errmsg(opened));
    return {};
}

} // namespace

result<void> back_up_sqlite(const std::string& given_from, const std::string& given_into) {
    const std::string from = std::filesystem::absolute(given_from).string();
    const std::string into = std::filesystem::absolute(given_into).string();
    std::error_code unseen;
    if (!std::filesystem::is_regular_file(from, unseen)) return refused("There is no store " + from + ".");
    if (auto wrong = describe_foreign_database(from); !wrong.empty()) return refused(std::move(wrong));
    const descriptor made{::open(into.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (!made.is_open())
        return refused(into
                       + (errno == EEXIST ? " is there already; name a new file"
                                          : std::string(" cannot be made: ") + ::strerrordesc_np(errno)));
    auto copied = copy_pages(from, into);
    // SQLite leaves it to the system when the copy reaches the disk.
    if (copied && ::fsync(made.number()) != 0)
        copied = refused(into + " cannot be written: " + ::strerrordesc_np(errno));
    if (!copied) std::filesystem::remove(into, unseen);
    return copied;
}

} // namespace gateway::store
