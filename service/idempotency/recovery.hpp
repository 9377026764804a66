// First answers that a process which died still owes: each key it held is answered from the ledger, or is
// free again where nothing came of its call (I04). Runs at start, after posts::settle_abandoned().
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

#include <cstddef>

namespace gateway::store {
struct abandoned_key;
class store;
} // namespace gateway::store

namespace gateway::idempotency {

struct recovered_keys {
    std::size_t answered = 0;
    std::size_t freed = 0;
};
/// Fills in status and answer of a key as its call would have, from what the ledger has. `false`: nothing
/// came of the call.
using ledger_answer = bool (*)(store::abandoned_key& one);

/// vault_unavailable, deadline_exceeded: what was recovered stays so.
task<result<recovered_keys>> recover_keys(store::store& store, ledger_answer answer_from_ledger,
                                          deadline until);

} // namespace gateway::idempotency
