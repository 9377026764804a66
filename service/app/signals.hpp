// Signals as values, received by the main thread only. They are blocked in all threads, so no handler runs.
// Made before the first thread.
#pragma once
#include "base/clock.hpp"

#include <csignal>
#include <optional>

namespace gateway::app {

class signals {
public:
    /// Blocks SIGTERM, SIGINT and SIGHUP for this thread and all threads it starts.
    signals();

    enum class what { terminate, reload };
    /// The next signal; nothing if `until` passed.
    std::optional<what> wait(steady_time until);
    what wait();

private:
    sigset_t set_;
};

} // namespace gateway::app
