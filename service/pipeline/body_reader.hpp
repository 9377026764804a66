// Takes a body that must be known whole before it means anything: JSON and other documents.
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
/// Reads `from` to its end and keeps nothing. Fails as read_whole does.
task<result<void>> drop_whole(body_source& from, std::uint64_t bytes_max, deadline until);

} // namespace gateway::pipeline
