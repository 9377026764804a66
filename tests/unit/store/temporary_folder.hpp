// A temporary folder of one test, which deletes it.
#pragma once
#include "base/digest.hpp"

#include <filesystem>
#include <fstream>
#include <string>

namespace gateway::testing {

class temporary_folder {
public:
    temporary_folder() : path_(std::filesystem::temp_directory_path() / ("tkgw_" + to_hex(random_bytes(8)))) {
        std::filesystem::create_directory(path_);
    }
    ~temporary_folder() { std::filesystem::remove_all(path_); }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    std::string name() const { return path_.filename().string(); }
    std::string file(const std::string& name) const { return (path_ / name).string(); }
    /// The place of a file with this text.
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
        return file(name);
    }

private:
    std::filesystem::path path_;
};

} // namespace gateway::testing
