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

namespace gateway::windows {

/// A running request to the store about a window, which all its callers await.
using asking = std::shared_ptr<shared_wait<bool>>;

struct window_state {
    limits::share mine;
    std::int64_t granted_as = 0; // the share that the store has granted
    steady_time
        ask_again_at{};    // not before this time: the others use everything, or the store does not answer
    steady_time free_at{}; // when a slot becomes free, by that answer
    std::uint32_t waiting = 0; // calls that need a slot
    asking now;                // null if there is no request
    steady_time touched{};
};

class share_table {
public:
    struct name_hash {
        std::size_t operator()(const store::window_name& name) const {
            return std::hash<std::string>{}(name.key) * 31 + name.kind;
        }
    };
    struct name_equal {
        bool operator()(const store::window_name& a, const store::window_name& b) const {
            return a.kind == b.kind && a.key == b.key;
        }
    };

    class shard {
    public:
        std::mutex lock; // for the members below
        window_state& of(const store::window_name& name, steady_time now);
        window_state* find(const store::window_name& name);

    private:
        static constexpr milliseconds forgotten_after{
            600'000}; // longer than an old share can have any effect
        static constexpr std::size_t tidied_from = 1'024;

        std::unordered_map<store::window_name, window_state, name_hash, name_equal> windows_;
        std::size_t tidy_at_ = tidied_from;
    };

    shard& of(const store::window_name& name) { return shards_[name_hash{}(name) % shards_.size()]; }

private:
    std::array<shard, 64> shards_;
};

} // namespace gateway::windows
