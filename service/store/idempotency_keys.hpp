// Idempotency-Keys: which call has claimed a key, and its answer. A role of the store; any thread.
#pragma once
#include "store/post_record.hpp"
#include "store/role.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway::store {

class late_writes;

/// A claimed Idempotency-Key, with its first answer once it is finished.
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
    std::string claim; // the id of this call, so that it is not confused with a later one of the same key
    std::string owner; // the owner, if not this process itself: the claimant of a crashed one
};

/// A key whose process crashed during the call, with the post that the call began, if any.
struct abandoned_key {
    idempotency_record key;
    std::optional<post_record> post;
};

class idempotency_keys : private role {
public:
    idempotency_keys(engine& on, late_writes& late) : role(on), late_(late) {}

    /// Empty if this call has claimed the key. Otherwise the existing record (finished or not; also an answer
    /// that is not written yet). A claim may become durable only with the next write: before ledger::begin()
    /// nothing is sent, and a call without effect may be repeated. A failed claim that may still become
    /// durable is deleted later.
    task<result<std::optional<idempotency_record>>> claim(idempotency_record record, wall_time now,
                                                          deadline until);
    /// An existing record, without a claim; empty if the key is free.
    task<result<std::optional<idempotency_record>>> find(caller_name caller, std::string key, wall_time now,
                                                         deadline until);
    /// The newest post of the call that has claimed this key, if it began one.
    task<result<std::optional<post_record>>> post_of(idempotency_record key, deadline until);
    /// Does nothing if the key is finished or belongs to another call by now. If it fails, call
    /// finish_later().
    task<result<void>> finish(idempotency_record record, deadline until);
    /// For what could not be written in time: it is written later (late_writes.hpp) and is used as the key's
    /// answer meanwhile.
    void finish_later(idempotency_record record);
    /// For a refusal without effect, which is not stored. Deletes only a key that finish() would finish.
    task<result<void>> forget(idempotency_record record, deadline until);

    /// Unfinished keys of crashed processes, once their posts are settled; oldest first. Concurrent calls of
    /// replicas get different ones; a key that is not ended is given again after some time.
    task<result<std::vector<abandoned_key>>> abandoned(std::uint32_t limit, deadline until);

private:
    late_writes& late_;
};

} // namespace gateway::store
