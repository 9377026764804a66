// First answers: who answers to an Idempotency-Key, and what the answer was. Shared by all workers; any
// thread. Every call fails with vault_unavailable (or deadline_exceeded) and with nothing else; absence is a
// value.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/post_record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway::store {

class engine;
class late_writes;

/// The first answer to an Idempotency-Key, or that it is still being made.
struct idempotency_record {
    caller_name caller;
    std::string key;
    std::string fingerprint; // SHA-256, 32 bytes
    bool finished = false;
    int status = 0;
    std::string answer;     // the envelope's bytes
    std::string request_id; // of the first call
    wall_time created_at;
    wall_time expires_at;
    std::string claim; // of this very call: a later one with the same key is never taken for it
    std::string
        owner; // who is to answer, where that is not this process itself: the claimant of one that died
};

/// A key whose call ended with its process, and how far that call came: its attempt, if it began one.
struct abandoned_key {
    idempotency_record key;
    std::optional<post_record> post;
};

enum class key_end { finished, forgotten };

class idempotency_keys {
public:
    idempotency_keys(engine& on, late_writes& late) : engine_(on), late_(late) {}

    /// Empty: the key is now ours to answer. Otherwise what is recorded (finished or not; also an answer that
    /// still waits to be written). A claim may become durable with the next write only: before
    /// ledger::begin() nothing is sent, and what had no effect may be tried again. A claim that failed and
    /// may yet become durable is forgotten later.
    task<result<std::optional<idempotency_record>>> claim(idempotency_record record, wall_time now,
                                                          deadline until);
    /// Changes nothing where the key is finished, or has become another's. What could not be written is
    /// written later (late_writes.hpp) and answers the key meanwhile.
    task<result<void>> finish(idempotency_record record, deadline until);
    /// A refusal without effect is not remembered. Only what finish() would finish is forgotten.
    task<result<void>> forget(idempotency_record record, deadline until);

    /// Unfinished keys whose process is gone, once their posts are settled; oldest first. Replicas that ask
    /// at the same time are given different ones; what is given and not ended is given again a while later.
    task<result<std::vector<abandoned_key>>> abandoned(std::uint32_t limit, deadline until);

    /// Also for late_writes. `false`: nothing was there to end.
    task<result<bool>> end(idempotency_record record, key_end how, deadline until);

private:
    engine& engine_;
    late_writes& late_;
};

} // namespace gateway::store
