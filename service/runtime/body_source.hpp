// The bytes of one upload, pulled by the code that forwards them, so reading is never faster than sending
// (back-pressure). Two implementations: the client's socket (inbound) and a staged file (files). Used by one
// coroutine at a time, on the worker that serves the call.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "limits/shared_bytes.hpp"
#include "runtime/task.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
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

    /// While the source waits for its sender, `lost` ends the wait within a second once it is true: reading
    /// fails with overloaded then. Null ends that; see giving_way (shared_memory.hpp).
    virtual void give_way_when(const std::atomic<bool>* /*lost*/) {}

    /// From now on the reader reserves memory for the bytes. A source that has reserved memory for them hands
    /// its claim over, so that none is counted twice and what has been received keeps its place.
    virtual std::optional<limits::shared_bytes::permit> release_memory() { return std::nullopt; }
};

} // namespace gateway
