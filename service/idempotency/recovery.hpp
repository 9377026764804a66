// Recovers the keys that a crashed process had claimed: each gets an answer from the ledger, or the one that
// its row set when the key was claimed, or is freed if its call certainly had no effect (I04). Runs at start
// and periodically, after posts::settle_abandoned().
#pragma once
#include "api/row.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

#include <cstddef>
#include <span>

namespace gateway::store {
class idempotency_keys;
}

namespace gateway::idempotency {

struct recovered_keys {
    std::size_t answered = 0;
    std::size_t freed = 0;
};
/// `rows`: of the actions that may have begun the posts. vault_unavailable, deadline_exceeded: keys recovered
/// so far stay recovered.
task<result<recovered_keys>> recover_keys(store::idempotency_keys& keys, std::span<const api::row> rows,
                                          deadline until);

/// Called by the service before the first call: a row whose keys are freed when there is no post must be one
/// that begins a post. Throws std::logic_error.
void check_recovery(std::span<const api::row> rows);

} // namespace gateway::idempotency
