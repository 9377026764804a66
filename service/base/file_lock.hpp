// The lock by which a process tells others that it works on a file in a folder that they share. It belongs to
// the open file, not to the process, and ends with its last descriptor, however the process ends. NFS and its
// like keep it at the server, so that it holds on every host; they lock only what is open for writing.
#pragma once
#include "base/descriptor.hpp"

#include <cstdint>

namespace gateway {

/// `not_supported`: the file system has no locks, or fails to lock.
enum class file_lock : std::uint8_t { ours, of_others, not_supported };

/// Does not wait.
file_lock try_lock(const descriptor& file);

} // namespace gateway
