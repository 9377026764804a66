// Reads bodies that must be complete before they are used: JSON and other documents.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "limits/shared_bytes.hpp"
#include "runtime/body_source.hpp"
#include "runtime/task.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace gateway::pipeline {

/// Where the memory of a large body is claimed, and the claim is kept.
struct body_memory {
    limits::shared_bytes* of = nullptr; // null: not counted
    sharer by = sharer::gateway;
    std::optional<limits::shared_bytes::permit>* claim = nullptr;
};

/// Of a body that was announced, or came, with more bytes than its route takes.
failure body_too_large(std::uint64_t bytes_max);

/// All bytes of `from`. too_large beyond `bytes_max`, overloaded if there is no memory for it or it comes too
/// slowly while others need that memory, and the failures of the body itself.
task<result<std::string>> read_whole(body_source& from, std::uint64_t bytes_max, deadline until,
                                     body_memory memory = {});
/// Reads `from` to its end and discards it. Fails like read_whole.
task<result<void>> drop_whole(body_source& from, std::uint64_t bytes_max, deadline until);

} // namespace gateway::pipeline
