// Signals as values, taken by the main thread only: blocked everywhere else, so no handler ever runs. Made
// before the first thread is.
#pragma once
#include "base/clock.hpp"

#include <csignal>
#include <optional>

namespace gateway::app {

class signals {
public:
    /// Blocks SIGTERM, SIGINT and SIGHUP for this thread and all it starts.
    signals();

    enum class what { terminate, reload };
    /// The next signal; nothing when `until` passed.
    std::optional<what> wait(steady_time until);
    what wait();

private:
    sigset_t set_;
};

} // namespace gateway::app
