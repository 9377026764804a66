// The end of a campaign's load: set once; whoever waits between two calls waits for it.
#pragma once
#include "base/clock.hpp"

#include <condition_variable>
#include <mutex>

namespace fault {

class ending {
public:
    void now() {
        const std::lock_guard guard(lock_);
        over_ = true;
        changed_.notify_all();
    }
    /// Whether it comes within that time.
    bool within(gateway::milliseconds wait) {
        std::unique_lock guard(lock_);
        return changed_.wait_for(guard, wait, [this] { return over_; });
    }
    bool has_come() {
        const std::lock_guard guard(lock_);
        return over_;
    }

private:
    std::mutex lock_;
    std::condition_variable changed_;
    bool over_ = false;
};

} // namespace fault
