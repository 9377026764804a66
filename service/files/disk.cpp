#include "files/disk.hpp"

#include "base/file_lock.hpp"
#include "base/private_places.hpp"
#include "base/start_fault.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace gateway::files {
namespace {

failure disk_fault(std::string_view what) {
    if (errno == ENOSPC || errno == EDQUOT)
        return {errc::overloaded, "There is no room left for files; try again later."};
    return {errc::internal, "A file could not be " + std::string(what) + "."};
}

bool is_name(const std::string& name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

/// Kernels before 5.6 and some sandboxes have no openat2; a name without a slash that follows no link cannot
/// leave the folder there either. O_NONBLOCK, because a FIFO in place of the file would stop the thread.
descriptor open_beneath(const descriptor& folder, const std::string& name, int flags, mode_t mode = 0) {
    if (!is_name(name)) {
        errno = EINVAL;
        return descriptor{};
    }
    open_how how{};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const long opened = ::syscall(SYS_openat2, folder.number(), name.c_str(), &how, sizeof how);
    if (opened >= 0) return descriptor(static_cast<int>(opened));
    if (errno != ENOSYS && errno != EPERM) return descriptor{};
    return descriptor(
        ::openat(folder.number(), name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode));
}

/// no_such_file also for a link, and for what is no file.
result<descriptor> open_file(const descriptor& folder, const std::string& name, int flags) {
    auto file = open_beneath(folder, name, flags);
    const auto none = failure(errc::no_such_file, "There is no such file.");
    if (!file.is_open() && (errno == ENOENT || errno == ELOOP)) return none;
    if (!file.is_open()) return disk_fault("opened");
    struct stat facts {};
    if (::fstat(file.number(), &facts) != 0) return disk_fault("opened");
    if (!S_ISREG(facts.st_mode)) return none;
    return file;
}

/// Where a file system has no locks, for this time without a write a file counts as being written: more than
/// the slowest body that the listener bears needs for its next piece.
constexpr time_t silent_seconds_max = 3'600;

bool is_silent(const descriptor& file) {
    struct stat facts {};
    return ::fstat(file.number(), &facts) == 0 && ::time(nullptr) - facts.st_mtim.tv_sec > silent_seconds_max;
}

bool has_a_name(const descriptor& file) {
    struct stat facts {};
    return ::fstat(file.number(), &facts) == 0 && facts.st_nlink > 0;
}

} // namespace

folder::folder(const std::string& path) : path_(path) {
    std::error_code bad;
    if (std::filesystem::create_directories(path, bad))
        std::filesystem::permissions(path, std::filesystem::perms::owner_all, bad);
    self_ = descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!self_.is_open())
        throw start_fault("files.directory", "the folder " + path + " cannot be made", true);
    const auto exposed = describe_exposed_folder(path, folder_use::private_files);
    if (!exposed.empty()) throw start_fault("files.directory", exposed, false);
}

/// Between its creation and the lock, another process may have taken the file for abandoned and removed it.
result<descriptor> folder::create(const std::string& name) const {
    constexpr int tries = 5;
    for (int times = 0; times < tries; ++times) {
        auto file = open_beneath(self_, name, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (!file.is_open()) return disk_fault("made");
        const auto lock = try_lock(file);
        if (lock != file_lock::of_others && has_a_name(file)) return file;
        remove(name);
    }
    return failure{errc::internal, "A file could not be made."};
}

result<descriptor> folder::open(const std::string& name) const {
    return open_file(self_, name, O_RDONLY);
}

result<descriptor> folder::claim_abandoned(const std::string& name) const {
    auto file = open_file(self_, name, O_RDWR); // as base/file_lock.hpp says
    if (!file) return file;
    const auto lock = try_lock(*file);
    if (lock == file_lock::of_others || (lock == file_lock::not_supported && !is_silent(*file)))
        return failure{errc::in_progress, "Another process works on this file."};
    return file;
}

result<void> folder::sync_and_rename(const descriptor& file, const std::string& from,
                                     const std::string& to) const {
    if (::fsync(file.number()) != 0) return disk_fault("synced");
    if (!is_name(from) || !is_name(to)
        || ::renameat(self_.number(), from.c_str(), self_.number(), to.c_str()) != 0)
        return disk_fault("named");
    if (::fsync(self_.number()) != 0) return disk_fault("synced");
    return {};
}

void folder::remove(const std::string& name) const {
    if (is_name(name)) ::unlinkat(self_.number(), name.c_str(), 0);
}

std::vector<std::string> folder::names() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
        out.push_back(entry.path().filename().string());
    return out;
}

void early_writeback::reached(const descriptor& file, std::uint64_t size_bytes) {
    constexpr auto wait = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    constexpr auto step = static_cast<off_t>(step_bytes);
    while (size_bytes - begun_bytes_ >= step_bytes) {
        const auto at = static_cast<off_t>(begun_bytes_);
        ::sync_file_range(file.number(), at, step, SYNC_FILE_RANGE_WRITE);
        if (at >= step) ::sync_file_range(file.number(), at - step, step, wait);
        begun_bytes_ += step_bytes;
    }
}

result<descriptor> same_file(const descriptor& file) {
    const int number = ::fcntl(file.number(), F_DUPFD_CLOEXEC, 0);
    if (number < 0) return disk_fault("opened");
    return descriptor(number);
}

result<std::uint64_t> size_of(const descriptor& file) {
    struct stat facts {};
    if (::fstat(file.number(), &facts) != 0) return disk_fault("opened");
    return static_cast<std::uint64_t>(facts.st_size);
}

result<void> append(const descriptor& file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(file.number(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return disk_fault("written");
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

result<std::size_t> read_at(const descriptor& file, std::uint64_t offset, std::span<char> space) {
    for (;;) {
        const ssize_t count = ::pread(file.number(), space.data(), space.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return disk_fault("read");
        return static_cast<std::size_t>(count);
    }
}

} // namespace gateway::files
