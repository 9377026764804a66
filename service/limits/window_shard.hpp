// One part of a table of windows, with its lock. For window.cpp only.
#pragma once
#include "base/flat_table.hpp"
#include "limits/sliding_window.hpp"
#include "limits/window.hpp"
#include "limits/window_journal.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::limits {

/// The hash is computed once per call and passed along. It does not include the kind, so the windows of one
/// key are next to each other, and a prefetch needs only the key.
struct window_key_view {
    static std::size_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

    std::string_view text;
    std::uint8_t kind;
    std::size_t hash = hash_of(text);

    std::uint64_t in_journal() const { return journal_key(hash, kind); }
};

/// Aligned to a cache line, so that only three have to be fetched.
struct alignas(64) kept_window {
    std::string key;
    std::uint8_t kind = 0;
    sliding_window window;
};

/// On cache lines of its own, so that workers on neighbouring shards do not slow each other down.
struct alignas(64) window_shard {
    mutable std::mutex lock;
    std::vector<window_rule> rules;
    std::size_t in_vain = 0, pause = 0;
    journal_part journal;
    remembered_windows remembered; // of the process before, as long as something of it counts

    static constexpr std::size_t windows_looked_at_per_new = 4;
    static constexpr std::size_t windows_looked_at_per_take = 2;
    static constexpr std::size_t takes_without_look_max = 16;

    std::size_t size() const { return windows_.size(); }
    void prefetch(std::size_t hash) const { windows_.fetch(hash); }
    sliding_window* find(const window_key_view& key) {
        auto* const kept = windows_.find(
            key.hash, [&key](const kept_window& one) { return one.kind == key.kind && one.key == key.text; });
        return kept ? &kept->window : nullptr;
    }
    /// Adds a window that does not exist yet, with what is remembered of it. Before that, more empty windows
    /// are removed than are made.
    sliding_window& make(const window_key_view& key, window_rule rule, steady_time now) {
        look_at(windows_looked_at_per_new, now);
        auto& made = windows_.add(key.hash);
        made.key = key.text;
        made.kind = key.kind;
        made.window.rule = rule;
        if (remembered.until > now) recall(key, made.window);
        return made.window;
    }
    /// Whether a window that does not exist yet holds something all the same.
    bool remembers(const window_key_view& key, steady_time now) {
        if (remembered.until <= now) {
            remembered = {};
            return false;
        }
        return remembered.full_until > now || !entries_of(key).empty();
    }
    /// Call before a take searches its window. While empty windows are found, every take searches for more;
    /// each search without a find makes one more take skip it, because with many users each search is a cache
    /// miss.
    void tidy_now_and_then(steady_time now) {
        if (pause > 0) {
            --pause;
            return;
        }
        in_vain =
            look_at(windows_looked_at_per_take, now) ? 0 : std::min(in_vain + 1, takes_without_look_max);
        pause = in_vain;
    }

private:
    flat_table<kept_window> windows_;
    std::size_t next_look_ = 0; // where the next search starts

    std::span<const journal_entry> entries_of(const window_key_view& key) const {
        struct by_key {
            bool operator()(const journal_entry& a, std::uint64_t b) const { return a.key < b; }
            bool operator()(std::uint64_t a, const journal_entry& b) const { return a < b.key; }
        };
        const auto& all = remembered.entries;
        const auto [first, last] = std::equal_range(all.begin(), all.end(), key.in_journal(), by_key{});
        return {first, last};
    }
    void recall(const window_key_view& key, sliding_window& into) const {
        into.close_until(remembered.full_until);
        for (const auto& each : entries_of(key))
            each.closes ? into.close_until(each.until) : into.recall(each.until);
    }
    /// Whether an empty window was found.
    bool look_at(std::size_t count, steady_time now) {
        const std::size_t before = windows_.size();
        std::size_t places_left = count * windows_.sparse; // windows are at most this far apart, on average
        while (count > 0 && places_left-- > 0 && windows_.size() > 0) {
            if (next_look_ >= windows_.places()) next_look_ = 0;
            auto* const one = windows_.at(next_look_);
            if (one) --count;
            if (!one || !is_empty(one->window, now)) {
                ++next_look_;
                continue;
            }
            windows_.erase(*one); // another one may have moved there
            if (windows_.shrink()) next_look_ = 0;
        }
        return windows_.size() < before;
    }
    static bool is_empty(sliding_window& window, steady_time now) {
        window.forget_past(now);
        return window.empty(now);
    }
};

} // namespace gateway::limits
