// The first answer to an Idempotency-Key, given again byte for byte (docs/contract.md §5). The pipeline keeps
// one per request, a batch one per file under the same key. Lives in the frame of the call that claimed the
// key.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/store.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::idempotency {

/// How long an answer is given again.
inline constexpr std::chrono::hours first_answer_lifetime{24};

class first_answer {
public:
    /// Name space of the key is the caller. `fingerprint`: 32 bytes.
    first_answer(store::store& records, caller_name caller, std::string key, std::string fingerprint,
                 std::string request_id);

    /// Empty: the key is ours, and exactly one of remember() and forget() must follow. Otherwise the answer
    /// to give again. Errors: in_progress, idempotency_key_reused, vault_unavailable.
    task<result<std::optional<store::idempotency_record>>> claim(wall_time now, deadline until);
    task<result<store::done>> remember(int status, std::string answer, deadline until);
    task<result<store::done>> forget(deadline until);

private:
    store::store& records_;
    store::idempotency_record ours_;
};

/// The name under which one part of a call has its own first answer (a file of a batch), and whether a key is
/// such a name: a control character cannot stand in a caller's key.
std::string key_of_part(std::string_view key, std::size_t index);
bool is_key_of_part(std::string_view key);

/// Whether a failed write must be remembered: only what had no effect may be tried again under the same key.
bool must_be_remembered(const failure& why);

} // namespace gateway::idempotency
