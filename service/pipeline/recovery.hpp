// First answers that a process which died still owes: each key it held is answered from the ledger, or is
// free again where nothing came of its call (I04). Runs at start, after posts::settle_abandoned().
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

#include <cstddef>

namespace gateway::store {
class store;
}

namespace gateway::pipeline {

struct recovered_keys {
    std::size_t answered = 0;
    std::size_t freed = 0;
};
/// vault_unavailable, deadline_exceeded: what was recovered stays so.
task<result<recovered_keys>> recover_keys(store::store& store, deadline until);

} // namespace gateway::pipeline
