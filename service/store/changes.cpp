#include "store/changes.hpp"

#include <algorithm>

namespace gateway::store {

void change_listeners::add(change_listener& one) {
    const std::lock_guard lock(mutex_);
    all_.push_back(&one);
    one.feed_connected(in_touch_);
}

void change_listeners::remove(change_listener& one) {
    const std::lock_guard lock(mutex_);
    std::erase(all_, &one);
}

void change_listeners::notify(const change& what) {
    const auto window_kind = static_cast<std::uint8_t>(what.number);
    const std::lock_guard lock(mutex_);
    for (auto* each : all_) {
        switch (what.what) {
            case change::kind::connection:
                each->connection_changed(user_id::trusted(what.name), what.number);
                break;
            case change::kind::share_requested:
                each->share_requested(what.name, window_kind);
                break;
            case change::kind::window_closed:
                each->window_closed(what.name, window_kind, what.wait);
                break;
        }
    }
}

void change_listeners::feed_connected(bool is) {
    const std::lock_guard lock(mutex_);
    in_touch_ = is;
    for (auto* each : all_)
        each->feed_connected(is);
}

} // namespace gateway::store
