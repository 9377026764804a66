// A temporary folder; the destructor deletes it.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace harness {

class temp_folder {
public:
    temp_folder();
    ~temp_folder();
    temp_folder(const temp_folder&) = delete;
    temp_folder& operator=(const temp_folder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    /// Writes a file that only its owner may read; gives its path.
    std::string write(const std::string& name, std::string_view text) const;

private:
    std::filesystem::path path_;
};

} // namespace harness
