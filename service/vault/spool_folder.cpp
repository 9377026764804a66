#include "vault/spool_folder.hpp"

#include "base/failpoint.hpp"
#include "base/file_lock.hpp"
#include "base/ids.hpp"

#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace gateway::vault {
namespace {

constexpr std::string_view whole = ".pair", unsynced = ".part";
constexpr std::size_t file_size_max = 64 * 1024;

failure fault(std::string_view step) {
    return failure{errc::internal, std::string(step) + ": " + ::strerrordesc_np(errno)};
}

/// Where a file system has no locks, a file is taken for that of a process that has died when it is so old:
/// longer than a writer tries to store its pair.
constexpr time_t working_seconds_max = 600;

bool is_old(const descriptor& file) {
    struct stat facts {};
    return ::fstat(file.number(), &facts) == 0
           && ::time(nullptr) - facts.st_mtim.tv_sec > working_seconds_max;
}

/// Somebody may have removed it between its opening and the lock.
bool has_a_name(const descriptor& file) {
    struct stat facts {};
    return ::fstat(file.number(), &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_nlink > 0;
}

bool write_all(const descriptor& file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ::ssize_t count = ::write(file.number(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

descriptor open_file(const descriptor& folder, const std::string& name, int flags) {
    return descriptor(
        ::openat(folder.number(), name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
}

} // namespace

std::string new_spool_name() {
    return new_ulid(wall_now()) + std::string(whole) + std::string(unsynced);
}

bool is_final_spool_name(std::string_view name) {
    return name.ends_with(whole);
}

result<descriptor> spool_folder::open() const {
    const auto try_it = [this] {
        return descriptor(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    };
    auto folder = try_it();
    if (!folder.is_open() && errno == ENOENT) {
        std::error_code bad; // the next try says it
        std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), bad);
        if (::mkdir(path_.c_str(), 0700) == 0) folder = try_it();
    }
    if (!folder.is_open()) return fault("open the folder");
    return folder;
}

result<void> spool_folder::prepare() const {
    const auto folder = open();
    if (!folder) return folder.error();
    return {};
}

result<descriptor> spool_folder::write(const std::string& name, std::string_view bytes) const {
    const auto folder = open();
    if (!folder) return folder.error();
    auto file = open_file(*folder, name, O_RDWR | O_CREAT | O_EXCL);
    if (!file.is_open()) return fault("make a file");
    const auto give_up = [&](std::string_view step) {
        auto why = fault(step);
        ::unlinkat(folder->number(), name.c_str(), 0);
        return why;
    };
    // Somebody who looks may have it: then it is taken for a file that nobody finishes.
    if (try_lock(file) == file_lock::of_others) return give_up("lock a file");
    if (!write_all(file, bytes)) return give_up("write a file");
    if (!has_a_name(file)) return give_up("write a file");
    failpoint("spool.written");
    return file;
}

result<void> spool_folder::make_durable(const descriptor& file, std::string& name) const {
    const auto folder = open();
    if (!folder) return folder.error();
    if (::fsync(file.number()) != 0) return fault("sync a file");
    if (!is_final_spool_name(name)) {
        std::string final_name = name.substr(0, name.size() - unsynced.size());
        if (::renameat(folder->number(), name.c_str(), folder->number(), final_name.c_str()) != 0)
            return fault("name a file");
        name = std::move(final_name);
    }
    if (::fsync(folder->number()) != 0) return fault("sync the folder");
    failpoint("spool.durable");
    return {};
}

result<std::optional<spool_folder::locked_file>> spool_folder::lock(const std::string& name) const {
    std::optional<locked_file> out;
    const auto folder = open();
    if (!folder) return folder.error();
    auto file = open_file(*folder, name, O_RDWR); // as base/file_lock.hpp says
    if (!file.is_open() && (errno == ENOENT || errno == ELOOP)) return out;
    if (!file.is_open()) return fault("open a file");
    const auto locked = try_lock(file);
    if (locked == file_lock::of_others || (locked == file_lock::not_supported && !is_old(file))) return out;
    if (!has_a_name(file)) return out;
    std::string bytes(file_size_max, '\0');
    const ::ssize_t size = ::pread(file.number(), bytes.data(), bytes.size(), 0);
    if (size < 0) return fault("read a file");
    bytes.resize(static_cast<std::size_t>(size));
    out.emplace(locked_file{std::move(file), std::move(bytes)});
    return out;
}

result<void> spool_folder::remove(const std::string& name) const {
    const auto folder = open();
    if (!folder) return folder.error();
    if (::unlinkat(folder->number(), name.c_str(), 0) != 0 && errno != ENOENT) return fault("remove a file");
    // Else the file could be back after a loss of power, when what it held has been replaced.
    if (is_final_spool_name(name) && ::fsync(folder->number()) != 0) return fault("sync the folder");
    failpoint("spool.removed");
    return {};
}

result<std::vector<std::string>> spool_folder::names() const {
    const auto folder = open();
    if (!folder) return folder.error();
    const int copy = ::openat(folder->number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(copy < 0 ? nullptr : ::fdopendir(copy), &::closedir);
    if (!entries) return fault("list the folder");
    std::vector<std::string> out;
    while (const auto* const entry = ::readdir(entries.get())) {
        const std::string_view name = entry->d_name;
        if (name.ends_with(whole) || name.ends_with(unsynced)) out.emplace_back(name);
    }
    return out;
}

} // namespace gateway::vault
