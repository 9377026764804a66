// One call's claim on its Idempotency-Key (docs/contract.md §5): the call that claims it runs, all others get
// the first answer, byte for byte. Lives in the frame of the call that claimed the key. Used by run_once.cpp
// only.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/idempotency_keys.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace gateway::idempotency {

/// How long an answer is kept for replay.
inline constexpr std::chrono::hours first_answer_lifetime{24};

class key_claim {
public:
    /// Keys are separate per caller. `fingerprint`: 32 bytes.
    key_claim(store::idempotency_keys& keys, caller_name caller, std::string key, std::string fingerprint,
              std::string request_id);

    /// Call before take(): the key's answer if this process crashes before the call ends. Without it recovery
    /// uses the ledger.
    void answer_after_crash(int status, std::string answer);
    /// Empty if this call has claimed the key; then exactly one of finish() and release() must follow.
    /// Otherwise the record that has an answer. Errors: in_progress, idempotency_key_reused,
    /// vault_unavailable.
    task<result<std::optional<store::idempotency_record>>> take(wall_time now, deadline until);
    /// The same without a claim: empty if the key is free.
    task<result<std::optional<store::idempotency_record>>> look(wall_time now, deadline until);
    /// If it fails, the answer is not durable, and finish_later() must follow.
    task<result<void>> finish(int status, std::string answer, deadline until);
    void finish_later(int status, std::string answer);
    task<result<void>> release(deadline until);

private:
    using found_record = result<std::optional<store::idempotency_record>>;
    task<found_record> judge(std::optional<store::idempotency_record> found, deadline until);

    store::idempotency_keys& keys_;
    store::idempotency_record ours_;
};

} // namespace gateway::idempotency
