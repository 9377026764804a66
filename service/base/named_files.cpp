#include "base/named_files.hpp"

#include "base/descriptor.hpp"
#include "base/secret.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <string_view>
#include <sys/types.h>
#include <unistd.h>
#include <vector>

namespace gateway {
namespace {

namespace fs = std::filesystem;

constexpr int pipe_patience_ms = 5'000;

std::string mode_in_words(::mode_t mode) {
    std::string digits = "0000";
    for (std::size_t at = digits.size(); at-- > 0; mode >>= 3)
        digits[at] = static_cast<char>('0' + (mode & 7));
    return digits;
}

/// By number: names of users may come from a server that does not answer.
std::string this_process() {
    std::string words = "uid " + std::to_string(::geteuid()) + ", gid " + std::to_string(::getegid());
    std::vector<::gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    groups.resize(static_cast<std::size_t>(std::max(count, 0)));
    std::erase(groups, ::getegid());
    for (const auto group : groups)
        words += (group == groups.front() ? ", groups " : " ") + std::to_string(group);
    return words;
}

bool may(const std::string& path, int what) {
    return ::faccessat(AT_FDCWD, path.c_str(), what, AT_EACCESS) == 0;
}

/// The folder on the way that this process may not enter; otherwise the path itself.
std::string where_denied(const std::string& path) {
    fs::path way;
    for (const auto& part : fs::absolute(path).parent_path()) {
        way /= part;
        if (!may(way.string(), X_OK)) return way.string();
    }
    return path;
}

std::string denied(const std::string& path, const std::string& at) {
    struct stat facts {};
    std::string words = "permission denied for " + this_process();
    if (::stat(at.c_str(), &facts) != 0) return words;
    return words + " (" + (at == path ? "it" : at) + " belongs to uid " + std::to_string(facts.st_uid)
           + ", gid " + std::to_string(facts.st_gid) + ", mode " + mode_in_words(facts.st_mode & 07777) + ")";
}

std::string not_there(const std::string& path) {
    std::error_code unseen;
    if (fs::is_symlink(fs::symlink_status(path, unseen)))
        return "no such file (it is a link to " + fs::read_symlink(path, unseen).string()
               + ", which is not there)";
    const auto folder = fs::absolute(path).parent_path();
    if (!fs::exists(folder, unseen)) return "there is no folder " + folder.string();
    return "no such file";
}

std::string in_words(int error, const std::string& path) {
    if (error == ENOENT) return not_there(path);
    if (error == EACCES || error == EPERM) return denied(path, where_denied(path));
    if (error == ENOTDIR) return "what its name has before a slash is no folder";
    if (error == EROFS) return "it is on a file system that is mounted read-only";
    const char* const words = ::strerrordesc_np(error);
    return words ? words : "error " + std::to_string(error);
}

/// A server of files that does not answer, a bad disk: whoever opens the folder says so, and may try again.
bool may_be_over(int error) {
    return error == ESTALE || error == EIO || error == ENOTCONN || error == ETIMEDOUT || error == ENOMEM;
}

std::string size_in_words(std::size_t bytes) {
    return bytes % (1 << 20) == 0 ? std::to_string(bytes >> 20) + " MiB"
                                  : std::to_string(bytes >> 10) + " KiB";
}

/// One read; of a pipe when there is something. -1 and errno: it failed.
::ssize_t read_some(const descriptor& file, char* into, std::size_t room) {
    while (true) {
        const ::ssize_t got = ::read(file.number(), into, room);
        if (got >= 0 || (errno != EAGAIN && errno != EINTR)) return got;
        pollfd readable{file.number(), POLLIN, 0};
        if (errno == EAGAIN && ::poll(&readable, 1, pipe_patience_ms) == 0) {
            errno = ETIMEDOUT;
            return -1;
        }
    }
}

descriptor open_to_read(const std::string& path) {
    return descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

/// One byte more than a file has: it is at its end when that stays free.
std::size_t room_for(const struct stat& facts, std::size_t bytes_max) {
    const auto size = static_cast<std::size_t>(std::max<::off_t>(facts.st_size, 0));
    const bool tells_its_size = S_ISREG(facts.st_mode) && size > 0; // not those of /proc
    return (tells_its_size ? std::min(size, bytes_max) : bytes_max) + 1;
}

/// The folder itself, or the nearest one above it that is there.
std::string nearest_folder(const std::string& path) {
    std::error_code unseen;
    auto there = fs::absolute(path).lexically_normal();
    if (!there.has_filename()) there = there.parent_path(); // it ends with a slash
    while (!fs::exists(there, unseen) && !unseen && there != there.parent_path())
        there = there.parent_path();
    return there.string();
}

} // namespace

named_file read_named_file(const std::string& path, std::size_t bytes_max) {
    named_file read;
    const auto file = open_to_read(path);
    if (!file.is_open() || ::fstat(file.number(), &read.facts) != 0) {
        read.wrong = "cannot be read: " + in_words(errno, path);
        return read;
    }
    if (S_ISDIR(read.facts.st_mode)) {
        read.wrong = "is a folder, not a file";
        return read;
    }
    read.text.assign(room_for(read.facts, bytes_max), '\0');
    std::size_t size = 0;
    for (::ssize_t got = 1; got > 0 && size < read.text.size(); size += static_cast<std::size_t>(got)) {
        got = read_some(file, read.text.data() + size, read.text.size() - size);
        if (got >= 0) continue;
        read.wrong = "cannot be read: " + in_words(errno, path);
        break;
    }
    if (read.wrong.empty() && size > bytes_max) read.wrong = "is larger than " + size_in_words(bytes_max);
    if (read.wrong.empty() && size == read.text.size()) read.wrong = "grew while it was read";
    read.is_empty = read.wrong.empty() && size == 0;
    if (read.is_empty) read.wrong = "is empty";
    if (read.wrong.empty())
        read.text.resize(size);
    else
        wipe_bytes(read.text);
    if (!read.wrong.empty()) read.text.clear();
    return read;
}

std::string describe_unreadable(const std::string& path, std::size_t bytes_max) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) == 0 && S_ISFIFO(facts.st_mode))
        return "is a pipe, which is empty when it is read again; name a file";
    auto read = read_named_file(path, bytes_max);
    wipe_bytes(read.text);
    return read.wrong;
}

