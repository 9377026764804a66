#include "files/disk.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace gateway::files {
namespace {

failure disk_fault(std::string_view what) {
    if (errno == ENOSPC || errno == EDQUOT)
        return {errc::overloaded, "There is no room left for files; try again later."};
    return {errc::internal, "A file could not be " + std::string(what) + "."};
}

} // namespace

result<descriptor> create_file(const std::string& path) {
    const int number = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (number < 0) return disk_fault("made");
    return descriptor(number);
}

result<descriptor> same_file(const descriptor& file) {
    const int number = ::fcntl(file.number(), F_DUPFD_CLOEXEC, 0);
    if (number < 0) return disk_fault("opened");
    return descriptor(number);
}

result<descriptor> open_file(const std::string& path) {
    const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (number < 0 && errno == ENOENT) return failure(errc::no_such_file, "There is no such file.");
    if (number < 0) return disk_fault("opened");
    return descriptor(number);
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

result<void> sync_and_rename(const descriptor& file, const std::string& from, const std::string& to,
                             const std::string& directory) {
    if (::fsync(file.number()) != 0) return disk_fault("synced");
    if (std::rename(from.c_str(), to.c_str()) != 0) return disk_fault("named");
    const descriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.is_open() || ::fsync(folder.number()) != 0) return disk_fault("synced");
    return {};
}

void remove_file(const std::string& path) {
    ::unlink(path.c_str());
}

} // namespace gateway::files
