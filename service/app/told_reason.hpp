// Decides when a reason that lasts is logged: at once when it is new, again now and then while it lasts, and
// rarely where it changes back and forth. Owned by one coroutine.
#pragma once
#include "base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gateway::app {

class told_reason {
public:
    /// Whether a line is due for this reason now; then the line counts as written.
    bool is_due(std::string_view reason, steady_time now) {
        const auto since = told_at_ ? now - *told_at_ : steady_time::duration::max();
        if (told_at_ && since < (reason == reason_ ? repeated_after : changed_after)) return false;
        reason_ = reason;
        told_at_ = now;
        return true;
    }
    /// The reason is gone; the next one is new.
    void forget() { told_at_.reset(); }

private:
    static constexpr seconds repeated_after{600}, changed_after{10};

    std::string reason_;
    std::optional<steady_time> told_at_;
};

} // namespace gateway::app
