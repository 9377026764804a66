// The bytes of one upload, pulled by whoever sends them on: nothing pushes, so back-pressure comes for free.
// Two real kinds: the client's socket (inbound) and a staged file (files). Used by one coroutine at a time,
// on the worker that serves the call.
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

    /// How many bytes there are in all; known before the first is read.
    virtual std::uint64_t size_bytes() const = 0;

    /// Reads at least one byte into `space` and says how many, or 0 at the end. Fails with malformed_request
    /// when the sender goes away or lies about the size, request_timeout when it is too slow,
    /// deadline_exceeded.
    virtual task<result<std::size_t>> read_some(std::span<char> space, deadline until) = 0;

    /// Whoever reads reserves memory for the bytes from now on: a source that has some reserved for them
    /// gives it back, so that none is counted twice.
    virtual void release_memory() {}
};

} // namespace gateway
