// TikTok's windows for calls: a slot is taken from memory, and the store is asked only when this replica's
// share of a window is used up or expired. With a store for one process (SQLite) it is never asked. Shared by
// all workers; owned by the service. Requests to the store run on the home worker as separate tasks, one at a
// time per window, so a cancelled caller does not affect others.
#pragma once
#include "base/clock.hpp"
#include "limits/window.hpp"
#include "runtime/task.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace gateway {
class worker;
}
namespace gateway::store {
class engine;
class window_shares;
} // namespace gateway::store

namespace gateway::windows {

/// The share must be requested first: call ask().
struct must_ask {};
/// The store does not answer, and the share that may be used without it is used up.
struct store_unavailable {
    milliseconds wait{0}; // a call after it finds a slot of this replica free, or asks the store again
};

class shared_windows {
public:
    shared_windows(worker& home, store::engine& on, store::window_shares& records,
                   limits::window_table& windows);
    /// Destroy only after the home worker has stopped, or when nothing is in flight.
    ~shared_windows();
    shared_windows(const shared_windows&) = delete;
    shared_windows& operator=(const shared_windows&) = delete;

    using taken = std::variant<must_ask, limits::permit, limits::no_slot, store_unavailable>;
    /// As limits::window_table::prefetch. Any thread.
    void prefetch(std::string_view key) const;
    /// A slot of (key, kind), from memory; the hot path. Any thread.
    taken take(std::string_view key, std::uint8_t kind, steady_time now, deadline until);
    /// What is left of (key, kind), as far as this replica knows. Any thread.
    limits::quota_status status(std::string_view key, std::uint8_t kind, steady_time now) const;
    /// The same, after asking the store; never gives must_ask. Any worker.
    task<taken> ask(std::string key, std::uint8_t kind, deadline until);
    /// Call when TikTok answered 429 for this window: closes it for the other replicas, too. Any thread, no
    /// wait.
    void announce_closed(std::string_view key, std::uint8_t kind, milliseconds wait);

    /// At an orderly end, when no call is left: gives this replica's shares back, as far as they are not
    /// used. Home worker.
    task<void> give_all_back(deadline until);

    struct state; // shared_windows.cpp

private:
    std::shared_ptr<state> state_; // shared with requests on the home worker
};

} // namespace gateway::windows
