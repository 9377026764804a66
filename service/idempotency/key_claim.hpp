// One call's claim on its Idempotency-Key (docs/contract.md §5): whoever claims it runs the call, everybody
// else is given the first answer, byte for byte. Lives in the frame of the call that claimed the key. Used by
// run_once.cpp only.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/store.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace gateway::idempotency {

/// How long an answer is given again.
inline constexpr std::chrono::hours first_answer_lifetime{24};

class key_claim {
public:
    /// Name space of the key is the caller. `fingerprint`: 32 bytes.
    key_claim(store::store& keys, caller_name caller, std::string key, std::string fingerprint,
              std::string request_id);

    /// Before take(): the answer of the key should this process end before the call does. Without it recovery
    /// asks the ledger.
    void answer_after_crash(int status, std::string answer);
    /// Empty: the key is ours, and exactly one of finish() and release() must follow. Otherwise the answer
    /// to give again. Errors: in_progress, idempotency_key_reused, vault_unavailable.
    task<result<std::optional<store::idempotency_record>>> take(wall_time now, deadline until);
    task<result<store::done>> finish(int status, std::string answer, deadline until);
    task<result<store::done>> release(deadline until);

private:
    store::store& keys_;
    store::idempotency_record ours_;
};

} // namespace gateway::idempotency
