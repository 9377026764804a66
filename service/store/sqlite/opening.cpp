// Opening a SQLite file: the process lock, the check that it is ours, the session's settings, the schema.
#include "base/private_places.hpp"
#include "store/schema.hpp"
#include "store/sqlite/database.hpp"

#include <sqlite3.h>

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sys/file.h>

namespace gateway::store {
namespace {

// "tkgw": marks the file as a store of this program.
constexpr std::int64_t application_id = 0x746b6777;
constexpr int lock_wait_at_start_ms = 5'000;
constexpr const char* pragmas =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;" // an acknowledged token survives a power failure
    "PRAGMA foreign_keys=ON;"
    "PRAGMA secure_delete=ON;" // wiped tokens leave no ciphertext in free pages
    "PRAGMA trusted_schema=OFF;";

failure refused(std::string message) {
    return failure{errc::vault_unavailable, std::move(message)};
}

/// What trying again does not help against.
failure refused_for_good(std::string message) {
    return failure{errc::invalid_input, std::move(message)};
}

/// SQLite's other files beside the database, and ours.
constexpr std::array<const char*, 5> suffixes{"-wal", "-shm", "-journal", ".lock", "-windows"};

// In the file's words, and before it is opened (https://www.sqlite.org/fileformat2.html#the_database_header).
constexpr std::string_view file_begins_with{"SQLite format 3\0", 16};
constexpr std::size_t header_bytes = 100, application_id_at = 68, schema_version_at = 60;

/// What is damaged stays so; a full or a failing disk may be mended.
failure unusable(const std::string& path, const std::string& why, bool damaged) {
    const std::string sentence = "The store " + path + " cannot be used: " + why;
    if (!damaged) return refused(sentence);
    return refused_for_good(sentence + ". A copy of it has to be put back (docs/operations.md §12).");
}
failure unusable(const sqlite_database& at, const std::string& path) {
    return unusable(path, at.error(), at.is_damaged());
}
failure of_another_program() {
    return refused_for_good("The store's file belongs to another program; it was not touched.");
}
failure of_a_newer_program(std::int64_t version) {
    return refused_for_good("The store has schema " + std::to_string(version) + " and this program knows "
                            + std::to_string(schema_version())
                            + "; run the newer program. Nothing was touched.");
}

std::int64_t number_at(std::string_view header, std::size_t at) {
    std::uint32_t value = 0;
    for (const char byte : header.substr(at, 4))
        value = value << 8 | static_cast<std::uint8_t>(byte);
    return value;
}

/// Created with a private mode from the start; SQLite gives its other files the same mode.
descriptor make_file(const std::string& path) {
    return descriptor{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
}

/// The lock is a separate file, because SQLite opens and closes the database file, which would release POSIX
/// locks.
result<descriptor> lock_for_this_process(const std::string& path) {
    const std::string lock_path = path + ".lock";
    descriptor file = make_file(lock_path);
    if (!file.is_open()) return refused("The store's folder cannot be written: " + lock_path);
    if (::flock(file.number(), LOCK_EX | LOCK_NB) == 0) return file;
    return refused("Another process has the store " + path + " open; a SQLite store serves one process.");
}

void now_ms(sqlite3_context* context, int, sqlite3_value**) {
    const auto& clock = *static_cast<const sqlite_database::wall_clock*>(sqlite3_user_data(context));
    sqlite3_result_int64(context, unix_ms(clock()));
}

/// The schema of the file (0: empty). Refuses a file of another program and a newer schema (V14); changes
/// nothing.
result<std::int64_t> check_schema(sqlite_database& at, const std::string& path) {
    std::int64_t program = 0, version = 0, tables = 0;
    at.step(statement{"SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) "
                      "FROM pragma_application_id, pragma_user_version"})
        .next(program, version, tables);
    if (at.failed()) return unusable(at, path);
    if (program != application_id && (tables > 0 || version != 0 || program != 0))
        return of_another_program();
    if (version > schema_version()) return of_a_newer_program(version);
    return version;
}

/// Each step of schema.hpp in one transaction. The number is stored in SQLite's user_version.
result<void> migrate(sqlite_database& at, std::int64_t version, const std::string& path) {
    for (; version < schema_version(); ++version) {
        const std::string header = "PRAGMA application_id=" + std::to_string(application_id)
                                   + ";PRAGMA user_version=" + std::to_string(version + 1) + ";";
        at.execute("BEGIN IMMEDIATE");
        at.execute(schema_steps()[static_cast<std::size_t>(version)]);
        at.execute(header.c_str());
        at.execute("COMMIT");
        if (at.failed())
            return unusable(
                path, "its schema could not be brought to " + std::to_string(version + 1) + ": " + at.error(),
                at.is_damaged());
    }
    return {};
}

} // namespace

std::string describe_foreign_database(const std::string& path) {
    std::error_code unseen;
    if (std::filesystem::exists(path, unseen) && !std::filesystem::is_regular_file(path, unseen))
        return "The store " + path + " is no file."; // a pipe would be waited for
    std::string header(header_bytes, '\0');
    std::ifstream file(path, std::ios::binary);
    file.read(header.data(), static_cast<std::streamsize>(header.size()));
    header.resize(static_cast<std::size_t>(file.gcount()));
    if (header.empty()) return {}; // not there yet, or not for this user, which is told elsewhere
    if (header.size() < header_bytes || !header.starts_with(file_begins_with))
        return unusable(path, sqlite3_errstr(SQLITE_NOTADB), true).message();
    const auto program = number_at(header, application_id_at), version = number_at(header, schema_version_at);
    if (program == 0) return {}; // the rest may stand in the log beside it
    if (program != application_id) return of_another_program().message();
    return version > schema_version() ? of_a_newer_program(version).message() : std::string{};
}

std::string describe_exposed_database(const std::string& path) {
    const auto folder = std::filesystem::absolute(path).parent_path().string();
    auto wrong = describe_exposed_folder(folder, folder_use::holds_the_database);
    if (wrong.empty()) wrong = describe_exposed_file(path);
    for (const char* suffix : suffixes)
        if (wrong.empty()) wrong = describe_exposed_file(path + suffix);
    return wrong;
}

/// SQLite takes some relative names for something else than a path (`:memory:`, `file:x?mode=memory`), and no
/// absolute one.
result<std::unique_ptr<sqlite_database>> sqlite_database::open(const std::string& given, wall_clock clock) {
    const std::string path = std::filesystem::absolute(given).string();
    if (auto wrong = describe_exposed_database(path); !wrong.empty())
        return failure{errc::invalid_input, std::move(wrong)};
    keep_group_from_writing(path);
    for (const char* suffix : suffixes)
        keep_group_from_writing(path + suffix);
    auto lock = lock_for_this_process(path);
    if (!lock) return lock.error();
    if (!make_file(path).is_open()) return refused("The store cannot be opened: " + path);
    return open_locked(path, std::move(*lock), std::move(clock));
}

result<std::unique_ptr<sqlite_database>> sqlite_database::open_in_memory(wall_clock clock) {
    return open_locked(":memory:", {}, std::move(clock));
}

result<std::unique_ptr<sqlite_database>> sqlite_database::open_locked(const std::string& path,
                                                                      descriptor lock, wall_clock clock) {
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    auto opened = std::make_unique<sqlite_database>(handle, std::move(lock), std::move(clock));
    if (code != SQLITE_OK) return refused("The store cannot be opened: " + path);
    if (auto ready = opened->set_up(path); !ready) return ready.error();
    return opened;
}

result<void> sqlite_database::set_up(const std::string& path) {
    sqlite3_extended_result_codes(handle_.get(), 1);
    sqlite3_wal_hook(handle_.get(), note_log_pages, this);
    note(sqlite3_create_function(handle_.get(), "now_ms", 0, SQLITE_UTF8 | SQLITE_INNOCUOUS, &clock_, &now_ms,
                                 nullptr, nullptr));
    sqlite3_busy_timeout(handle_.get(), lock_wait_at_start_ms); // a backup tool may lock the file briefly
    const auto version = check_schema(*this, path);
    if (!version) return version.error();
    execute(pragmas);
    if (failed()) return unusable(*this, path);
    if (auto ready = migrate(*this, *version, path); !ready) return ready.error();
    // The lock excludes other processes, so existing leases have no holder, and this process is registered
    // until it ends.
    statement self{"INSERT INTO store_instances (owner, alive_until, is_replica) VALUES ($1, $2, 1)", owner_,
                   std::numeric_limits<std::int64_t>::max()};
    execute("BEGIN IMMEDIATE; DELETE FROM leases; DELETE FROM store_instances");
    step(self);
    execute("COMMIT");
    if (failed()) return unusable(*this, path);
    sqlite3_busy_timeout(handle_.get(), 0); // from here on the engine waits, see found_lock()
    return {};
}

} // namespace gateway::store
