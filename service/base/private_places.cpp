#include "base/private_places.hpp"

#include <algorithm>
#include <unistd.h>
#include <vector>

namespace gateway {
namespace {

constexpr ::mode_t group_changes = S_IWGRP | S_IXGRP;

bool has_safe_owner(const struct stat& facts) {
    return facts.st_uid == ::geteuid() || facts.st_uid == 0;
}

bool is_own_group(::gid_t group) {
    if (group == ::getegid()) return true;
    std::vector<::gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    groups.resize(static_cast<std::size_t>(std::max(count, 0)));
    return std::find(groups.begin(), groups.end(), group) != groups.end();
}

std::string foreign_owner() {
    return "belongs to another user than this process's, and to root neither";
}

} // namespace

std::string describe_exposed_file(const struct stat& facts) {
    if (!has_safe_owner(facts)) return foreign_owner();
    if ((facts.st_mode & (S_IRWXO | group_changes | S_IXUSR)) != 0)
        return "must be readable by owner or group only (0600, 0640, 0400 or 0440)";
    return {};
}

std::string describe_exposed_file(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) return {};
    if (facts.st_uid == ::geteuid()) facts.st_mode &= ~group_changes;
    const auto wrong = describe_exposed_file(facts);
    return wrong.empty() ? wrong : path + " " + wrong + ".";
}

std::string describe_exposed_folder(const std::string& path, folder_use use) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) return {};
    const std::string name = "The folder " + path + " ";
    if (!has_safe_owner(facts)) return name + foreign_owner() + ".";
    const ::mode_t forbidden = use == folder_use::private_files ? S_IRWXO : S_IWOTH;
    if ((facts.st_mode & forbidden) != 0)
        return name + "is open to every user of this machine: chmod o-"
               + (use == folder_use::private_files ? "rwx" : "w") + " it.";
    if ((facts.st_mode & S_IWGRP) != 0 && !is_own_group(facts.st_gid))
        return name + "may be written by a group that this process is not in: chmod g-w it.";
    return {};
}

// By name: a descriptor of a database that is closed would end SQLite's locks.
void keep_group_from_writing(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0 || facts.st_uid != ::geteuid()) return;
    if ((facts.st_mode & group_changes) != 0) ::chmod(path.c_str(), facts.st_mode & 07777 & ~group_changes);
}

} // namespace gateway
