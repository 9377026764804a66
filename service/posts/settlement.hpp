// Settles attempts that a crashed process left `begun` in the ledger. Each gets its certain end, or
// outcome_unknown; TikTok is not asked, and nothing is sent again (I04).
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/post_record.hpp"

#include <cstddef>

namespace gateway::store {
class ledger;
}

namespace gateway::posts {

/// The end of an attempt whose process crashed. Pure.
store::post_record ended_by_crash(store::post_record begun, wall_time now);

struct settled_counts {
    std::size_t failed = 0;  // certainly nothing was posted
    std::size_t unknown = 0; // TikTok may have posted
    std::size_t settled = 0; // TikTok has it
};
/// Ends all of them. vault_unavailable, deadline_exceeded: attempts settled so far stay settled, the others
/// wait for the next call.
task<result<settled_counts>> settle_abandoned(store::ledger& ledger, deadline until);

} // namespace gateway::posts
