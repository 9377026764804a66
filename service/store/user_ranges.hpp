// Converts patterns of user_ids to ranges, so that a list reads only matching rows and not the whole table.
// Pure; private to store/.
#pragma once
#include <string>
#include <vector>

namespace gateway::store {

/// from <= user_id < to, in the order of bytes.
struct user_range {
    std::string from;
    std::string to;
    bool all_match = false; // else each row must be compared with the patterns
};

/// Sorts after `id` and before every other user_id that does.
inline std::string just_after(const std::string& id) {
    return id + '\x01';
}

/// Disjoint, in order; every user_id (docs/contract.md §2) that matches one of the patterns is in one of
/// them.
std::vector<user_range> ranges_of(const std::vector<std::string>& patterns);

} // namespace gateway::store
