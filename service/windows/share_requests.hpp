// The requests to the store about this replica's shares, one at a time per window, on the home worker.
// Private to this folder; any thread.
#pragma once
#include "limits/window.hpp"
#include "runtime/task.hpp"
#include "store/window_shares.hpp"
#include "windows/share_table.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

namespace gateway::store {
class engine;
}

namespace gateway::windows {

/// The pause while the store does not answer.
inline constexpr milliseconds ask_again_after{1'000};

class share_requests {
public:
    /// Runs a coroutine on the home worker; the owner of *this lives as long.
    using starter = std::function<void(task<void>)>;

    share_requests(store::engine& on, store::window_shares& records, limits::window_table& windows,
                   share_table& shares, starter start)
        : engine_(on), records_(records), windows_(windows), shares_(shares), start_(std::move(start)) {}

    /// Requests a share for the calls that wait for this window. Joins the running request, if there is one.
    asking ask_once(const store::window_name& name);
    /// Another replica needs what this one does not use.
    void give_back_unused(const store::window_name& name);
    /// At an orderly end: gives back what is not used of any window, and tells when what is used becomes
    /// free. Where the time is not enough, the rest ends one window later.
    task<void> give_all_back(deadline until);
    /// The store did not answer the last time.
    bool is_away() const { return away_.load(std::memory_order_relaxed); }

private:
    struct answer;
    struct request_end;

    task<void> ask(store::window_name name, asking told);
    task<answer> ask_store(store::window_name name, std::int64_t asked_at);
    void note(const store::window_name& name, const answer& got);
    void give_back_if_wanted(const store::window_name& name);
    task<void> give_back(store::window_name name, asking told);
    store::window_use use_of(const store::window_name& name, const limits::slots_taken& taken,
                             steady_time now);
    bool may_give_back(steady_time now);

    store::engine& engine_;
    store::window_shares& records_;
    limits::window_table& windows_;
    share_table& shares_;
    const starter start_;
    std::atomic<bool> away_{false};
    std::atomic<std::int64_t> turns_{0};

    // Of the current second; used by give_back_unused() only, which is called on one thread.
    steady_time second_began_{};
    unsigned given_back_ = 0;
};

} // namespace gateway::windows
