// Runs a write with an Idempotency-Key at most once and replays its first answer (docs/contract.md §5). Used
// by the pipeline for each call with a key, and by a batch for each of its files. One per process; each call
// on its worker's thread.
#pragma once
#include "api/envelope.hpp"
#include "api/row.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::store {
class idempotency_keys;
struct idempotency_record;
} // namespace gateway::store
namespace gateway::telemetry {
struct call_record;
}

namespace gateway::idempotency {

/// A write under its key.
struct keyed_write {
    caller_name caller; // keys are separate per caller
    std::string key;
    std::string fingerprint;        // of the request: fingerprint.hpp
    telemetry::call_record& record; // of the call; run_once sets replayed and undurable
    api::recovery recovers;         // of its row
    wall_time now;
    deadline until; // of the claim; the write has its own deadline
};

/// What a call with this key would meet.
struct key_state {
    std::string_view name;      // free, finished or in_progress, as docs/contract.md §12 tells it
    std::optional<failure> why; // the call would be refused: in_progress, idempotency_key_reused
};

class runner {
public:
    explicit runner(store::idempotency_keys& keys) : keys_(keys) {}

    /// Claims the key, runs `write` and stores its answer; if the key already has an answer, `write` is never
    /// started and the outcome is that answer, an api::replay. An answer in doubt becomes the end of its post
    /// as soon as the ledger knows that. A write without effect frees the key. An answer that could not be
    /// stored in time says so in its warnings, and is stored later. in_progress, idempotency_key_reused,
    /// vault_unavailable.
    task<api::outcome> run_once(keyed_write what, task<api::outcome> write);
    /// The same without a claim and without a write: nothing if the key has no answer and no call.
    task<std::optional<api::outcome>> earlier(keyed_write what);
    /// For a dry run: claims and changes nothing. vault_unavailable.
    task<result<key_state>> look(keyed_write what);

private:
    task<api::replay> replay_of(store::idempotency_record found, const keyed_write& what);

    store::idempotency_keys& keys_;
};

/// The key of one part of a call, a file of a batch. It contains a control character, which a caller's key
/// cannot.
std::string key_of_part(std::string_view key, std::size_t index);

/// Whether a failed write must be stored: only a write without effect may be tried again under the same key.
bool must_be_remembered(const failure& why);

} // namespace gateway::idempotency
