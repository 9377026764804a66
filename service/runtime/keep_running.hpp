// For background coroutines that must not end while the process runs: if an exception leaves one, it is noted
// and started again after a pause (docs/promises.md P07). A cancellation ends it.
#pragma once
#include "base/clock.hpp"
#include "runtime/task.hpp"

#include <exception>
#include <functional>

namespace gateway {

/// Until `start()`'s coroutine ends by itself, or is cancelled.
task<void> keep_running(std::function<task<void>()> start,
                        std::function<void(const std::exception_ptr&)> note_fault,
                        milliseconds pause = milliseconds{1'000});

} // namespace gateway
