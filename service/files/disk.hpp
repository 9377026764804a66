// The system calls for files. They block, so call them on the blocking pool. Errors are values that contain
// no paths.
#pragma once
#include "base/descriptor.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gateway::files {

/// Creates a file, 0600, for appending and reading; it must not exist.
result<descriptor> create_file(const std::string& path);
/// Another descriptor of the same open file, for reading with read_at.
result<descriptor> same_file(const descriptor& file);
/// For reading; no_such_file if it does not exist.
result<descriptor> open_file(const std::string& path);
/// Appends all bytes.
result<void> append(const descriptor& file, std::string_view bytes);
/// Reads the bytes at `offset`, at most as many as fit; 0 at the end.
result<std::size_t> read_at(const descriptor& file, std::uint64_t offset, std::span<char> space);
/// Syncs the file, gives it its final name and syncs the directory.
result<void> sync_and_rename(const descriptor& file, const std::string& from, const std::string& to,
                             const std::string& directory);
/// Does nothing if there is no such file.
void remove_file(const std::string& path);

} // namespace gateway::files
