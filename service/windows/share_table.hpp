// This replica's shares of the common windows, in memory: shards, each with a lock that is held for
// nanoseconds and never across a wait. Private to this folder; any thread.
#pragma once
#include "limits/share.hpp"
#include "runtime/shared_wait.hpp"
#include "store/window_shares.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace gateway::windows {

/// A running request to the store about a window, which all its callers await.
using asking = std::shared_ptr<shared_wait<bool>>;

struct window_state {
    limits::share mine;
    steady_time
        ask_again_at{};    // not before this time: the others use everything, or the store does not answer
    steady_time free_at{}; // when a slot becomes free, by that answer
    milliseconds told_late{0}; // the store counts told ends from the moment when it was told: so much later
    std::uint32_t waiting = 0; // calls that need a slot
    asking now;                // null if there is no request
    bool wanted_by_others = false; // during a request: what is not used is given back after it
    bool look_due = false;         // a look at whether TikTok has closed it is queued
    steady_time touched{};
};

class share_table {
public:
    /// A window, or none; its shard is locked as long as this lives.
    struct locked_window {
        std::unique_lock<std::mutex> lock;
        window_state* state;

        window_state* operator->() const { return state; }
    };
    /// The window, which is added if it does not exist.
    locked_window of(const store::window_name& name, steady_time now);
    locked_window find(const store::window_name& name);
    /// The windows of which this replica has a share.
    std::vector<store::window_name> shared_ones();

private:
    struct name_hash {
        std::size_t operator()(const store::window_name& name) const {
            return std::hash<std::string>{}(name.key) * 31 + name.kind;
        }
    };
    struct shard {
        static constexpr std::size_t tidied_from = 1'024;
        /// Longer than an old share can have any effect.
        static constexpr milliseconds forgotten_after{600'000};

        std::mutex lock; // for the members below
        std::unordered_map<store::window_name, window_state, name_hash> windows;
        std::size_t tidy_at = tidied_from;
    };
    shard& shard_of(const store::window_name& name) { return shards_[name_hash{}(name) % shards_.size()]; }

    std::array<shard, 64> shards_;
};

} // namespace gateway::windows
