// Patterns of user_ids as ranges of them, so that a list reads the rows it gives and not the table. Pure;
// within store/ only.
#pragma once
#include <string>
#include <vector>

namespace gateway::store {

/// from <= user_id < to, in the order of bytes.
struct user_range {
    std::string from;
    std::string to;
    bool all_match = false; // else the patterns have to be tried on each row
};

/// Disjoint, in order; every user_id (docs/contract.md §2) that matches one of the patterns is in one of
/// them.
std::vector<user_range> ranges_of(const std::vector<std::string>& patterns);

} // namespace gateway::store
