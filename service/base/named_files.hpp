// Files and folders that a setting names: reads one whole, or says in words why it cannot be used: not there,
// not for this user, a folder, too large. The words go behind the name of the file or folder. Blocks; for the
// start, the check of the settings and SIGHUP.
#pragma once
#include <cstddef>
#include <string>
#include <sys/stat.h>

namespace gateway {

inline constexpr std::size_t secret_file_bytes_max = 64 * 1024;
inline constexpr std::size_t public_file_bytes_max = 1 << 20;  // settings, certificates
inline constexpr std::size_t authorities_bytes_max = 16 << 20; // PEM of all authorities that are trusted

struct named_file {
    std::string text; // all of it; whoever reads a secret wipes it
    struct stat facts {};
    std::string wrong;     // why there is no text: "cannot be read: no such file"; otherwise empty
    bool is_empty = false; // that is what is wrong
};

/// An empty file is wrong, too. A pipe is read to its end, and given up when nothing comes for five seconds.
named_file read_named_file(const std::string& path, std::size_t bytes_max);

/// What is wrong with a file that a library will read by itself, so that a pipe would be empty by then; empty
/// if nothing is.
std::string describe_unreadable(const std::string& path, std::size_t bytes_max = public_file_bytes_max);

/// Why this process cannot keep files in the folder, or make it where it is not there; empty if it can.
/// Changes nothing. A sentence with the name of the folder that is the cause. Empty also for an error of the
/// file system that may be over when the folder is used.
std::string describe_unusable_folder(const std::string& path);
/// The case of it that no right mends: the folder, or one above it, is something else. Empty otherwise.
std::string describe_file_in_the_way(const std::string& path);
/// Why this process cannot write to a file that exists, or cannot make it in its folder; empty if it can.
std::string describe_unwritable(const std::string& path);

/// Who else may use a file that holds a secret: "may be read by every user of this machine"; empty if nobody.
std::string describe_shared_secret(const std::string& path);
inline constexpr const char* cure_of_shared_secret = "chmod o-rwx it (in Kubernetes: defaultMode 0440)";

} // namespace gateway
