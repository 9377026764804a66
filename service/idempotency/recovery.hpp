// First answers that a process which died still owes: each key it held is answered from the ledger, or as its
// row said when the key was claimed, or is free again where for certain nothing came of its call (I04). Runs
// at start and from time to time, after posts::settle_abandoned().
#pragma once
#include "api/row.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

#include <cstddef>
#include <span>

namespace gateway::store {
class store;
}

namespace gateway::idempotency {

struct recovered_keys {
    std::size_t answered = 0;
    std::size_t freed = 0;
};
/// `rows`: of the actions that may have begun the posts. vault_unavailable, deadline_exceeded: keys recovered
/// so far stay recovered.
task<result<recovered_keys>> recover_keys(store::store& store, std::span<const api::row> rows,
                                          deadline until);

/// What main asks of the rows before the first call: a row that lets a key go free where it finds no post
/// must be able to begin one. Throws std::logic_error.
void check_recovery(std::span<const api::row> rows);

} // namespace gateway::idempotency
