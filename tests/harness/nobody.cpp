#include "harness/nobody.hpp"

#include <filesystem>
#include <unistd.h>

namespace harness {

namespace {

constexpr const char* number = "65534";

std::string in_words(const std::string& user, const std::string& group) {
    return "uid " + user + ", gid " + group;
}

} // namespace

std::string owner_in_words() {
    return in_words(std::to_string(geteuid()), std::to_string(getegid()));
}

std::string nobody_in_words() {
    return geteuid() == 0 ? in_words(number, number) : owner_in_words();
}

std::vector<std::string> as_nobody(std::vector<std::string> command, const temp_folder& folder) {
    if (geteuid() != 0) return command;
    using std::filesystem::perms;
    std::filesystem::permissions(folder.path(), perms::owner_all | perms::group_exec | perms::group_read
                                                    | perms::others_exec | perms::others_read);
    const auto copy = folder.path() / "program";
    if (!std::filesystem::exists(copy)) {
        std::filesystem::copy_file(command[0], copy);
        std::filesystem::permissions(copy, perms::owner_all | perms::group_exec | perms::group_read
                                               | perms::others_exec | perms::others_read);
    }
    command[0] = copy.string();
    const std::vector<std::string> as{"/usr/bin/setpriv", "--reuid", number,
                                      "--regid",          number,    "--clear-groups"};
    command.insert(command.begin(), as.begin(), as.end());
    return command;
}

} // namespace harness
