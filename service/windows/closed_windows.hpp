// Windows that TikTok has closed with a 429. What another replica reports is looked up; what this one heard
// is told to the store until it has it, or until the window is open again. Private to this folder; any
// thread.
#pragma once
#include "base/clock.hpp"
#include "limits/window.hpp"
#include "runtime/task.hpp"
#include "store/window_shares.hpp"
#include "windows/share_table.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

namespace gateway::windows {

/// The longest effect of what another replica tells.
inline constexpr milliseconds closed_max{86'400'000};

class closed_windows {
public:
    /// Starts a coroutine that ends only when it is done, whatever is thrown.
    using starter = std::function<void(std::function<task<void>()>)>;

    closed_windows(store::window_shares& records, limits::window_table& windows, share_table& shares,
                   starter start)
        : records_(records), windows_(windows), shares_(shares), start_(std::move(start)) {}

    /// Another replica reports that TikTok has closed it. Never throws.
    void reported(const store::window_name& name);
    /// TikTok has closed it until `reopen`, as this replica heard.
    void tell(const store::window_name& name, steady_time reopen);

private:
    struct closing {
        store::window_name name;
        steady_time reopen;
    };

    task<void> look_at_reported();
    task<bool> look_at(store::window_name name);
    std::optional<store::window_name> next_look();
    void looked();
    task<void> tell_store();
    std::optional<closing> next_to_tell(steady_time now);
    void told(const closing& what);

    store::window_shares& records_;
    limits::window_table& windows_;
    share_table& shares_;
    const starter start_;
    std::mutex lock_;                      // for the members below
    std::deque<store::window_name> looks_; // each window at most twice: looked at now, and reported again
    bool looking_ = false;                 // look_at_reported() runs
    std::deque<closing> untold_;           // each window once
    bool telling_ = false;                 // tell_store() runs
};

} // namespace gateway::windows
