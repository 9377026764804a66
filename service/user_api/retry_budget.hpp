// Limits the extra load of retries: one retry for every ten first calls, a few saved up, and at least one a
// second. A maximum per call would multiply the load of an overloaded TikTok; a budget does not
// (docs/promises.md U08). Pure: time is an argument. Owned by one worker, used from its thread only.
#pragma once
#include "base/clock.hpp"

#include <algorithm>

namespace gateway::user_api {

class retry_budget {
public:
    /// Call for every first try.
    void earn() { saved_ = std::min(saved_ + share_, most_); }
    /// Takes one retry from the budget; `false`: not now.
    bool spend(steady_time now) {
        refill(now);
        if (saved_ < 1.0) return false;
        saved_ -= 1.0;
        return true;
    }

private:
    /// Computed only when a retry is needed, so that other calls do not pay for it.
    void refill(steady_time now) {
        if (now <= refilled_at_) return;
        const std::chrono::duration<double> passed = now - refilled_at_;
        saved_ = std::min(saved_ + passed.count() * per_second_, most_);
        refilled_at_ = now;
    }

    static constexpr double share_ = 0.1;
    static constexpr double per_second_ = 1.0;
    static constexpr double most_ = 10.0;
    double saved_ = most_;
    steady_time refilled_at_{};
};

} // namespace gateway::user_api
