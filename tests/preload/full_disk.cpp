// Loaded into a program under test (LD_PRELOAD): writes to the files of a SQLite store fail as on a full disk
// while the file named by FULL_DISK exists. Simulates a small file system, which could be mounted only with
// privileges.
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

bool is_of_the_store(int file) {
    char link[64] = "/proc/self/fd/", path[4096];
    char digits[16];
    std::size_t count = 0;
    for (unsigned left = static_cast<unsigned>(file); count == 0 || left > 0; left /= 10)
        digits[count++] = static_cast<char>('0' + left % 10);
    std::size_t at = std::strlen(link);
    while (count > 0)
        link[at++] = digits[--count];
    const auto size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return false;
    path[size] = '\0';
    return std::strstr(path, "gateway.db") != nullptr;
}

bool is_full_for(int file) {
    static const char* const flag = std::getenv("FULL_DISK");
    const int before = errno;
    const bool full = flag != nullptr && access(flag, F_OK) == 0 && is_of_the_store(file);
    errno = before;
    return full;
}

ssize_t write_at(int file, const void* from, std::size_t bytes, off64_t at) {
    if (is_full_for(file)) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_pwrite64, file, from, bytes, at);
}

} // namespace

extern "C" {

// NOLINTBEGIN: libc's own names
__attribute__((visibility("default"))) ssize_t pwrite64(int file, const void* from, std::size_t bytes,
                                                        off64_t at) {
    return write_at(file, from, bytes, at);
}
__attribute__((visibility("default"))) ssize_t pwrite(int file, const void* from, std::size_t bytes,
                                                      off_t at) {
    return write_at(file, from, bytes, at);
}
// NOLINTEND
}
