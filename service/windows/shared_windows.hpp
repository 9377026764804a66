// TikTok's windows as a call meets them: its slot comes from memory, and the store is asked only when this
// replica's share of a window is used up or over. With a store of one process (SQLite) nothing is ever asked.
// Shared by all workers; owned by main. What is asked runs on the home worker as tasks of their own, one at a
// time for each window, so a caller that goes away disturbs nobody.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "limits/window.hpp"
#include "runtime/task.hpp"
#include "store/changes.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace gateway {
class worker;
}
namespace gateway::store {
class store;
}

namespace gateway::windows {

/// Memory cannot tell: ask().
struct must_ask {};
/// The store does not answer, and this replica's share without it is used up.
struct store_is_away {
    milliseconds wait{0}; // until a slot is free by what is known here, or the store may be back
};

class shared_windows {
public:
    shared_windows(worker& home, store::store& records, limits::window_table& windows);
    /// The home worker has stopped, or nothing is in flight.
    ~shared_windows();
    shared_windows(const shared_windows&) = delete;
    shared_windows& operator=(const shared_windows&) = delete;

    using taken = std::variant<limits::permit, limits::no_slot, must_ask, store_is_away>;
    /// As limits::window_table::expect. Any thread.
    void expect(std::string_view key) const;
    /// A slot of (key, kind), from memory; the hot path. Any thread.
    taken take(std::string_view key, std::uint8_t kind, steady_time now, deadline until);
    /// The same, after the store was asked; never must_ask. Any worker.
    task<taken> ask(std::string key, std::uint8_t kind, deadline until);
    /// TikTok said 429 for this window: the other replicas are not to try it either. Any thread, no wait.
    void tell_closed(std::string_view key, std::uint8_t kind, milliseconds wait);

    struct state; // shared_windows.cpp

private:
    std::shared_ptr<state> state_; // shared with what is asked for on the home worker
};

} // namespace gateway::windows
