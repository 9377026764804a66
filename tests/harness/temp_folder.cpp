#include "harness/temp_folder.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace harness {

temp_folder::temp_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "gateway_test_XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    path_ = name;
}

temp_folder::~temp_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string temp_folder::write(const std::string& name, std::string_view text) const {
    const auto file = path_ / name;
    std::ofstream(file, std::ios::binary) << text;
    std::filesystem::permissions(file,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return file.string();
}

} // namespace harness
