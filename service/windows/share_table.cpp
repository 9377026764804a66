#include "windows/share_table.hpp"

#include <algorithm>
#include <utility>

namespace gateway::windows {

share_table::locked_window share_table::of(const store::window_name& name, steady_time now) {
    auto& in = shard_of(name);
    std::unique_lock lock(in.lock);
    if (in.windows.size() >= in.tidy_at) {
        std::erase_if(in.windows, [now](const auto& each) {
            return !each.second.now && !each.second.look_due && each.second.waiting == 0
                   && now - each.second.touched > shard::forgotten_after;
        });
        in.tidy_at = std::max(shard::tidied_from, 2 * in.windows.size());
    }
    auto& found = in.windows[name];
    found.touched = now;
    return {std::move(lock), &found};
}

share_table::locked_window share_table::find(const store::window_name& name) {
    auto& in = shard_of(name);
    std::unique_lock lock(in.lock);
    const auto found = in.windows.find(name);
    return {std::move(lock), found == in.windows.end() ? nullptr : &found->second};
}

std::vector<store::window_name> share_table::shared_ones() {
    std::vector<store::window_name> out;
    for (auto& each : shards_) {
        const std::lock_guard lock(each.lock);
        for (const auto& [name, window] : each.windows)
            if (window.mine.capacity > 0) out.push_back(name);
    }
    return out;
}

} // namespace gateway::windows
