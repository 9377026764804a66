// Whether files and folders are out of the reach of other users of the machine: the key ring, the database,
// staged files. They belong to the process's user or to root, others may do nothing with them, and the group
// may not write. Blocks for a moment; for the start.
#pragma once
#include <string>
#include <sys/stat.h>

namespace gateway {

/// What is wrong with the file's owner or mode, as words after its name; empty if nothing is.
std::string describe_exposed_file(const struct stat& facts);
/// The same as a sentence with the path; empty also if there is no such file. What keep_group_from_writing()
/// can set right does not count.
std::string describe_exposed_file(const std::string& path);

enum class folder_use {
    holds_the_database, // others may see the names in it, and change none
    private_files       // others may do nothing
};
/// The same for a folder. Here the group may write if the process is in it, because Kubernetes' fsGroup makes
/// volumes so.
std::string describe_exposed_folder(const std::string& path, folder_use use);

/// Takes the right to write from the file's group, which fsGroup gives at each mount. Does nothing if the
/// file is not the process's own or not there.
void keep_group_from_writing(const std::string& path);

} // namespace gateway
