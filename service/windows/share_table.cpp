#include "windows/share_table.hpp"

#include <algorithm>

namespace gateway::windows {

window_state& share_table::shard::of(const store::window_name& name, steady_time now) {
    if (windows_.size() >= tidy_at_) {
        std::erase_if(windows_, [now](const auto& each) {
            return !each.second.now && now - each.second.touched > forgotten_after;
        });
        tidy_at_ = std::max(tidied_from, 2 * windows_.size());
    }
    auto& found = windows_[name];
    found.touched = now;
    return found;
}

window_state* share_table::shard::find(const store::window_name& name) {
    const auto found = windows_.find(name);
    return found == windows_.end() ? nullptr : &found->second;
}

} // namespace gateway::windows
