// Named values, and named counters that only increase. A role of the store; any thread.
#pragma once
#include "store/role.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gateway::store {

class facts : private role {
public:
    using role::role;

    task<result<std::optional<std::string>>> find(std::string name, deadline until);
    task<result<void>> put(std::string name, std::string value, deadline until);
    /// Only if there is none of this name; gives the value that is there now.
    task<result<std::string>> put_first(std::string name, std::string value, deadline until);
    task<result<void>> forget(std::string name, deadline until);
    /// Pairs of name and value, sorted by name.
    task<result<std::vector<std::pair<std::string, std::string>>>> list(std::string name_prefix,
                                                                        deadline until);
    /// Adds to the counter of this name (0 at first) and gives the sum; any number of processes may add.
    task<result<std::uint64_t>> add_to_counter(std::string name, std::uint64_t by, deadline until);
};

} // namespace gateway::store
