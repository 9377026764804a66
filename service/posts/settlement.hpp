// What a process that died leaves behind in the ledger: attempts that are `begun`, and nobody left to end
// them. Each is given the end that is certain, or is called unknown; TikTok is not asked and nothing is sent
// again (I04).
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/records.hpp"

#include <cstddef>

namespace gateway::store {
class store;
}

namespace gateway::posts {

/// The end of an attempt whose process is gone. Pure.
store::post_record ended_by_crash(store::post_record begun, wall_time now);

struct settled_counts {
    std::size_t failed = 0;  // nothing was posted, for certain
    std::size_t unknown = 0; // TikTok may have posted
    std::size_t settled = 0; // TikTok has it
};
/// Ends all of them. vault_unavailable, deadline_exceeded: what was ended stays so, the rest waits for the
/// next time.
task<result<settled_counts>> settle_abandoned(store::store& store, deadline until);

} // namespace gateway::posts
