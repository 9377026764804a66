#include "store/changes.hpp"

#include <algorithm>

namespace gateway::store {

void change_listeners::add(change_listener& one) {
    const std::lock_guard lock(mutex_);
    all_.push_back(&one);
    one.in_touch(in_touch_);
}

void change_listeners::remove(change_listener& one) {
    const std::lock_guard lock(mutex_);
    std::erase(all_, &one);
}

void change_listeners::connection_changed(const user_id& user, std::uint64_t version) {
    const std::lock_guard lock(mutex_);
    for (auto* each : all_)
        each->connection_changed(user, version);
}

void change_listeners::window_wanted(std::string_view key, std::uint8_t kind) {
    const std::lock_guard lock(mutex_);
    for (auto* each : all_)
        each->window_wanted(key, kind);
}

void change_listeners::window_closed(std::string_view key, std::uint8_t kind, milliseconds wait) {
    const std::lock_guard lock(mutex_);
    for (auto* each : all_)
        each->window_closed(key, kind, wait);
}

void change_listeners::in_touch(bool is) {
    const std::lock_guard lock(mutex_);
    in_touch_ = is;
    for (auto* each : all_)
        each->in_touch(is);
}

} // namespace gateway::store
