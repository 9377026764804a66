// The records of staged files, without their bytes. A role of the store; any thread.
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
    std::string path; // under files.directory
    std::string mimetype;
    std::uint64_t size_bytes = 0;
    std::string sha256; // hex
    wall_time created_at;
    wall_time expires_at;
};

class files : private role {
public:
    using role::role;

    task<result<void>> put(file_record record, deadline until);
    task<result<std::optional<file_record>>> find(file_id id, deadline until);
    task<result<bool>> forget(file_id id, deadline until);
    /// The oldest first.
    task<result<std::vector<file_record>>> expired(wall_time now, std::uint32_t limit, deadline until);
    task<result<std::uint64_t>> stored_bytes(deadline until);
};

} // namespace gateway::store
