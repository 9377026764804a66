// A write with an Idempotency-Key: run at most once, whatever comes, and its first answer given again
// (docs/contract.md §5). The pipeline runs each call that has a key through it, and a batch each of its
// files. One per process; each call on its worker's thread.
#pragma once
#include "api/envelope.hpp"
#include "api/row.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace gateway::store {
class store;
}

namespace gateway::idempotency {

/// A write under its key.
struct keyed_write {
    caller_name caller; // name space of the key
    std::string key;
    std::string fingerprint; // of the request: fingerprint.hpp
    std::string request_id;
    api::recovery recovers; // of its row
    wall_time now;
    deadline until; // for the claim; the write has its own
};

class runner {
public:
    explicit runner(store::store& keys) : keys_(keys) {}

    /// Claims the key, runs `write` and writes down what it answered; where the key has an answer already,
    /// `write` is never begun and the outcome is that answer, an api::replay. What had no effect frees the
    /// key. in_progress, idempotency_key_reused, vault_unavailable.
    task<api::outcome> run_once(keyed_write what, task<api::outcome> write);

private:
    store::store& keys_;
};

/// The key under which one part of a call has its own first answer (a file of a batch): a control character
/// cannot stand in a caller's key.
std::string key_of_part(std::string_view key, std::size_t index);

/// Whether a failed write must be remembered: only what had no effect may be tried again under the same key.
bool must_be_remembered(const failure& why);

} // namespace gateway::idempotency