std::string describe_file_in_the_way(const std::string& path) {
    const auto there = nearest_folder(path);
    std::error_code unseen;
    if (fs::is_directory(there, unseen) || unseen) return {};
    return there + " is not a folder";
}

std::string describe_unusable_folder(const std::string& path) {
    if (auto wrong = describe_file_in_the_way(path); !wrong.empty()) return wrong;
    const auto there = nearest_folder(path);
    std::error_code unseen;
    static_cast<void>(fs::is_directory(there, unseen));
    if (unseen && may_be_over(unseen.value())) return {};
    if (unseen) return "the folder " + path + " cannot be used: " + in_words(unseen.value(), path);
    const bool exists = fs::equivalent(there, path, unseen);
    if (may(there, exists ? R_OK | W_OK | X_OK : W_OK | X_OK)) return {};
    const int error = errno;
    const std::string begin = "the folder " + path + (exists ? " cannot be used: " : " cannot be made: ");
    if (error != EACCES) return begin + in_words(error, there);
    return begin + denied(path, may(there, X_OK) ? there : where_denied(there));
}

std::string describe_unwritable(const std::string& path) {
    struct stat facts {};
    const bool exists = ::stat(path.c_str(), &facts) == 0;
    if (exists && !may(path, R_OK | W_OK)) return path + " cannot be written: " + in_words(errno, path);
    const auto folder = fs::absolute(path).parent_path().string();
    return describe_unusable_folder(folder);
}

std::string describe_shared_secret(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) return {};
    if ((facts.st_mode & S_IWOTH) != 0) return "may be changed by every user of this machine";
    if ((facts.st_mode & S_IROTH) != 0) return "may be read by every user of this machine";
    return {};
}

} // namespace gateway
