// A part of a table of windows, with its lock. For window.cpp only.
#pragma once
#include "limits/sliding_window.hpp"
#include "limits/window.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::limits {

/// The hash is taken once for each call and travels along.
struct window_key_view {
    window_key_view(std::string_view text_, std::uint8_t kind_)
        : window_key_view(
            text_, kind_,
            std::hash<std::string_view>{}(text_) ^ (std::size_t{kind_} + 1) * 0x9e3779b97f4a7c15ULL) {}
    window_key_view(std::string_view text_, std::uint8_t kind_, std::size_t hash_)
        : text(text_), kind(kind_), hash(hash_) {}
    std::string_view text;
    std::uint8_t kind;
    std::size_t hash;
};

struct window_key {
    explicit window_key(const window_key_view& from) : text(from.text), kind(from.kind), hash(from.hash) {}
    std::string text;
    std::uint8_t kind;
    std::size_t hash;
};

/// Hash and equality that take views, so that a look-up does not allocate.
struct window_hash {
    using is_transparent = void;
    std::size_t operator()(const window_key& key) const noexcept { return key.hash; }
    std::size_t operator()(const window_key_view& key) const noexcept { return key.hash; }
};
struct window_equal {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
        return a.hash == b.hash && a.kind == b.kind && std::string_view(a.text) == std::string_view(b.text);
    }
};

// Flat: with many users each place in memory is a miss of the processor's caches.
using window_map = boost::unordered_flat_map<window_key, sliding_window, window_hash, window_equal>;

struct window_shard {
    mutable std::mutex lock;
    window_map windows;
    std::vector<window_rule> rules;
    std::optional<window_key> next_look; // where the last look ended, if that is still there
    std::size_t in_vain = 0, pause = 0;

    static constexpr std::size_t windows_looked_at_per_new = 4;
    static constexpr std::size_t windows_looked_at_per_take = 2;
    static constexpr std::size_t takes_without_look_max = 16;
    // A table with more places than both is made smaller.
    static constexpr std::size_t places_min = 64, sparse = 8;

    /// Before a take looks for its window. While empty ones are found every take looks for more; each look in
    /// vain lets one more take pass without: with many users each place is a miss of the processor's caches.
    void tidy_now_and_then(steady_time now) {
        if (pause > 0) {
            --pause;
            return;
        }
        in_vain =
            look_at(windows_looked_at_per_take, now) ? 0 : std::min(in_vain + 1, takes_without_look_max);
        pause = in_vain;
    }
    /// Before a window is made: more empty ones are found than are made.
    void make_room(steady_time now) { look_at(windows_looked_at_per_new, now); }

private:
    /// Whether there was an empty window.
    bool look_at(std::size_t count, steady_time now) {
        const std::size_t before = windows.size();
        auto at = next_look ? windows.find(*next_look) : windows.end();
        for (std::size_t i = 0; i < count && !windows.empty(); ++i) {
            if (at == windows.end()) at = windows.begin();
            const auto seen = at++;
            seen->second.forget_past(now);
            if (seen->second.empty(now)) windows.erase(seen);
        }
        if (at == windows.end()) {
            next_look.reset();
            shrink();
        } else {
            next_look = at->first;
        }
        return windows.size() < before;
    }
    /// At the end of each turn: a flat map keeps the places of what it has forgotten.
    void shrink() {
        const std::size_t places = windows.bucket_count();
        if (places > places_min && windows.size() * sparse < places) windows.rehash(0);
    }
};

} // namespace gateway::limits
