// The bytes of one upload, pulled by the code that forwards them, so reading is never faster than sending
// (back-pressure). Two implementations: the client's socket (inbound) and a staged file (files). Used by one
// coroutine at a time, on the worker that serves the call.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace gateway {

class body_source {
public:
    virtual ~body_source() = default;

    /// The total number of bytes; known before the first is read.
    virtual std::uint64_t size_bytes() const = 0;

    /// Reads at least one byte into `space` and says how many, or 0 at the end. Fails with malformed_request
    /// when the sender disconnects or the size is not the announced one, request_timeout when the sender is
    /// too slow, deadline_exceeded.
    virtual task<result<std::size_t>> read_some(std::span<char> space, deadline until) = 0;

    /// From now on the reader reserves memory for the bytes: a source that has reserved memory for them
    /// releases it, so that none is counted twice.
    virtual void release_memory() {}
};

} // namespace gateway
