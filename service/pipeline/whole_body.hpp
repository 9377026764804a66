// Reads bodies that must be complete before they are used: JSON and other documents.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/body_source.hpp"
#include "runtime/task.hpp"

#include <cstdint>
#include <string>

namespace gateway::pipeline {

/// All bytes of `from`. too_large beyond `bytes_max`, and the failures of the body itself.
task<result<std::string>> read_whole(body_source& from, std::uint64_t bytes_max, deadline until);
/// Reads `from` to its end and discards it. Fails like read_whole.
task<result<void>> drop_whole(body_source& from, std::uint64_t bytes_max, deadline until);

} // namespace gateway::pipeline
