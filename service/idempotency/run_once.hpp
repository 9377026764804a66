// A write with an Idempotency-Key: run at most once, whatever comes, and its first answer given again
// (docs/contract.md §5). The pipeline's last step where a key came. Functions without state, on the worker's
// thread.
#pragma once
#include "api/call.hpp"
#include "api/envelope.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

namespace gateway::store {
class store;
}

namespace gateway::idempotency {

/// A fault of ours in the middle of a call. Of a write nobody knows how far it came, so it must not be done
/// again.
failure fault_of_ours(const api::row& what);

/// Claims the key before a byte of the file is read, so that a second call cannot slip in between.
task<api::outcome> run_once(store::store& store, api::call& c);

} // namespace gateway::idempotency
