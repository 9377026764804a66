// How much extra load repeats may be: one repeat for every ten first calls, and a few saved up for quiet
// times. A maximum per call would multiply a brown-out; a budget cannot (failure-catalogue U08). Owned by one
// worker, used from its thread only.
#pragma once
#include <algorithm>

namespace gateway::tiktok {

class retry_budget {
public:
    /// Told of every first call.
    void earn() { saved_ = std::min(saved_ + share_, most_); }
    /// Asks for one repeat; `false`: not now.
    bool spend() {
        if (saved_ < 1.0) return false;
        saved_ -= 1.0;
        return true;
    }

private:
    static constexpr double share_ = 0.1;
    static constexpr double most_ = 10.0;
    double saved_ = most_;
};

} // namespace gateway::tiktok
