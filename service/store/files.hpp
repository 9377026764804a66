// The records of staged files, without their bytes, and what each caller keeps: the sum is changed in the
// unit that adds or removes a file, and never added up from the files. A role of the store; any thread.
#pragma once
#include "store/role.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway::store {

struct file_record {
    file_id id;
    caller_name caller;
    std::string mimetype;
    std::uint64_t size_bytes = 0;
    std::string sha256; // hex
    wall_time created_at;
    wall_time expires_at;
};

/// Files occupy whole blocks of this size, as on a disk.
inline constexpr std::uint64_t file_block_bytes = 4'096;
constexpr std::uint64_t blocks_of(std::uint64_t size_bytes) {
    return size_bytes / file_block_bytes + (size_bytes % file_block_bytes == 0 ? 0 : 1);
}

struct file_counts {
    std::uint64_t files = 0;
    std::uint64_t blocks = 0;
};
/// What is recorded, of all callers and of one of them.
struct file_usage {
    file_counts all, own;
};
/// How much may be recorded, and whether callers share it (base/fair_share.hpp).
struct file_bound {
    file_counts most;
    bool several_callers = false;
};

class files : private role {
public:
    using role::role;

    /// What is recorded then. Nothing, and nothing is recorded, if all files, or those of its caller, would
    /// exceed what they may be.
    task<result<std::optional<file_usage>>> put(file_record record, file_bound most, deadline until);
    task<result<std::optional<file_record>>> find(file_id id, deadline until);
    task<result<bool>> forget(file_id id, deadline until);
    /// The oldest first.
    task<result<std::vector<file_record>>> expired(wall_time now, std::uint32_t limit, deadline until);
    task<result<file_usage>> usage(caller_name caller, deadline until);
};

} // namespace gateway::store
