// Runs a program as a user who owns nothing, for tests of what is closed to it: to root, as whom the tests
// may run, nothing is.
#pragma once
#include "harness/temp_folder.hpp"

#include <string>
#include <vector>

namespace harness {

/// Who as_nobody() is: "uid 65534, gid 65534", or the user of the tests if that is not root.
std::string nobody_in_words();
/// Who owns what the tests write: "uid 0, gid 0".
std::string owner_in_words();

/// The command (its first word is a program's path) as that user, who may then enter the folder. The program
/// is copied to the folder, because its own may be closed.
std::vector<std::string> as_nobody(std::vector<std::string> command, const temp_folder& folder);

} // namespace harness
